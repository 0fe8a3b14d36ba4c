"""The card with a stand-in network in its slot: lists of sites, from ADC sample to pin and record."""
import cocotb
from bench import SEED, patterns, seeded, settle
from card_driver import (ABORTED, DECISION, END, ENGAGED, FLAG_CAP, FLAG_KEPT, FLAG_PIN, FLAG_SURE, MAXIMUM, NONE,
                         PASS_THROUGH, PIXEL, SURE, TRIP, TRIPPED, Card, bit_of)
from card_registers import MAP_HASH
from card_world import Detector, expected_decision, set_decision, set_ingress
from ingress_model import IngressSettings
from simulator import Bench, card_sources

BENCHES = [Bench("card_core", card_sources(shape), {"PositionDepth": 64, "EventDepth": depth}, shape)
           for shape, depth in (("narrow", 32), ("tiny", 256))]

INGRESS = dict(offset=400, gain=3495, full_scale=16383, event_threshold=32, clip=640)
RULE, THRESHOLDS, MINIMUM, MAXIMUM_SAMPLES = 1, [160, 700, 160, 400] + [0] * 12, 2, 25


def poisson_light(rng):
    """Electrons of about 300 counts at a mean that depends on the position."""
    def light(x, _y, _sample):
        mean, count, product = 0.3 + (x % 5) * 0.6, 0, rng.random()
        while product > 2.718281828 ** -mean:
            count, product = count + 1, product * rng.random()
        return min(16383, max(0, 400 + 300 * count + rng.randrange(-40, 41)))
    return light


async def prepared(dut, positions, pipeline=0, settings=None, **registers):
    """A card that is engaged and set up for a list run on a noisy detector."""
    rng = seeded(dut)
    card = Card(dut)
    card.signal = Detector(poisson_light(rng), pipeline=pipeline)
    ingress = IngressSettings(align_samples=pipeline, **INGRESS)
    await card.power_on()
    await set_ingress(card, ingress)
    await set_decision(card, RULE, THRESHOLDS, MINIMUM, MAXIMUM_SAMPLES)
    await card.configure(scan_mode=1, settle_clocks=12, blank_clocks=3, **registers)
    await card.write_positions(positions)
    await card.engage(**(settings or {}))
    return card, ingress, rng


def expect(card, started, ingress, **more):
    return expected_decision(card, started, ingress, RULE, THRESHOLDS, MINIMUM, MAXIMUM_SAMPLES, **more)


def some_positions(count):
    return [(7 * i + 1, 1000 + i) for i in range(count)]


@cocotb.test()
async def test_it_says_who_it_is(dut):
    card = Card(dut)
    await card.power_on()
    assert (await card.read("id")).to_bytes(4, "little") == b"EDGE"
    assert await card.read("map_hash") == MAP_HASH
    assert await card.read("network_hash") == card.shape.hash
    assert await card.read("network_shape") == card.shape.outputs << 16 | card.shape.inputs
    assert await card.read("network_format") == \
        card.shape.latency << 16 | card.shape.output_width << 8 | card.shape.input_width
    assert await card.field("card_shape", "positions") == 64
    assert await card.field("status", "adc_usable") == 1
    first = await card.read64("cycle")
    await card.step(10)
    assert await card.read64("cycle") == first + 10 + 4


