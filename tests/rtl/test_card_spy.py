"""What watches the card itself: the test vector in the network, and raw samples around a trigger."""
import cocotb
from bench import seeded
from card_driver import (ABORTED, DECISION, FLAG_KEPT, MAXIMUM, PIXEL, SURE, TRIP, TRIPPED, Card, bit_of)
from card_world import Detector, set_decision, set_ingress
from ingress_model import IngressSettings
from simulator import Bench, card_sources
from test_card import INGRESS, MAXIMUM_SAMPLES, MINIMUM, RULE, THRESHOLDS, poisson_light, some_positions

BENCHES = [Bench("card_core", card_sources("narrow"), {"PositionDepth": 64, "EventDepth": 256, "SpyDepth": 64}, "spy")]

FLAG_PAYLOAD = 1 << 7


class Watched(Card):
    """Keeps the words for the payload ring, too."""

    async def step(self, count=1):
        for _ in range(count):
            await super().step()
            if int(self.dut.word_valid_o.value):
                self.words.append((int(self.dut.word_o.value), int(self.dut.word_first_o.value),
                                   int(self.dut.word_last_o.value)))

    words = None


async def prepared(dut, positions=12, **registers):
    card = Watched(dut)
    card.words = []
    card.signal = Detector(poisson_light(seeded(dut)))
    await card.power_on()
    dut.word_open_i.value = 1
    await set_ingress(card, IngressSettings(**INGRESS))
    await set_decision(card, RULE, THRESHOLDS, MINIMUM, MAXIMUM_SAMPLES)
    await card.configure(**{"scan_mode": 1, "settle_clocks": 40, "blank_clocks": 3, **registers})
    await card.write_positions(some_positions(positions))
    await card.engage()
    return card


