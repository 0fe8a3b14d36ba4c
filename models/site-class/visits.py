"""Sessions and visits: everything that differs from one use of the microscope to the next, and from site to site.

A session is one specimen in one microscope: true current and gain unknown to the host, an overview of about 65
electrons per square angstrom, and the two registers that the host sets from it. A visit is one dwell on one site.

Nuisances, all drawn anew with the seed:
  gain x current   product uniform within 15 % of nominal; a uniform share of the deviation is the gain's
  overview         the estimate's error is simulated, not assumed
  registration     the lattice fitted to the overview is off by about 0.055 A along each axis, the same for a session
  placement        uniform in a disc of 0.3 A around the site
  drift            0.3 A/s, any direction, for up to 0.1 s since the sites were registered
  dark start       the beam comes up within the first one and a half samples (blanker against the ADC's clock)
"""
from dataclasses import dataclass
import numpy as np
import detector
import ingress
import specimen as specimens

PRODUCT_ERROR = 0.15
OVERVIEW_E_PER_A2, OVERVIEW_SAMPLES = 65.0, 2          # ADC samples a pixel: 100 ns
OVERVIEW_SIZE_A = 31.8
FLOOR_LOSS = 0.5 / 64                                  # electrons a sample: the ingress rounds z down
REGISTRATION_A = 0.055                                 # root mean square along an axis over the field: measured, see README.md
PLACEMENT_RADIUS_A, DRIFT_A_PER_S, REGISTERED_WITHIN_S = 0.3, 0.3, 0.1
DARK_START_SAMPLES = 1.5


@dataclass(frozen=True)
class Session:
    current: float                                     # true over nominal
    gain: float
    current_estimate: float
    gain_estimate: float
    registration_A: np.ndarray                         # [2] from a true site to where the host takes it to be


@dataclass(frozen=True)
class Reference:
    """What the overview of the pristine lattice shows at nominal gain and current."""
    fraction: float                                    # of the beam, mean over the lattice
    events_per_sample: float                           # at OVERVIEW_SAMPLES a pixel

    @property
    def signal(self):                                  # electrons per sample
        return self.fraction * detector.BEAM_PER_SAMPLE * detector.EFFICIENCY + detector.DARK_PER_SAMPLE


def overview(specimen, current, gain, rng, size_A=OVERVIEW_SIZE_A, samples=OVERVIEW_SAMPLES, dose=OVERVIEW_E_PER_A2):
    """Raster of a square; z with the nominal registers, [pixels, samples of a pixel]. A line is continuous in time."""
    pixels = round(size_A * np.sqrt(dose / (samples * detector.BEAM_PER_SAMPLE)))
    step = (np.arange(pixels) + 0.5) * size_A / pixels
    start = rng.random(2) * specimen.size_A if specimen.periodic else np.zeros(2)
    grid = np.stack(np.meshgrid(step, step, indexing="ij"), -1) + start
    expected = specimen.at(grid) * (detector.BEAM_PER_SAMPLE * detector.EFFICIENCY * current) + detector.DARK_PER_SAMPLE
    adc = detector.samples(np.repeat(expected, samples, axis=1), np.full(pixels, gain), rng)
    z = ingress.scaled(adc, np.full(pixels, ingress.NOMINAL_GAIN))
    return z.reshape(-1, samples)


def estimate(z, reference):
    """Overview z [pixels, samples of a pixel] -> (current, gain), relative to nominal. The mean signal gives their
    product, known beforehand to PRODUCT_ERROR; the mean signal of an event gives the gain."""
    signal, events = z.mean() / 64 + FLOOR_LOSS, ingress.event_starts(z).mean()
    product = (signal - detector.DARK_PER_SAMPLE) / (reference.signal - detector.DARK_PER_SAMPLE)
    product = np.clip(product, 1 - PRODUCT_ERROR, 1 + PRODUCT_ERROR)
    gain = (signal / events) / (reference.signal / reference.events_per_sample)
    return product / gain, gain