@cocotb.test()
async def test_every_site_is_visited_decided_and_blanked_as_the_model_says(dut):
    for pipeline in (0, 8):
        positions = some_positions(12)
        card, ingress, _ = await prepared(dut, positions, pipeline, {"network_deadline": 20}, keep_classes=0b0001)
        before = await card.read64("cycle")
        at = card.clock - 4  # the edge that latched it
        await card.run()
        latency = card.shape.latency + 5
        rises, falls, decisions = card.rises(), card.falls(), card.kinds(DECISION)
        assert len(rises) == len(falls) == len(decisions) == len(positions)
        for site, (rise, fall, event) in enumerate(zip(rises, falls, decisions)):
            taken, _, class_number, cause, vector, y = expect(card, rise, ingress)
            assert (card.log[rise].x, card.log[rise].y) == positions[site]
            assert any(edge == rise for edge, _ in card.strobes), "a dwell starts at a strobe"
            assert fall == taken + latency, "as the pins saw it"
            assert event.latency == latency and event.network_latency == card.shape.latency
            assert event.time - before == fall - at, "time is that of the pin's edge"
            assert (event.class_number, event.cause, event.site) == (class_number, cause, site)
            assert (event.samples, event.sum, event.events) == (vector.samples, vector.sum, vector.events)
            assert list(event.outputs) == (y + [0] * 8)[:8]
            kept = cause == SURE and class_number == 0
            assert event.flags & ~2 == (FLAG_SURE if cause == SURE else 0) | FLAG_PIN | (FLAG_KEPT if kept else 0)
            assert bool(event.flags & 2) == bool(vector.clipped)
            assert card.log[fall + 1].aux == int(kept), "aux_trigger moves with the pin"
            # The probe moves blank_clocks after the beam went off, and the next dwell settles first.
            if site + 1 < len(positions):
                move = next(n for n in range(fall, len(card.log)) if card.log[n + 1].advance)
                assert move == fall + 3 and card.log[move + 1].x == positions[site + 1][0]
                assert rises[site + 1] >= move + 12
        assert [event.number for event in card.events] == list(range(len(card.events)))
        if SEED == 1 and card.shape.outputs > 1:  # enough happens to say something
            assert {event.cause for event in decisions} == {SURE, MAXIMUM}
            assert len({event.class_number for event in decisions}) >= 3

        # The card's own counters.
        assert await card.read("latency_min") == await card.read("latency_max") == latency
        assert await card.read("latency_last") == latency
        assert await card.read("latency_count") == len(positions)
        assert await card.read64("latency_sum") == latency * len(positions)
        for k in range(32):
            assert await card.read(f"latency_histogram{k}") == (len(positions) if k == latency else 0)
        assert await card.read("network_latency") == card.shape.latency * 0x10001
        assert await card.read("decisions") == len(positions)
        assert await card.read("undecided") == sum(event.cause == MAXIMUM for event in decisions)
        assert await card.read("aux_triggers") == sum(bool(event.flags & FLAG_KEPT) for event in decisions)
        assert await card.read("vectors_replaced") == 0
        assert await card.read("vectors_taken") == \
            sum(event.samples for event in decisions) + await card.read("results_stale")
        assert await card.read64("unblanked_run") == sum(fall - rise for rise, fall in zip(rises, falls))
        (end,) = card.kinds(END)
        assert (end.cause, end.site) == (NONE, len(positions) - 1)
        assert end.outputs[0] == await card.read64("unblanked_run")


@cocotb.test()
async def test_a_detector_whose_signal_falls_with_light_is_turned_over(dut):
    card, ingress, _ = await prepared(dut, some_positions(6), settings={"network_deadline": 20}, adc_invert=1)
    upright = card.signal
    card.signal = lambda seen: 0xFFFF - upright(seen)
    await card.run()
    card.strobes = [(edge, 0xFFFF - adc) for edge, adc in card.strobes]
    decisions = card.kinds(DECISION)
    assert len(decisions) == 6
    for rise, event in zip(card.rises(), decisions):
        _, _, class_number, cause, vector, _ = expect(card, rise, ingress)
        assert (event.class_number, event.cause) == (class_number, cause)
        assert (event.samples, event.sum, event.events) == (vector.samples, vector.sum, vector.events)


@cocotb.test()
async def test_reset_blanks_the_pin_without_a_clock_and_afterwards(dut):
    card, _, _ = await prepared(dut, some_positions(3))
    await card.command("start")
    while not card.log[-1].permit:
        await card.step()
    dut.rst_ni.value = 0
    await settle()
    assert int(dut.permit_beam_o.value) == 0
    await card.step(5)
    dut.rst_ni.value = 1
    await card.step(300)
    assert not any(pins.permit for pins in card.log[-300:])
    assert await card.field("status", "interlock") == TRIPPED
    assert await card.read("trip_causes") == bit_of("trip_causes", "reset")


