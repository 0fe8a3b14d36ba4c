"""A detector in front of the card, and what the card must make of it, in plain Python."""
from collections import deque

from card_driver import MAXIMUM, SURE
from ingress_model import DwellModel


class Detector:
    """Gives light(site position, samples since the beam came on) while the beam was on for the whole sample
    period, `dark` otherwise; the ADC delivers `pipeline` samples later."""

    def __init__(self, light, dark=400, pipeline=0):
        self.light, self.dark = light, dark
        self.queue = deque([dark] * pipeline)
        self.lit = 0

    def __call__(self, card):
        # The period that the coming strobe ends: its first clock began with the strobe before.
        pins = card.log[-card.period:]
        on = len(pins) == card.period and all(p.permit for p in pins[1:]) and card.dut.permit_beam_o.value == 1
        self.lit = self.lit + 1 if on else 0
        self.queue.append(self.light(card.log[-1].x, card.log[-1].y, self.lit) if on else self.dark)
        return self.queue.popleft()


def judge(y, rule, thresholds):
    """(class, sure) of a network's outputs."""
    if rule == 2:
        return (y[0], True) if 0 <= y[0] < 255 else (255, False)
    best = y.index(max(y))
    if rule == 0:
        return best, all(y[best] - other >= thresholds[best] for j, other in enumerate(y) if j != best)
    return best, rule == 1 and y[best] >= thresholds[best]


def expected_decision(card, started, ingress, rule, thresholds, minimum, maximum, is_open=lambda edge: True):
    """What ends the dwell whose marker was given at edge `started`: (edge that took the deciding sample,
    edge at which its vector entered the network, class, cause, vector, outputs).
    is_open says at which edges the network takes a vector; newest wins while it does not."""
    first = next(i for i, (edge, _) in enumerate(card.strobes) if edge > started) + ingress.align_samples
    arriving = {edge + 3: (edge, adc) for edge, adc in card.strobes[first:]}
    dwell, waiting = DwellModel(0, ingress), None
    for now in range(min(arriving), max(arriving) + 1):
        if now in arriving:
            edge, adc = arriving[now]
            newest = (edge, dwell.feed(adc))
        else:
            newest = None
        entering = None
        if is_open(now):
            entering, waiting = (waiting, newest) if waiting else (newest, None)
        elif newest:
            waiting = newest
        if entering:
            edge, vector = entering
            y = card.shape.compute(list(vector.features[:card.shape.inputs]))
            best, sure = judge(y, rule, thresholds)
            if sure and vector.samples >= minimum:
                return edge, now, best, SURE, vector, y
            if vector.samples >= maximum:
                return edge, now, 255, MAXIMUM, vector, y
    raise AssertionError("the stream ended before the dwell")


async def set_ingress(card, ingress):
    await card.configure(align_samples=ingress.align_samples, adc_offset=ingress.offset, adc_gain=ingress.gain,
                         adc_full_scale=ingress.full_scale, elapsed_step=ingress.elapsed_step,
                         event_threshold=ingress.event_threshold, clip=ingress.clip)


async def set_decision(card, rule, thresholds, minimum, maximum):
    await card.configure(decision=1 | rule << 4, min_samples=minimum, max_samples=maximum)
    for k, value in enumerate(thresholds):
        await card.write(f"threshold{k}", value)
