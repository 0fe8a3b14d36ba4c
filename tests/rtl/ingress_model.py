"""What the ADC ingress must do, in plain Python: rtl/ingress/adc/adc_ingress.md in numbers."""
from dataclasses import dataclass

from bench import saturated


@dataclass
class IngressSettings:
    align_samples: int = 0
    offset: int = 0
    gain: int = 1 << 14
    full_scale: int = 0xFFFF
    elapsed_step: int = 256
    event_threshold: int = 32
    clip: int = 0x7FFF
    fixed_dwell: int = 0
    dwell_samples: int = 0

    def drive(self, dut):
        for name, value in vars(self).items():
            handle = getattr(dut, f"{name}_i")
            handle.value = value & ((1 << len(handle)) - 1)


@dataclass(frozen=True)
class Vector:
    site: int
    samples: int
    sum: int
    events: int
    clipped: int
    features: tuple
    strobe: int   # index of the strobe that brought the sample
    last: bool    # of a fixed dwell


def normalised(adc, settings):
    return saturated((adc - settings.offset) * settings.gain >> 14)


class DwellModel:
    """One dwell: feed() each of its samples."""

    def __init__(self, site, settings):
        self.site, self.settings = site, settings
        self.samples = self.elapsed = self.sum = self.clipped_sum = self.events = 0
        self.maximum, self.before, self.clipped = None, None, 0

    def feed(self, adc, strobe=0):
        s = self.settings
        z = normalised(adc, s)
        if self.samples < 0xFFFF:
            self.samples += 1
            self.elapsed += s.elapsed_step
            self.sum += z
            self.clipped_sum += min(z, s.clip)
            if z >= s.event_threshold and (self.before is None or self.before < s.event_threshold):
                self.events += 1
        self.maximum = z if self.maximum is None else max(self.maximum, z)
        self.before = z
        exact = (self.elapsed >> 4, self.events << 4, self.sum >> 2, self.clipped_sum >> 2,
                 self.maximum >> 2, z >> 2)
        features = tuple(saturated(value) for value in exact)
        self.clipped |= int(adc == 0 or adc >= s.full_scale or features != exact)
        last = bool(s.fixed_dwell) and self.samples >= s.dwell_samples
        return Vector(self.site, self.samples, self.sum, self.events, self.clipped, features, strobe, last)


def vectors(strobes, markers, settings):
    """strobes: [(edge, adc)], markers: [(edge, site)], both in order of edges. -> [Vector]
    Sample number 1 is the first strobe after the marker's edge, align_samples strobes later."""
    first = {}
    for at, site in markers:
        later = [i for i, (edge, _) in enumerate(strobes) if edge > at]
        if later:
            first[later[0] + settings.align_samples] = site  # of two, the newer
    made, dwell = [], None
    for index, (_, adc) in enumerate(strobes):
        if index in first:
            dwell = DwellModel(first[index], settings)
        if dwell:
            vector = dwell.feed(adc, index)
            made.append(vector)
            if vector.last:
                dwell = None
    return made
