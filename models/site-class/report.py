"""evaluation.json -> table.md and error-against-dose.png.
usage: python3 report.py [folder]      (matplotlib for the picture)"""
import json
import sys
from pathlib import Path
import numpy as np
from specimen import CLASSES

PEAK_PER_ELECTRON = 0.82       # e/A^2 at the centre of the probe: Airy pattern of 30 mrad at 80 kV, source 0.7 A


def table(r):
    trigger, wald = r["trigger"], r["true_rates"]
    latency = r["latency_samples"] * 3.12
    overview = r["overview_e_per_A2"] * r["specimen_A2"]
    sites = r["sites"]
    per_pixel_to_total = r["specimen_A2"] / r["scan_pixel_A"]**2
    fixed = r["fixed"]["needed"]
    lines = [
        f"Specimen {r['specimen']}, {r['visits_per_class'][0]} visits a class (noise, placement, drift, current and gain drawn anew). "
        "Electrons are beam electrons, up to the deciding sample.", "",
        "| class | wrong | undecided | mean electrons | median | 95 % | true rates: wrong | mean electrons |",
        "|---|---|---|---|---|---|---|---|"]
    for k, name in enumerate(CLASSES):
        lines.append(f"| {name} | {100 * trigger['wrong'][k]:.2f} % | {100 * trigger['undecided'][k]:.2f} % | {trigger['electrons'][k]:.0f} | "
                     f"{trigger['median'][k]:.0f} | {trigger['percentile95'][k]:.0f} | {100 * wald['wrong'][k]:.2f} % | {wald['electrons'][k]:.0f} |")
    mix = trigger["mix_electrons"]
    lines += [f"| mix of {r['specimen']} | | | **{mix:.0f}** | | | | {wald['mix_electrons']:.0f} |", "",
              "| way, every class at most 1 % wrong | electrons a site | on the specimen, overview included | against the trigger | peak e/A^2 at a site |",
              "|---|---|---|---|---|"]
    own_total = overview + sites * (mix + latency)

    def row(name, per_site, total, peak):
        lines.append(f"| {name} | {per_site:,.0f} | {total:,.0f} | x {total / own_total:.2f} | {peak:,.0f} |")
    row(f"trigger, with {latency:.0f} electrons from the deciding sample to the dark beam", mix + latency, own_total,
        PEAK_PER_ELECTRON * (mix + latency) + r["overview_e_per_A2"])
    row("sequential test with true rates (bound), the same latency", wald["mix_electrons"] + latency,
        overview + sites * (wald["mix_electrons"] + latency), PEAK_PER_ELECTRON * (wald["mix_electrons"] + latency) + r["overview_e_per_A2"])
    if fixed:
        row("fixed dwell", fixed, overview + sites * fixed, PEAK_PER_ELECTRON * fixed + r["overview_e_per_A2"])
    for key, name in (("ideal", "uniform scan, ideal counting, matched filter over known sites"),
                      ("detector", "uniform scan, this detector, matched filter over known sites")):
        needed = r["scan"][key]["needed_per_pixel"]
        if needed:
            row(name, needed * per_pixel_to_total / sites, needed * per_pixel_to_total, needed / r["scan_pixel_A"]**2)
    lines.append("")
    if fixed:
        lines.append(f"Saved against fixed dwell: {100 * (1 - mix / fixed):.0f} % (with latency {100 * (1 - (mix + latency) / fixed):.0f} %).")
    return "\n".join(lines) + "\n"


def plot(r, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    curve = r["curve"]
    axes.plot([c["mix_electrons"] for c in curve], [100 * max(c["wrong"]) for c in curve], "o-", label="trigger, thresholds moved together")
    axes.plot(r["fixed"]["electrons"], 100 * np.array(r["fixed"]["wrong"]).max(1), "s-", label="fixed dwell")
    axes.plot(r["true_rates"]["mix_electrons"], 100 * max(r["true_rates"]["wrong"]), "k*", markersize=11, label="true rates (bound)")
    scan = r["scan"]["ideal"]
    per_site = np.array(scan["electrons_per_pixel"]) * r["specimen_A2"] / r["scan_pixel_A"]**2 / r["sites"]
    axes.plot(per_site, 100 * np.array(scan["wrong"]).max(1), "^-", label="uniform scan, ideal counting, matched filter")
    axes.axhline(1, color="grey", linewidth=0.8, linestyle="--")
    axes.set(xscale="log", yscale="log", xlabel="mean beam electrons per site", ylabel="wrong decisions, worst class (%)", ylim=(0.1, 80))
    axes.legend(fontsize=8)
    axes.set_title(f"Classes of sulphur sites in MoS2, {r['specimen']}", fontsize=10)
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})


def write(result, folder):
    text = table(result)
    (folder / "table.md").write_text(text)
    plot(result, folder / "error-against-dose.png")
    print(text)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    write(json.loads((folder / "evaluation.json").read_text()), folder)
