"""Measures site-class.onnx with the thresholds of site-class.yaml on mos2_a, which training never saw, against the
baselines of baselines.py. Writes evaluation.json and table.md.
usage: python3 evaluate.py --specimens ../../sim/specimens [--out .] [--visits 12000]"""
import argparse
import json
from pathlib import Path
import numpy as np
import torch
import baselines
import detector
import ingress
import qonnx_file
import sequential
import settings
import specimen as specimens
import visits

TEST, FITTING = "mos2_a", ("mos2_b", "mos2_c")
SEEDS = dict(test=1000, fitting=2000, fixed=3000, rates=4000, scan=5000)
VISITS = 240                                       # of a session
FIXED_DWELLS = np.unique(np.geomspace(16, 1840, 36).astype(int))
SCAN_SAMPLES = range(4, 24)                         # ADC samples a pixel of 0.124 A
ALLOWED_WRONG = 0.01
MIX = np.array((109, 6, 3, 2)) / 120
SPECIMEN_A2, SITES = 31.8**2, 120
LATENCY_SAMPLES = 6.6                              # ADC pipeline 3, card 12 clocks, blanker 60 ns: see README.md


def batches(names, loaded, reference, profile, seed, total, samples):
    for i in range(total // VISITS):
        rng = np.random.default_rng((seed, i))
        yield visits.batch(loaded[names[i % len(names)]], reference, VISITS, samples, rng, profile), rng


def fixed_features(names, loaded, reference, profile, seed, total, inputs):
    rows, classes = [], []
    for it, _ in batches(names, loaded, reference, profile, seed, total, int(FIXED_DWELLS[-1])):
        rows.append(ingress.features(it.z, it.registers, inputs)[:, FIXED_DWELLS - 1])
        classes.append(it.classes)
    return np.concatenate(rows), np.concatenate(classes)


def first_good(doses, errors):
    """Dose from which on every class is at most 1 % wrong, interpolated between the doses tried."""
    worst = np.array([e.max() for e in errors])
    for i in range(len(doses)):
        if np.all(worst[i:] <= ALLOWED_WRONG):
            if i == 0:
                return float(doses[0])
            part = (worst[i - 1] - ALLOWED_WRONG) / (worst[i - 1] - worst[i])
            return float(doses[i - 1] + part * (doses[i] - doses[i - 1]))
    return None


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = Path(__file__).parent
    options.add_argument("--specimens", type=Path, required=True)
    options.add_argument("--model", type=Path, default=here)
    options.add_argument("--out", type=Path, default=here)
    options.add_argument("--visits", type=int, default=6000 * 4, help="of all classes together")
    options = options.parse_args()
    torch.set_num_threads(2)
    network = qonnx_file.read(str(options.model / "site-class.onnx"))
    about = settings.read(options.model / "site-class.yaml")
    inputs, decision = len(about["inputs"]), about["decision"]
    longest = decision["max_samples"]
    reference = visits.Reference(about["overview"]["pristine_mean_fraction"], about["overview"]["events_per_sample"])
    loaded = {name: specimens.load(options.specimens, name) for name in (TEST, *FITTING)}
    profile = visits.class_profile([loaded[name] for name in FITTING])
    true_profile = visits.class_profile([loaded[TEST]])

    # The network with its thresholds; and the same with all thresholds moved together, for error against dose.
    shifts = np.arange(-32, 17, 4) / 16
    lsb = decision["output_lsb_logits"]
    tuned = np.array(decision["thresholds_lsb"])
    grid = np.unique(np.concatenate([np.rint(tuned + s / lsb) for s in shifts]).astype(int))
    grid = grid[grid > 0]
    parts = [sequential.passages(ingress.features(it.z, it.registers, inputs), it.classes, it.current, network, grid,
                                 decision["min_samples"], longest)
             for it, _ in batches([TEST], loaded, reference, profile, SEEDS["test"], options.visits, longest)]
    p = sequential.Passages.joined(parts)
    trigger = sequential.outcome(p, np.searchsorted(grid, tuned), longest)
    curve = []
    for shift in shifts:
        moved = np.rint(tuned + shift / lsb).astype(int)
        if moved.min() > 0:
            o = sequential.outcome(p, np.searchsorted(grid, moved), longest)
            curve.append(dict(shift_logits=float(shift), wrong=o.wrong.tolist(), electrons=o.electrons.tolist(),
                              mix_electrons=o.mean_electrons(MIX)))
    print("trigger", trigger.wrong, trigger.undecided, trigger.electrons.round(), round(trigger.mean_electrons(MIX)), flush=True)

    fit = fixed_features(FITTING, loaded, reference, profile, SEEDS["fitting"], options.visits, inputs)
    test = fixed_features([TEST], loaded, reference, profile, SEEDS["fixed"], options.visits, inputs)
    fixed_errors = [baselines.fixed_dwell((fit[0][:, i], fit[1]), (test[0][:, i], test[1]), network)
                    for i in range(len(FIXED_DWELLS))]
    fixed_doses = FIXED_DWELLS * detector.BEAM_PER_SAMPLE
    fixed = first_good(fixed_doses, fixed_errors)
    print("fixed dwell", fixed, flush=True)

    rate_grid = np.arange(2.0, 8.01, 0.125)
    def true_rates(names, seed, classes_of):
        return sequential.Passages.joined([
            baselines.true_rate_passages(it, rate_grid, longest, rng)
            for it, rng in batches(names, loaded, reference, classes_of, seed, options.visits, 1)])
    tuning = true_rates([TEST], SEEDS["rates"] + 1, true_profile)
    index = sequential.tune(tuning, len(rate_grid), longest, MIX, 0.95 * ALLOWED_WRONG)
    wald = sequential.outcome(true_rates([TEST], SEEDS["rates"], true_profile), index, longest)
    print("true rates", rate_grid[index], wald.wrong, wald.electrons.round(), round(wald.mean_electrons(MIX)), flush=True)

    scans = {}
    for name, count in (("ideal", options.visits // 4), ("detector", options.visits // 8)):
        errors = []
        for samples in SCAN_SAMPLES:
            rng = np.random.default_rng((SEEDS["scan"], name == "ideal", samples))
            errors.append(baselines.scan_errors(loaded[TEST], samples, count, rng, name == "ideal"))
            if len(errors) > 2 and all(e.max() < 0.6 * ALLOWED_WRONG for e in errors[-2:]):
                break
        doses = np.array(SCAN_SAMPLES[:len(errors)]) * detector.BEAM_PER_SAMPLE
        needed = first_good(doses, errors)
        scans[name] = dict(electrons_per_pixel=doses.tolist(), wrong=[e.tolist() for e in errors], needed_per_pixel=needed)
        print("scan", name, needed, flush=True)

    result = dict(
        specimen=TEST, seeds=SEEDS, visits_per_class=trigger.visits.tolist(), mix=MIX.tolist(), latency_samples=LATENCY_SAMPLES,
        thresholds_lsb=tuned.tolist(), trigger=as_dict(trigger), curve=curve,
        fixed=dict(electrons=fixed_doses.tolist(), wrong=[e.tolist() for e in fixed_errors], needed=fixed),
        true_rates=dict(thresholds=rate_grid[index].tolist(), **as_dict(wald)), scan=scans,
        specimen_A2=SPECIMEN_A2, sites=SITES, overview_e_per_A2=visits.OVERVIEW_E_PER_A2, scan_pixel_A=baselines.SCAN_PIXEL_A)
    (options.out / "evaluation.json").write_text(json.dumps(result, indent=1) + "\n")
    import report
    report.write(result, options.out)


def as_dict(o):
    return dict(wrong=o.wrong.tolist(), undecided=o.undecided.tolist(), electrons=o.electrons.tolist(), median=o.median.tolist(),
                percentile95=o.percentile95.tolist(), confusion=o.confusion.tolist(), mix_electrons=o.mean_electrons(MIX))


if __name__ == "__main__":
    main()