@cocotb.test()
async def test_stalls_shorter_than_a_sample_change_neither_class_nor_deciding_sample(dut):
    positions = some_positions(10)
    card, ingress, rng = await prepared(dut, positions)
    left = [0]
    def stall(_clock):  # at most 4 clocks in a row, one less than a sample takes
        left[0] = left[0] - 1 if left[0] > 0 else rng.choice([-1, 1, 2, 3, 4]) if left[0] == 0 else 0
        return left[0] > 0
    card.stall = stall
    card.ready = patterns(rng)["random"]
    await card.run()
    assert await card.read("vectors_replaced") == 0
    for site, (rise, fall, event) in enumerate(zip(card.rises(), card.falls(), card.kinds(DECISION), strict=True)):
        taken, _, class_number, cause, vector, _ = expect(card, rise, ingress)
        assert (event.site, event.class_number, event.cause, event.samples, event.sum) == \
            (site, class_number, cause, vector.samples, vector.sum)
        assert event.latency == fall - taken >= card.shape.latency + 5
        assert event.network_latency == card.shape.latency, "the wait is before the network"
    assert await card.read("latency_max") == max(event.latency for event in card.kinds(DECISION))
    assert await card.read64("latency_sum") == sum(event.latency for event in card.kinds(DECISION))


@cocotb.test()
async def test_long_stalls_skip_samples_as_newest_wins_says(dut):
    positions = some_positions(10)
    card, ingress, rng = await prepared(dut, positions)
    stalls, left = {}, [0]
    def stall(clock):
        left[0] = max(left[0] - 1, 0) or (rng.choice([1, 7, 30, 60]) if rng.random() < 0.05 else 0)
        stalls[clock] = left[0] > 0
        return stalls[clock]
    card.stall = stall
    await card.run()
    longest = 0
    for rise, fall, event in zip(card.rises(), card.falls(), card.kinds(DECISION), strict=True):
        taken, entered, class_number, cause, vector, _ = expect(card, rise, ingress,
                                                                is_open=lambda edge: not stalls[edge])
        assert fall == entered + card.shape.latency + 2
        assert (event.class_number, event.cause, event.samples, event.latency) == \
            (class_number, cause, vector.samples, fall - taken)
        longest = max(longest, event.latency)
    assert await card.read("vectors_replaced") > 0
    assert longest > card.shape.latency + 5


@cocotb.test()
async def test_a_full_event_queue_drops_and_counts_but_changes_no_decision(dut):
    positions = some_positions(40)
    for blocked in (False, True):
        card, ingress, _ = await prepared(dut, positions)
        depth = await card.field("card_shape", "events")
        if blocked:
            card.ready = lambda clock: 0
        await card.command("start")
        while not await card.field("status", "done"):
            await card.step(20)
        card.ready = lambda clock: 1
        await card.step(300)
        assert await card.read("events_numbered") == len(positions) + 1
        dropped = await card.read("events_dropped")
        assert len(card.events) + dropped == len(positions) + 1 == 41
        assert dropped == (max(0, len(positions) + 2 - depth) if blocked else 0), "two places are kept for trip and end"
        *others, end = card.events
        assert [event.number for event in others] == list(range(len(others))), "the newest are dropped"
        assert (end.kind, end.number, end.outputs[3]) == (END, len(positions), dropped), "the end comes all the same"
        for rise, fall in zip(card.rises(), card.falls(), strict=True):
            assert fall == expect(card, rise, ingress)[0] + card.shape.latency + 5


@cocotb.test()
async def test_abort_blanks_at_once_and_records_the_dwell_and_the_end(dut):
    card, _, _ = await prepared(dut, some_positions(4))
    for k in range(4):
        await card.write(f"threshold{k}", 0x7FFFFFFF)  # nothing is ever sure
    await card.configure(max_samples=65535)
    await card.command("start")
    while not card.log[-1].permit:
        await card.step()
    await card.step(67)
    await card.command("abort")
    written = card.clock - 1
    await card.finish()
    assert card.falls() == [written], "the edge that takes the bus write"
    decision, end = card.events
    assert (decision.kind, decision.cause, decision.class_number, decision.site) == (DECISION, ABORTED, 255, 0)
    assert 12 <= decision.samples <= 14
    assert (end.kind, end.cause) == (END, ABORTED)
    assert await card.field("status", "aborted") == 1
    # The next run is untouched by what was under way.
    await card.configure(max_samples=3)
    await card.run()
    assert [event.samples for event in card.kinds(DECISION)] == [3] * 4


