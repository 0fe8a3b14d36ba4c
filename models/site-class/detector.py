"""From expected fractions to ADC samples: the annular dark-field channel, equal in law to the simulated microscope
(host/Edge.Simulation, DetectorModel), vectorised over dwells.

One detected electron gives a light pulse: charge q, gamma distributed with mean 1 and relative width `SPREAD`; it
arrives anywhere in the sample and decays exponentially, a fast and a slow part. The ADC integrates one sample period:
  beam electrons per sample  lambda = current * period / e          10 pA, 50 ns: 3.12
  detected electrons         n ~ Poisson(fraction * lambda * efficiency + dark)
  adc = clip(round(offset + gain * charge + normal(0, read)), 0, 2^bits - 1)
"""
import numpy as np
from scipy.signal import lfilter

ELEMENTARY_CHARGE_C = 1.602176634e-19
CURRENT_PA, PERIOD_NS = 10.0, 50.0
EFFICIENCY, DARK_PER_S = 0.9, 2e3
SPREAD = 0.5
DECAY_NS, SLOW_FRACTION, SLOW_NS = 28.0, 0.03, 400.0
GAIN_LSB, OFFSET_LSB, READ_LSB, BITS = 300.0, 400.0, 20.0, 14

BEAM_PER_SAMPLE = CURRENT_PA * 1e-12 * PERIOD_NS * 1e-9 / ELEMENTARY_CHARGE_C
DARK_PER_SAMPLE = DARK_PER_S * PERIOD_NS * 1e-9


def charges(expected, rng):
    """expected [dwell, sample], mean detected electrons -> charge integrated in each sample, in electrons. Light
    that an earlier dwell left is gone: the probe settles for 10 us, 25 decays of the slow part."""
    dwells, samples = expected.shape
    counts = rng.poisson(expected).ravel()
    event = np.repeat(np.arange(counts.size), counts)
    until_end_ns = rng.random(event.size) * PERIOD_NS
    height = rng.gamma(1 / SPREAD**2, SPREAD**2, event.size)
    charge = np.zeros((dwells, samples))
    for share, decay_ns in ((1 - SLOW_FRACTION, DECAY_NS), (SLOW_FRACTION, SLOW_NS)):
        late = np.exp(-until_end_ns / decay_ns)                  # light still to come at the end of the sample
        kept = np.exp(-PERIOD_NS / decay_ns)
        charge += share * np.bincount(event, height * (1 - late), counts.size).reshape(dwells, samples)
        left = np.bincount(event, height * late, counts.size).reshape(dwells, samples)
        rest = lfilter([1.0], [1.0, -kept], left, axis=1)
        charge[:, 1:] += share * (1 - kept) * rest[:, :-1]
    return charge


def samples(expected, gain, rng):
    """expected [dwell, sample] and true gain over nominal gain [dwell] -> ADC samples, int32."""
    volts = OFFSET_LSB + GAIN_LSB * gain[:, None] * charges(expected, rng)
    volts += READ_LSB * rng.standard_normal(volts.shape, dtype=np.float32)
    return np.clip(np.rint(volts), 0, 2**BITS - 1).astype(np.int32)
