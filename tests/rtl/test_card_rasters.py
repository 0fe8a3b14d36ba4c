"""The card scanning rasters: pixel records, alignment, decisions that blank the rest of a pixel."""
import random

import cocotb
from bench import SEED, patterns, seeded
from card_driver import ABORTED, DECISION, END, FIXED, NONE, PIXEL, SURE, Card
from card_world import Detector, judge, set_decision, set_ingress
from ingress_model import DwellModel, IngressSettings
from simulator import Bench, card_sources

BENCHES = [Bench("card_core", card_sources("narrow"), {"PositionDepth": 64, "EventDepth": 32}, "narrow")]

COLUMNS, ROWS, DWELL = 5, 3, 4
INGRESS = dict(offset=400, gain=3495, full_scale=16383, event_threshold=32, clip=640, fixed_dwell=1)


def light(x, y, lit):
    """The same for the same place and sample, however often it is asked."""
    rng = random.Random(f"{SEED} {x} {y} {lit}")
    return min(16383, max(0, 400 + 300 * rng.randrange(0, 3 + x % 3) + rng.randrange(-40, 41)))


async def prepared(dut, align, pipeline, dwell=DWELL, period=5, **registers):
    card = Card(dut, period)
    card.signal = Detector(light, pipeline=pipeline)
    ingress = IngressSettings(align_samples=align, dwell_samples=dwell, **INGRESS)
    await card.power_on()
    await set_ingress(card, ingress)
    await card.configure(scan_mode=0, x_start=100 << 16, y_start=50 << 16, x_step=3 << 16, y_step=7 << 16,
                         columns=COLUMNS, rows=ROWS, dwell_samples=dwell, line_settle_clocks=40, blank_clocks=5,
                         **registers)
    await card.engage()
    return card, ingress


def pixels(card, ingress):
    """(site, samples, sum, events) of every pixel, from the map of light alone."""
    expected = []
    for row in range(ROWS):
        for column in range(COLUMNS):
            dwell = DwellModel(row * COLUMNS + column, ingress)
            for k in range(ingress.dwell_samples):
                vector = dwell.feed(light(100 + 3 * column, 50 + 7 * row, column * ingress.dwell_samples + k + 1))
            expected.append((vector.site, vector.samples, vector.sum, vector.events))
    return expected


@cocotb.test()
async def test_pixel_sums_are_those_of_the_map_whatever_the_pipeline_once_aligned(dut):
    for pipeline, dwell, period in ((0, 4, 5), (8, 4, 5), (63, 4, 5), (8, 1, 5), (3, 1, 2), (8, 20, 5)):
        card, ingress = await prepared(dut, pipeline, pipeline, dwell, period)
        await card.run()
        got = card.kinds(PIXEL)
        assert [(e.site, e.samples, e.sum, e.events) for e in got] == pixels(card, ingress), f"pipeline {pipeline}"
        assert all((e.cause, e.class_number, e.latency) == (FIXED, 255, 3) for e in got)
        edges = [e.time - e.latency for e in got]
        assert all((edge - edges[0]) % period == 0 for edge in edges), "time less latency is the last sample's edge"
        assert [event.number for event in card.events] == list(range(COLUMNS * ROWS + 1))
        (end,) = card.kinds(END)
        assert (card.events[-1], end.cause) == (end, NONE), "the end comes after the last pixel"
        assert end.outputs[0] == sum(pins.permit for pins in card.log) == COLUMNS * ROWS * dwell * period


@cocotb.test()
async def test_a_wrong_alignment_smears_pixels(dut):
    card, ingress = await prepared(dut, align=0, pipeline=8)
    await card.run()
    assert [(e.site, e.samples, e.sum, e.events) for e in card.kinds(PIXEL)] != pixels(card, ingress)