@cocotb.test()
async def test_a_dwell_aborted_before_its_first_sample_is_not_noted_with_those_of_the_one_before(dut):
    card, _, _ = await prepared(dut, some_positions(4), pipeline=8)
    await card.configure(max_samples=10, min_samples=10)
    await card.command("start")
    while len(card.rises()) < 2:
        await card.step()
    await card.step(15)  # three samples of the dwell, which the ADC still holds back
    await card.command("abort")
    await card.finish()
    first, second = card.kinds(DECISION)
    assert (first.site, first.samples) == (0, 10)
    assert (second.site, second.cause, second.samples, second.sum, second.events) == (1, ABORTED, 0, 0, 0)


@cocotb.test()
async def test_settings_written_in_a_run_read_back_at_once_and_count_from_its_end(dut):
    card, _, _ = await prepared(dut, some_positions(6))
    await card.configure(min_samples=5, max_samples=5)
    await card.command("start")
    while len(card.rises()) < 2:
        await card.step()
    await card.configure(min_samples=3, max_samples=3, blank_clocks=40, decision=0, pixel_cap=1, frame_cap=1 << 40)
    assert await card.read("max_samples") == 3
    assert await card.read64("frame_cap") == 1 << 40
    await card.finish()
    assert [event.samples for event in card.kinds(DECISION)] == [5] * 6
    await card.configure(decision=1 | RULE << 4, pixel_cap=0xFFFFFFFF)
    await card.run()
    assert [event.samples for event in card.kinds(DECISION)] == [3] * 6


@cocotb.test()
async def test_a_start_in_the_clock_after_a_run_finds_what_was_written_in_it(dut):
    for wait in range(4):
        card, _, _ = await prepared(dut, some_positions(3))
        await card.command("start")
        while not card.log[-1].permit:
            await card.step()
        await card.configure(scan_mode=0, x_start=700 << 16, y_start=800 << 16, columns=2, rows=1, dwell_samples=2)
        await card.command("abort")
        await card.step(wait)
        await card.command("start")
        began = card.clock - 1
        while len(card.kinds(END)) < 2:
            await card.step()
        assert [(event.site, event.samples) for event in card.kinds(PIXEL) if event.time > began] == [(0, 2), (1, 2)]
        shown = {(pins.x, pins.y) for pins in card.log[began + 3:]}
        assert shown == {(700, 800), (701, 800)}, f"started {wait + 1} clocks after the abort"


@cocotb.test()
async def test_a_half_written_cap_never_takes_effect(dut):
    """2^32 + 5 over 2^33: neither word alone may blank, nor what they would make together with the other's old half."""
    card, _, _ = await prepared(dut, some_positions(3), settings={"frame_cap": 1 << 33})
    await card.run()
    dose = await card.read64("unblanked_run")
    assert dose > 5
    await card.write("frame_cap_low", 5)   # with the high word of 0 that follows later this would trip
    await card.step(5)
    await card.write("frame_cap_high", 1)
    await card.step(5)
    assert await card.field("status", "interlock") == ENGAGED
    assert await card.read64("frame_cap") == (1 << 32) + 5
    await card.write("frame_cap", 5)
    await card.step(5)
    assert await card.read("trip_causes") == bit_of("trip_causes", "frame_cap")


@cocotb.test()
async def test_limits_that_guard_stand_still_while_engaged(dut):
    card, _, _ = await prepared(dut, some_positions(3), settings={"heartbeat_timeout": 100000, "detector_timeout": 1000})
    await card.configure(heartbeat_timeout=3, detector_timeout=3)
    assert (await card.read("heartbeat_timeout"), await card.read("detector_timeout")) == (3, 3)
    await card.step(100)
    assert await card.field("status", "interlock") == ENGAGED
    await card.command("disarm")
    await card.command("engage")
    await card.step(10)
    assert await card.read("trip_causes") & bit_of("trip_causes", "heartbeat")


