"""Shadow mode and the audit: decisions that are recorded and move nothing; and what the card counts of dwells and beam."""
import cocotb
from bench import seeded
from card_driver import (ABORTED, DECISION, FIXED, FLAG_KEPT, FLAG_PIN, MAXIMUM, PIXEL, SURE, Card)
from card_world import Detector, expected_decision, set_decision, set_ingress
from ingress_model import DwellModel, IngressSettings
from simulator import Bench, card_sources
from test_card import INGRESS, MAXIMUM_SAMPLES, MINIMUM, RULE, THRESHOLDS, poisson_light, some_positions

BENCHES = [Bench("card_core", card_sources("narrow"), {"PositionDepth": 64, "EventDepth": 256}, "audit")]

FLAG_SHADOW, FLAG_AUDIT = 1 << 5, 1 << 6
SITES = 24


async def prepared(dut, pipeline=0, **registers):
    card = Card(dut)
    card.signal = Detector(poisson_light(seeded(dut)), pipeline=pipeline)
    ingress = IngressSettings(align_samples=pipeline, **INGRESS)
    await card.power_on()
    await set_ingress(card, ingress)
    await set_decision(card, RULE, THRESHOLDS, MINIMUM, MAXIMUM_SAMPLES)
    await card.configure(**{"scan_mode": 1, "settle_clocks": 12, "blank_clocks": 3, **registers})
    await card.write_positions(some_positions(SITES))
    await card.engage()
    return card, ingress


def drawn(state):
    for _ in range(16):
        state = state >> 1 ^ (0x80200003 if state & 1 else 0)
    return state


def dwell_of(card, rise, ingress, samples):
    dwell = DwellModel(0, ingress)
    first = next(i for i, (edge, _) in enumerate(card.strobes) if edge > rise) + ingress.align_samples
    for _, adc in card.strobes[first:first + samples]:
        vector = dwell.feed(adc)
    return vector


def check_dwell(card, ingress, site, rise, fall, full):
    """A dwell's records and its pin: decided as ever, and over when it should be."""
    (event,) = [e for e in card.kinds(DECISION) if e.site == site]
    pixels = [e for e in card.kinds(PIXEL) if e.site == site]
    taken, _, class_number, cause, vector, y = expected_decision(card, rise, ingress, RULE, THRESHOLDS, MINIMUM,
                                                                 MAXIMUM_SAMPLES)
    assert (event.class_number, event.cause, event.samples) == (class_number, cause, vector.samples)
    assert event.latency == card.shape.latency + 5, "what it would have been"
    if not full:
        assert fall == taken + card.shape.latency + 5 and pixels == [] and event.flags & FLAG_PIN
        return cause
    (pixel,) = pixels
    whole = dwell_of(card, rise, ingress, MAXIMUM_SAMPLES)
    assert (pixel.cause, pixel.samples, pixel.sum, pixel.events) == (FIXED, MAXIMUM_SAMPLES, whole.sum, whole.events)
    assert pixel.flags & ~2 == event.flags & (FLAG_SHADOW | FLAG_AUDIT) != 0
    assert not event.flags & FLAG_PIN
    last = [edge for edge, _ in card.strobes if edge > rise][MAXIMUM_SAMPLES - 1 + ingress.align_samples]
    # An undecided dwell ends as it would have without audit: with the result of its last sample.
    assert fall == last + (card.shape.latency + 5 if cause == MAXIMUM or taken == last else max(
        4, taken + card.shape.latency + 5 - last))
    return cause