def session(specimen, reference, rng):
    product = 1 + PRODUCT_ERROR * rng.uniform(-1, 1)
    share = rng.random()
    current, gain = product ** (1 - share), product ** share
    estimates = estimate(overview(specimen, current, gain, rng), reference)
    return Session(current, gain, *estimates, REGISTRATION_A * rng.standard_normal(2))


def positions(sites_A, registration_A, rng):
    """Where the probe really stands, [n, 2]."""
    n = len(sites_A)
    turn = np.exp(2j * np.pi * rng.random(n)) * PLACEMENT_RADIUS_A * np.sqrt(rng.random(n))
    turn += np.exp(2j * np.pi * rng.random(n)) * DRIFT_A_PER_S * REGISTERED_WITHIN_S * rng.random(n)
    return sites_A + registration_A + np.stack((turn.real, turn.imag), -1)


def dwells(fractions, current, gain, samples, rng):
    """fractions, true current and gain [n] -> ADC samples [n, samples]."""
    lit = np.ones((len(fractions), samples))
    dark = DARK_START_SAMPLES * rng.random((len(fractions), 1))
    lit[:, :2] = np.clip((1, 2) - dark, 0, 1)[:, :samples]
    rate = fractions * current * (detector.BEAM_PER_SAMPLE * detector.EFFICIENCY)
    return detector.samples(rate[:, None] * lit + detector.DARK_PER_SAMPLE, gain, rng)


@dataclass(frozen=True)
class Batch:
    """Visits of one session, classes equally often."""
    z: np.ndarray                                      # [visit, sample] what the ingress makes of the ADC samples
    registers: ingress.Registers
    classes: np.ndarray                                # [visit] truth
    current: np.ndarray                                # [visit] true over nominal
    rate: np.ndarray                                   # [visit] true detected electrons per sample
    rates: np.ndarray                                  # [visit, class] the same if the site were of that class


def batch(specimen, reference, visits, samples, rng, class_fractions):
    """One session on one specimen. class_fractions: see class_profile."""
    it = session(specimen, reference, rng)
    n = len(specimens.CLASSES)
    classes = np.arange(visits) % n
    sites = np.array([rng.choice(np.flatnonzero(specimen.classes == c)) for c in classes])
    where = positions(specimen.sites_A[sites], it.registration_A, rng)
    fractions = specimen.at(where)
    current, gain = np.full(visits, it.current), np.full(visits, it.gain)
    registers = ingress.Registers.of(np.full(visits, it.gain_estimate), np.full(visits, it.current_estimate))
    z = ingress.scaled(dwells(fractions, current, gain, samples, rng), registers.gain)
    away = np.hypot(*(where - specimen.sites_A[sites]).T)
    per_fraction = it.current * detector.BEAM_PER_SAMPLE * detector.EFFICIENCY
    expected = np.stack([np.interp(away, PROFILE_RADII_A, class_fractions[c]) for c in range(n)], -1)
    return Batch(z, registers, classes, current, fractions * per_fraction + detector.DARK_PER_SAMPLE,
                 expected * per_fraction + detector.DARK_PER_SAMPLE)


PROFILE_RADII_A = np.linspace(0, 0.6, 25)


def class_profile(specimen_list):
    """Mean fraction of each class at a distance from its site, over sites and directions: [class, radius]. What a test
    with true rates knows."""
    turns = np.exp(2j * np.pi * np.arange(24) / 24)
    ring = np.stack((turns.real, turns.imag), -1)
    out = np.zeros((len(specimens.CLASSES), len(PROFILE_RADII_A)))
    for c in range(len(out)):
        for i, radius in enumerate(PROFILE_RADII_A):
            out[c, i] = np.mean(np.concatenate(
                [s.at(s.sites_A[s.classes == c][:, None] + radius * ring).ravel() for s in specimen_list]))
    return out
