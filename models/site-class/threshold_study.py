"""How well the sums of a dwell tell one sulphur missing from none, for thresholds of the event counter and limits of the
clipped sum: squared distance of the class means over the covariance (best linear combination), relative to counting
every detected electron. 400 samples at nominal gain and current, placement errors of about 0.2 A.
usage: python3 threshold_study.py      (about two minutes)"""
import numpy as np
import detector
import ingress

FRACTIONS, SAMPLES, DWELLS = (0.0085, 0.0205), 400, 10_000


def distance(a, b):
    covariance = np.atleast_2d((np.cov(a.T) + np.cov(b.T)) / 2)
    apart = b.mean(0) - a.mean(0)
    return float(apart @ np.linalg.solve(covariance, apart))


def main():
    rng = np.random.default_rng(1)
    z = []
    for fraction in FRACTIONS:
        rate = fraction * detector.BEAM_PER_SAMPLE * detector.EFFICIENCY + detector.DARK_PER_SAMPLE
        adc = detector.samples(np.full((DWELLS, SAMPLES), rate), np.ones(DWELLS), rng)
        z.append(ingress.scaled(adc, np.full(DWELLS, ingress.NOMINAL_GAIN)))
    counts = [(f * detector.BEAM_PER_SAMPLE * detector.EFFICIENCY + detector.DARK_PER_SAMPLE) * SAMPLES for f in FRACTIONS]
    every = (counts[1] - counts[0])**2 / np.mean(counts)
    print("threshold clip   events     sum  clipped  events+sum  all    (1/64 electron; shares of ideal counting)")
    for threshold in (11, 13, 15, 17, 19, 22, 26):
        for clip in (32, 48, 64):
            f = [np.column_stack([ingress.event_starts(x, threshold).sum(1), x.sum(1), np.minimum(x, clip).sum(1)]).astype(float)
                 for x in z]
            shares = [distance(f[0][:, c], f[1][:, c]) / every for c in ([0], [1], [2], [0, 1], [0, 1, 2])]
            print(f"{threshold:9d} {clip:4d}  " + "  ".join(f"{s:7.3f}" for s in shares))


if __name__ == "__main__":
    main()
