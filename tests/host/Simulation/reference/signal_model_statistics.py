"""Moments of ADC samples of the reference detector, for DetectorModelTests.cs.
usage: python3 signal_model_statistics.py      (numpy; about two minutes)
Prints, per case: mean, variance, autocovariance at lags 1, 2, 8, and the variance of sums of 100 samples; each with the
standard error over 40 runs of a million samples."""
import numpy as np
from signal_model import Detector, stream

CASES = {
    "Defaults": (0.0232, dict(beam_pA=10, slow_fraction=0.03)),
    "Bright": (0.06, dict(beam_pA=50, slow_fraction=0.03)),
    "FastSamplesSlowLight": (0.02, dict(beam_pA=50, period_ns=20, slow_fraction=0.2, bits=16)),
    "BroadPulsesClipped": (0.2, dict(beam_pA=25, spread=1.2, slow_fraction=0.0, bits=11)),
}

for name, (fraction, settings) in CASES.items():
    detector = Detector(**settings)
    rows = []
    for seed in range(40):
        x = stream(np.full(1_000_000, fraction), detector, np.random.default_rng(seed)).astype(float)
        d = x - x.mean()
        rows.append([x.mean(), d.var(), *(np.mean(d[:-k] * d[k:]) for k in (1, 2, 8)), x.reshape(-1, 100).sum(1).var()])
    rows = np.array(rows)
    mean, error = rows.mean(0), rows.std(0, ddof=1) / np.sqrt(len(rows))
    print(name, fraction, settings)
    print("   ", ", ".join(f"{m:.4f} +- {e:.4f}" for m, e in zip(mean, error)))