@cocotb.test()
async def test_a_vector_that_waited_through_an_abort_decides_nothing_in_the_next_run(dut):
    card, _, _ = await prepared(dut, some_positions(2))
    await card.configure(max_samples=20, min_samples=20, network_deadline=0xFFFF)
    held = [True]
    card.stall = lambda clock: held[0]
    await card.command("start")
    while not card.log[-1].permit:
        await card.step()
    await card.step(150)  # vectors of 20 samples and more of site 0 wait; any would decide
    await card.command("abort")
    await card.finish()
    card.events.clear()
    await card.command("start")
    while not card.log[-1].permit:
        await card.step()
    held[0] = False
    await card.finish()
    assert [(event.site, event.samples) for event in card.kinds(DECISION)] == [(0, 20), (1, 20)]
    for rise, fall in list(zip(card.rises(), card.falls()))[1:]:
        assert fall - rise > 20 * card.period, "it had its samples"


@cocotb.test()
async def test_a_trip_in_a_run_blanks_records_and_needs_rearming(dut):
    card, _, _ = await prepared(dut, some_positions(4))
    await card.configure(max_samples=65535, min_samples=65535)
    await card.command("start")
    while not card.log[-1].permit:
        await card.step()
    await card.step(30)
    dut.external_interlock_i.value = 0
    opened = card.clock
    await card.finish()
    assert card.falls() == [opened + 2], "two flip-flops and the pin"
    trip, decision, end = sorted(card.events, key=lambda event: (event.time, event.number))
    assert [event.kind for event in (trip, decision, end)] == [TRIP, DECISION, END]
    assert card.events[-1] == end
    cause = bit_of("trip_causes", "external")
    assert (trip.cause, trip.site, decision.cause, end.cause) == (cause, 0, ABORTED, ABORTED)
    assert decision.time == end.time == trip.time + 2
    for command in ("disarm", "engage", "rearm", "start"):
        await card.command(command)
        await card.step(20)
        assert await card.field("status", "interlock") == TRIPPED
        assert await card.read("trip_causes") == cause
    assert await card.field("status", "refused") == 1
    assert card.events[-1].kind == END and len(card.events) == 4, "a refused start ends, too"
    dut.external_interlock_i.value = 1
    await card.step(5)
    assert await card.read("trip_causes") == cause, "latched"
    await card.command("rearm")
    await card.configure(min_samples=1, max_samples=4)
    await card.run()
    assert [event.site for event in card.kinds(DECISION)] == [0, 1, 2, 3]
    assert all(event.samples <= 4 and event.cause != ABORTED for event in card.kinds(DECISION))