@cocotb.test()
async def test_an_audited_share_of_dwells_is_full_and_the_others_are_as_ever(dut):
    for pipeline in (0, 8):
        card, ingress = await prepared(dut, pipeline, audit_fraction=20000, keep_classes=0xF)
        await card.write("audit_seed", 4242)
        await card.run()
        state, chosen = drawn(4242), []
        for _ in range(SITES):
            chosen.append(state & 0xFFFF < 20000)
            state = drawn(state)
        assert 2 < sum(chosen) < SITES - 2
        causes = [check_dwell(card, ingress, *dwell) for dwell in
                  zip(range(SITES), card.rises(), card.falls(), chosen, strict=True)]
        assert {(cause, full) for cause, full in zip(causes, chosen)} >= {(SURE, True), (SURE, False)}
        for event in card.kinds(DECISION):
            assert bool(event.flags & FLAG_AUDIT) == chosen[event.site] and not event.flags & FLAG_SHADOW
            assert bool(event.flags & FLAG_KEPT) == (event.cause == SURE), "an audit still triggers others"
        assert await card.read("latency_count") == SITES - sum(chosen), "only what moved the pin"
        assert await card.read("dwells_audited") == sum(chosen)
        assert await card.read("dwells") == SITES
        assert await card.read("dwells_decided") == causes.count(SURE)
        assert await card.read("dwells_undecided") == causes.count(MAXIMUM)
        assert await card.read("dwells_aborted") == 0


@cocotb.test()
async def test_shadow_mode_records_every_decision_and_moves_no_pin(dut):
    card, ingress = await prepared(dut, shadow=1, keep_classes=0xF)
    await card.run()
    for dwell in zip(range(SITES), card.rises(), card.falls(), [True] * SITES, strict=True):
        check_dwell(card, ingress, *dwell)
    assert all(event.flags & (FLAG_SHADOW | FLAG_AUDIT) == FLAG_SHADOW for event in card.kinds(DECISION))
    assert not any(pins.aux for pins in card.log) and await card.read("aux_triggers") == 0
    assert await card.read("latency_count") == 0


@cocotb.test()
async def test_rasters_keep_their_beam_in_shadow_and_audit(dut):
    for settings, flag in (({"shadow": 1}, FLAG_SHADOW), ({"audit_fraction": 0xFFFF}, FLAG_AUDIT), ({}, 0)):
        card, _ = await prepared(dut, scan_mode=0, columns=6, rows=2, dwell_samples=30, line_settle_clocks=20, **settings)
        await card.run()
        assert len(card.kinds(PIXEL)) == 12 and any(event.cause == SURE for event in card.kinds(DECISION))
        on = sum(pins.permit for pins in card.log)
        assert (on == 12 * 30 * 5) == bool(flag), "the full time, unless decisions act"
        assert all(event.flags & 0x60 == flag for event in card.kinds(PIXEL) + card.kinds(DECISION))


@cocotb.test()
async def test_beam_clocks_since_reset_are_what_the_pin_showed(dut):
    card, _ = await prepared(dut)
    await card.run()
    await card.command("disarm")
    await card.step(50)
    await card.read("unblanked_total_low")
    latched = card.clock - 2  # the edge that took the read; the log holds the pin before each edge
    on = sum(pins.permit for pins in card.log[:latched + 1])
    low, high = await card.read("unblanked_total_low"), await card.read("unblanked_total_high")
    again = sum(pins.permit for pins in card.log[:card.clock - 4 + 1])
    assert high == 0 and low in (again, again - 1, again + 1) and on > 500
    cycle = await card.read64("cycle")
    blanked = await card.read64("blanked_total")
    assert blanked == (cycle + 4) - (await card.read64("unblanked_total") - 4), "every clock is one or the other"


@cocotb.test()
async def test_a_dwell_that_is_cut_counts_as_aborted(dut):
    card, _ = await prepared(dut, max_samples=65535, min_samples=65535)
    await card.command("start")
    while not card.log[-1].permit:
        await card.step()
    await card.step(40)
    await card.command("abort")
    await card.finish()
    assert [event.cause for event in card.kinds(DECISION)] == [ABORTED]
    for name, count in (("dwells", 1), ("dwells_aborted", 1), ("dwells_decided", 0), ("dwells_undecided", 0)):
        assert await card.read(name) == count
    await card.command("clear_counters")
    assert await card.read("dwells_aborted") == 0
