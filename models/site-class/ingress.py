"""The card's ADC ingress in integers: samples of a dwell -> features. The RTL does exactly this.

  z = saturate16(((adc - offset) * gain) >> 14)          one electron at nominal gain: 64
  elapsed += elapsed_step                                256 a sample at nominal current
  events  += z >= threshold and (first sample or previous z < threshold)
  sum     += z,  clipped += min(z, clip),  maximum = max(maximum, z)
Features, fixed<16,12> (LSB 1/16), saturating:
  f0 = elapsed >> 4   samples at nominal current      f3 = clipped >> 2   electrons
  f1 = events << 4    events                          f4 = maximum >> 2   electrons
  f2 = sum >> 2       electrons                       f5 = z >> 2         electrons
"""
from dataclasses import dataclass
import numpy as np

OFFSET = 400
NOMINAL_GAIN = round(64 / 300 * 2**14)                 # 3495
NOMINAL_STEP = 256
THRESHOLD, CLIP = 15, 48                               # in 1/64 electron; chosen by threshold_study.py
LSB = 1 / 16
NAMES = ("elapsed", "events", "sum", "clipped")


@dataclass(frozen=True)
class Registers:
    """What the host sets after the overview: gain [dwell], elapsed step [dwell]."""
    gain: np.ndarray
    elapsed_step: np.ndarray

    @staticmethod
    def of(gain_estimate, current_estimate):
        """Estimates relative to nominal, [dwell]."""
        return Registers(np.clip(np.rint(NOMINAL_GAIN / gain_estimate), 1, 65535).astype(np.int64),
                         np.clip(np.rint(NOMINAL_STEP * current_estimate), 1, 4095).astype(np.int64))


def saturate16(x):
    return np.clip(x, -32768, 32767)


def scaled(adc, gain):
    """adc [dwell, sample], gain register [dwell] -> z."""
    return saturate16(((adc.astype(np.int64) - OFFSET) * gain[:, None]) >> 14).astype(np.int32)


def event_starts(z, threshold=THRESHOLD):
    """[dwell, sample] bool: where an event is counted."""
    above = z >= threshold
    starts = above.copy()
    starts[:, 1:] &= ~above[:, :-1]
    return starts


def features(z, registers, count=4, threshold=THRESHOLD, clip=CLIP):
    """z [dwell, sample] -> the first `count` (up to 4) features after each sample, [dwell, sample, count] int16."""
    steps = np.arange(1, z.shape[1] + 1)
    out = np.empty((*z.shape, count), np.int16)
    out[..., 0] = saturate16((registers.elapsed_step[:, None] * steps) >> 4)
    out[..., 1] = saturate16(np.cumsum(event_starts(z, threshold), axis=1, dtype=np.int32) << 4)
    if count > 2:
        out[..., 2] = saturate16(np.cumsum(z, axis=1, dtype=np.int32) >> 2)
    if count > 3:
        out[..., 3] = saturate16(np.cumsum(np.minimum(z, clip), axis=1, dtype=np.int32) >> 2)
    return out