@cocotb.test()
async def test_the_pixel_cap_aborts_a_dwell_after_exactly_its_clocks(dut):
    cap = 100
    card, _, _ = await prepared(dut, some_positions(3), settings={"pixel_cap": cap})
    await card.configure(max_samples=65535, min_samples=65535)
    await card.run()
    assert [fall - rise for rise, fall in zip(card.rises(), card.falls(), strict=True)] == [cap] * 3
    for event in card.kinds(DECISION):
        assert (event.class_number, event.cause, event.flags & ~2) == (255, ABORTED, FLAG_CAP)
        assert event.samples in (cap // 5 - 1, cap // 5)
    assert await card.read("latency_count") == 0, "no sample decided"


@cocotb.test()
async def test_a_dwell_that_the_cap_cuts_is_never_decided_however_close_the_decision_comes(dut):
    kinds = set()
    for cap in range(8 * 5 + 2, 8 * 5 + 20):  # around the clock at which 8 samples decide
        card, _, _ = await prepared(dut, some_positions(2), settings={"pixel_cap": cap})
        await card.configure(max_samples=8, min_samples=8)
        await card.run()
        for rise, fall, event in zip(card.rises(), card.falls(), card.kinds(DECISION), strict=True):
            by_cap = bool(event.flags & FLAG_CAP)
            assert fall - rise <= cap
            assert by_cap == (event.cause == ABORTED) == (not event.flags & FLAG_PIN)
            assert event.class_number == 255 or not by_cap
            assert by_cap or fall == event.time - 1, "who decided moved the pin (the log begins an edge after reset)"
            kinds.add((by_cap, fall - rise == cap))
    assert kinds >= {(True, True), (False, False)}


@cocotb.test()
async def test_the_frame_cap_trips_the_run_after_exactly_its_clocks(dut):
    card, _, _ = await prepared(dut, some_positions(20), settings={"frame_cap": 333})
    await card.run()
    assert sum(pins.permit for pins in card.log) == 333
    assert card.kinds(TRIP)[0].cause == bit_of("trip_causes", "frame_cap")
    assert card.kinds(TRIP)[0].outputs[0] == 333
    await card.command("rearm")
    await card.step(3)
    assert await card.field("status", "interlock") == TRIPPED
    await card.command("clear_dose")
    await card.command("rearm")
    await card.step(3)
    assert await card.field("status", "interlock") == ENGAGED


@cocotb.test()
async def test_a_silent_network_trips_after_its_deadline(dut):
    card, _, _ = await prepared(dut, some_positions(3), settings={"network_deadline": 200})
    card.stall = lambda clock: 1
    await card.run()
    assert card.kinds(TRIP)[0].cause == bit_of("trip_causes", "network")
    first_sample = next(edge for edge, _ in card.strobes if edge > card.rises()[0])
    assert card.falls()[0] == first_sample + 3 + 200 + 1, "from the vector, 3 edges after its sample"


@cocotb.test()
async def test_a_missing_heartbeat_or_adc_trips_the_run(dut):
    for cause, settings in (("heartbeat", {"heartbeat_timeout": 700}), ("detector", {"detector_timeout": 50})):
        card, _, _ = await prepared(dut, some_positions(3), settings=settings)
        await card.configure(max_samples=65535, min_samples=65535)
        await card.command("start")
        if cause == "detector":
            await card.step(100)
            card.period = 0
        await card.finish()
        assert card.kinds(TRIP)[0].cause == bit_of("trip_causes", cause)
        assert card.log[-1].permit == 0


@cocotb.test()
async def test_pass_through_follows_the_microscope_while_a_scan_goes_on(dut):
    card, _, _ = await prepared(dut, some_positions(3))
    await card.command("disarm")
    await card.run()
    await card.step(5)
    assert await card.field("status", "interlock") == PASS_THROUGH
    assert all(pins.permit for pins in card.log[-100:])
    assert len(card.kinds(DECISION)) == 3
    assert not any(event.flags & FLAG_PIN for event in card.kinds(DECISION)), "it decides, but moves no pin"
    dut.microscope_blank_i.value = 1
    await card.step(5)
    assert card.log[-1].permit == 0


@cocotb.test()
async def test_the_microscope_blanks_a_dwell_without_ending_it(dut):
    card, _, _ = await prepared(dut, some_positions(1))
    await card.configure(max_samples=40, min_samples=40)
    await card.command("start")
    while not card.log[-1].permit:
        await card.step()
    await card.step(20)
    dut.microscope_blank_i.value = 1
    await card.step(50)
    assert card.log[-1].permit == 0
    assert await card.field("hold_causes", "microscope") == 1
    dut.microscope_blank_i.value = 0
    await card.step(5)
    assert card.log[-1].permit == 1
    await card.finish()
    assert [event.samples for event in card.kinds(DECISION)] == [40]


@cocotb.test()
async def test_counters_clear_and_event_numbers_go_on(dut):
    card, _, _ = await prepared(dut, some_positions(3))
    for run in (1, 2):
        await card.run()
        assert await card.read("decisions") == 3
        await card.command("clear_counters")
        assert await card.read("decisions") == await card.read("latency_count") == 0
        assert await card.read("latency_min") == 0xFFFF
        assert await card.read("network_latency") == 0xFFFF
        assert await card.read("events_numbered") == 4 * run