@cocotb.test()
async def test_the_beam_is_on_along_a_line_and_off_in_flyback(dut):
    card, _ = await prepared(dut, 0, 0)
    await card.run()
    on = COLUMNS * DWELL * 5
    assert [fall - rise for rise, fall in zip(card.rises(), card.falls(), strict=True)] == [on] * ROWS
    moves = [(n, pins.x, pins.y) for n, pins in enumerate(card.log) if pins.advance]
    assert [(x, y) for _, x, y in moves] == [(100 + 3 * c, 50 + 7 * r) for r in range(ROWS) for c in range(COLUMNS)]
    for rise, line in zip(card.rises(), range(ROWS)):
        assert rise - (moves[COLUMNS * line][0] - 1) >= 40, "settled"
    for fall, line in zip(card.falls(), range(ROWS - 1)):
        assert moves[COLUMNS * (line + 1)][0] - 1 == fall + 5, "blanked before it flew back"


@cocotb.test()
async def test_a_decision_blanks_the_rest_of_its_pixel_and_the_next_pixel_has_its_beam(dut):
    card, ingress = await prepared(dut, 0, 0, dwell=12)
    thresholds = [100, 450, 100, 20000] + [0] * 12
    await set_decision(card, 1, thresholds, 1, 65535)
    await card.run()
    latency = card.shape.latency + 5
    decisions = {event.site: event for event in card.kinds(DECISION)}
    assert len(card.kinds(PIXEL)) == COLUMNS * ROWS, "every pixel is recorded, blanked or not"
    assert 0 < len(decisions) < COLUMNS * ROWS, "some are decided"
    starts = []  # edge at which each pixel began: the first of a line after settling, others with the move
    for n, pins in enumerate(card.log):
        if pins.advance:
            starts.append(next(rise for rise in card.rises() if rise > n) if pins.x == 100 else n - 1)
    assert len(starts) == COLUMNS * ROWS
    for site, begin in enumerate(starts):
        assert card.log[begin + 1].permit == 1, f"pixel {site} begins with beam"
        dwell, decided = DwellModel(site, ingress), None
        for edge, adc in [s for s in card.strobes if s[0] > begin][:12]:
            vector = dwell.feed(adc)
            y = card.shape.compute(list(vector.features[:4]))
            best, sure = judge(y, 1, thresholds)
            if sure and edge + latency - 1 < begin + 60 and decided is None:
                decided = (edge, best, vector)
        assert (decided is not None) == (site in decisions), f"pixel {site}"
        on = [card.log[n + 1].permit for n in range(begin, begin + 60)]
        if decided:
            edge, best, vector = decided
            event = decisions[site]
            assert (event.class_number, event.samples, event.cause) == (best, vector.samples, SURE)
            assert event.latency == latency
            assert on == [1] * (edge + latency - begin) + [0] * (begin + 60 - edge - latency)
        else:
            assert on == [1] * 60


@cocotb.test()
async def test_event_backpressure_neither_moves_the_beam_nor_loses_more_than_it_counts(dut):
    reference = None
    for name, ready in patterns(seeded(dut)).items():
        card, _ = await prepared(dut, 0, 0, dwell=1, period=1)
        card.ready = (lambda clock: 0) if name == "rarely" else ready
        start = card.clock
        await card.command("start")
        while not card.dut.u_scan.done_o.value:
            await card.step()
        permits = [pins.permit for pins in card.log[start:start + 300]]
        reference = reference or permits
        assert permits == reference, name
        card.ready = lambda clock: 1
        await card.step(50)
        numbers = [event.number for event in card.events]
        assert numbers == sorted(set(numbers)) and len(numbers) + await card.read("events_dropped") == 16


@cocotb.test()
async def test_an_aborted_raster_ends_and_the_next_one_is_whole(dut):
    card, ingress = await prepared(dut, align=8, pipeline=8)
    await card.command("start")
    await card.step(150)
    await card.command("abort")
    await card.finish()
    assert card.events[-1].cause == ABORTED
    assert card.kinds(DECISION) == [], "decisions are off"
    card.signal = Detector(light, pipeline=8)
    await card.run()
    assert [(e.site, e.samples, e.sum, e.events) for e in card.kinds(PIXEL)] == pixels(card, ingress)