async def store(card, vector, wrong=0):
    """The vector and what the network makes of it; `wrong` is changed in the last output."""
    expected = card.shape.compute(vector)
    expected[-1] ^= wrong
    shape = card.shape
    packed = sum((y & (1 << shape.output_width) - 1) << shape.output_width * k for k, y in enumerate(expected))
    await card.write("test_index", 0)
    for value, bits in ((shape.pack(vector), shape.in_bits), (packed, shape.output_width * shape.outputs)):
        for k in range((bits + 31) // 32):
            await card.write("test_data", value >> 32 * k)


@cocotb.test()
async def test_a_right_test_vector_runs_between_dwells_and_changes_no_decision(dut):
    rng, reference = seeded(dut), None
    for every in (0, 1, 3):
        card = await prepared(dut)
        await store(card, card.shape.random_inputs(rng))
        await card.configure(test_vector=1 | every << 16)
        taken = await card.read("vectors_taken")
        await card.run()
        story = [(e.site, e.class_number, e.samples, e.sum, e.latency) for e in card.kinds(DECISION)]
        reference = reference or story
        assert story == reference
        assert await card.read("tests_passed") == (12 // every if every else 0)
        assert await card.read("tests_failed") == 0 and await card.field("test_status", "failed") == 0
        assert await card.read("vectors_taken") - taken == sum(e.samples for e in card.kinds(DECISION)) \
            + await card.read("results_stale"), "a test vector is none of a dwell's"
        await card.command("test")
        await card.step(card.shape.latency + 5)
        assert await card.read("tests_passed") == (12 // every if every else 0) + 1


@cocotb.test()
async def test_a_wrong_result_trips_and_needs_a_right_one_to_rearm(dut):
    card = await prepared(dut)
    vector = card.shape.random_inputs(seeded(dut))
    await store(card, vector, wrong=1)
    await card.configure(test_vector=1 | 4 << 16)
    await card.run()
    (trip,) = card.kinds(TRIP)
    assert await card.read("trip_causes") == bit_of("trip_causes", "test_vector")
    assert len([e for e in card.kinds(DECISION) if e.cause != ABORTED]) == 4, "after the fourth position"
    assert await card.read("tests_failed") == 1
    await card.command("rearm")
    await card.step(3)
    assert await card.field("status", "interlock") == TRIPPED
    await store(card, vector)
    await card.command("test")
    await card.step(card.shape.latency + 5)
    await card.command("rearm")
    await card.step(3)
    assert await card.field("status", "interlock") != TRIPPED


@cocotb.test()
async def test_a_silent_network_fails_its_test_in_a_raster_without_decisions(dut):
    card = await prepared(dut, scan_mode=0, decision=0, columns=3, rows=4, dwell_samples=3, line_settle_clocks=300,
                          network_deadline=50)
    await store(card, card.shape.random_inputs(seeded(dut)))
    await card.configure(test_vector=1 | 1 << 16)
    await card.run()
    assert await card.read("tests_passed") == 4 and len(card.kinds(PIXEL)) == 12
    card.stall = lambda clock: 1
    await card.run()
    assert await card.read("trip_causes") == bit_of("trip_causes", "test_vector")
    assert len(card.kinds(PIXEL)) == 3


async def captured(card):
    """The held capture, read through the window: (samples before the trigger, [(permit, counts)])."""
    assert await card.field("spy_status", "held") == 1
    before, count = await card.field("spy_captured", "before"), await card.field("spy_captured", "count")
    samples = []
    for index in range(count):
        await card.write("spy_index", index)
        word = await card.read("spy_sample")
        samples.append((word >> 31, word & 0xFFFF))
    return before, samples


def around(card, edge, before, count):
    """What the ADC gave around an edge: `before` strobes earlier than it, with the pin at each."""
    first = next(i for i, (at, _) in enumerate(card.strobes) if at >= edge) - before
    return [(card.log[at].permit, adc) for at, adc in card.strobes[first:first + count]]


@cocotb.test()
async def test_samples_around_each_kind_of_trigger_are_those_of_the_detector(dut):
    for kind, cause in (("sure", SURE), ("undecided", MAXIMUM), ("kept", SURE), ("aborted", ABORTED), ("trip", None)):
        card = await prepared(dut, keep_classes=0xF, spy_length=20 | 15 << 16)
        await card.write("spy_control", bit_of("spy_control", "enable") | bit_of("spy_control", kind))
        if kind in ("aborted", "trip"):
            await card.configure(min_samples=65535, max_samples=65535)
        before = await card.read64("cycle")
        offset = before - (card.clock - 4)
        await card.command("start")
        if kind in ("aborted", "trip"):
            await card.step(300)
            dut.external_interlock_i.value = 0
        await card.finish()
        await card.step(200)
        kept, samples = await captured(card)
        assert (kept, len(samples)) == (20, 35)
        if kind == "trip":
            edge = card.falls()[0] + 1
        else:
            triggers = [e for e in card.kinds(DECISION) if e.cause == cause
                        and (kind != "kept" or e.flags & FLAG_KEPT)]
            edge = triggers[0].time - offset
            assert await card.read("spy_event") == triggers[0].number
            assert not triggers[0].flags & FLAG_PAYLOAD
            assert await card.read("spy_captures") + await card.read("spy_missed") == len(triggers)
        assert samples == around(card, edge, kept, 35), kind
        assert await card.read("spy_captures") == 1
        await card.command("spy_release")
        await card.step(2)
        assert await card.field("spy_status", "held") == 0


@cocotb.test()
async def test_streamed_captures_carry_the_number_of_their_event_which_is_flagged(dut):
    card = await prepared(dut, spy_length=4 | 6 << 16)
    await card.write("spy_control", sum(bit_of("spy_control", name) for name in ("enable", "stream", "sure", "undecided")))
    offset = await card.read64("cycle") - (card.clock - 4)
    await card.run()
    await card.step(200)
    blocks, words = [], []
    for word, first, last in card.words:
        words = [word] if first else words + [word]
        if last:
            blocks.append(words)
    flagged = [e for e in card.kinds(DECISION) if e.flags & FLAG_PAYLOAD]
    assert len(flagged) == len(blocks) == await card.read("spy_captures") > 3
    for event, block in zip(flagged, blocks):
        assert block[0] == event.number << 32 | 3 and block[1] == event.time
        halves = [word >> shift & 0xFFFFFFFF for word in block[2:] for shift in (0, 32)]
        expected = around(card, event.time - offset, 4, 10)
        assert [(half >> 31, half & 0xFFFF) for half in halves] == expected


@cocotb.test()
async def test_a_capture_that_nobody_takes_is_held_and_not_flagged(dut):
    card = await prepared(dut, spy_length=4 | 6 << 16)
    dut.word_open_i.value = 0
    await card.write("spy_control", sum(bit_of("spy_control", name) for name in ("enable", "stream", "sure", "undecided")))
    offset = await card.read64("cycle") - (card.clock - 4)
    await card.run()
    await card.step(200)
    assert not card.words
    first = card.kinds(DECISION)[0]
    assert await card.read("spy_event") == first.number
    assert not any(e.flags & FLAG_PAYLOAD for e in card.kinds(DECISION))
    before, samples = await captured(card)
    assert samples == around(card, first.time - offset, before, 10)
    assert await card.read("spy_missed") == len(card.kinds(DECISION)) - 1
