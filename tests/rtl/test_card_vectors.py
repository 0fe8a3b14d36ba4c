"""The card fed with vectors by the host: one record per vector, lossless, one a clock."""
import cocotb
from bench import at_random, patterns, seeded, signed
from card_driver import (DECISION, END, FLAG_KEPT, FLAG_SURE, NONE, PIXEL, SURE, VECTOR, Card, bit_of)
from card_world import judge
from simulator import Bench, card_sources

BENCHES = [Bench("card_core", card_sources(shape), {"PositionDepth": 64, "EventDepth": 32}, shape,
                 tests=".*" if shape == "wide" else "(?!.*cannot_feed).*") for shape in ("narrow", "wide", "tiny")]

KEEP = 0b10101


async def prepared(dut, rng, rule=0, hold=1):
    card = Card(dut)
    await card.power_on()
    span = 1 << card.shape.input_width - 2
    thresholds = [rng.randrange(-span, span) for _ in range(16)]
    await card.configure(vector_source=1 | hold << 1, decision=rule << 4, keep_classes=KEEP)
    for k, value in enumerate(thresholds):
        await card.write(f"threshold{k}", value)
    return card, thresholds


def check_records(card, vectors, taken, thresholds, rule=0, first=0):
    """Every vector has its record, exactly; the pulses of aux_trigger are where they must be."""
    records = card.kinds(VECTOR)
    assert len(records) == len(vectors) == len(taken)
    latency = card.shape.latency + 2
    kept_at = set()
    for index, (vector, edge, record) in enumerate(zip(vectors, taken, records)):
        y = card.shape.compute(vector)
        best, sure = judge(y, rule, thresholds)
        kept = sure and KEEP >> best & 1
        kept_at |= {edge + latency} if kept else set()
        assert (record.site, record.class_number) == (first + index, best)
        assert record.cause == (SURE if sure else NONE)
        assert record.flags == (FLAG_SURE if sure else 0) | (FLAG_KEPT if kept else 0)
        limit = 2**31 - 1
        outputs = [max(-limit - 1, min(limit, value)) for value in y]
        assert list(record.outputs) == (outputs + [0] * 8)[:8]
        assert (record.latency, record.network_latency) == (latency, card.shape.latency)
        assert record.time - latency - edge == records[0].time - latency - taken[0], "time is that of aux_trigger's edge"
        assert (record.samples, record.events, record.sum) == (0, 0, 0)
    pulses = {n for n in range(len(card.log) - 1) if card.log[n + 1].aux}
    assert pulses == kept_at


@cocotb.test()
async def test_one_vector_a_clock_one_record_each(dut):
    rng = seeded(dut)
    for rule in (0, 1):
        card, thresholds = await prepared(dut, rng, rule)
        vectors = [card.shape.random_inputs(rng) for _ in range(100)]
        taken = await card.send_vectors(vectors)
        assert taken == list(range(taken[0], taken[0] + 100)), "one each clock"
        await card.step(20)
        check_records(card, vectors, taken, thresholds, rule)
        numbers = [record.number for record in card.kinds(VECTOR)]
        assert numbers == list(range(100))
        latency = card.shape.latency + 2
        assert await card.read("latency_min") == await card.read("latency_max") == latency
        assert await card.read(f"latency_histogram{latency}") == 100
        assert await card.read("network_latency") == card.shape.latency * 0x10001
        assert await card.read("vectors_taken") == 100
        assert await card.read("aux_triggers") == sum(bool(r.flags & FLAG_KEPT) for r in card.kinds(VECTOR))


@cocotb.test()
async def test_nothing_is_lost_under_any_pattern_of_pauses_stalls_and_backpressure(dut):
    rng = seeded(dut)
    card, thresholds = await prepared(dut, rng)
    sent = 0
    for offer_name, offer in patterns(rng).items():
        for ready_name, ready in patterns(rng).items():
            card.ready, card.stall = ready, at_random(rng, 0.2)
            card.events.clear()
            del card.log[:-1]  # edges are counted from here
            vectors = [card.shape.random_inputs(rng) for _ in range(45)]
            taken = await card.send_vectors(vectors, offer)
            card.ready, card.stall = (lambda clock: 1), (lambda clock: 0)
            await card.step(60)
            check_records(card, vectors, taken, thresholds, first=sent)
            sent += len(vectors)
    assert await card.read("events_dropped") == 0
    assert await card.read("events_numbered") == sent


@cocotb.test()
async def test_vectors_wait_for_room_when_held_and_drop_records_when_not(dut):
    rng = seeded(dut)
    for hold in (1, 0):
        card, _ = await prepared(dut, rng, hold=hold)
        card.ready = lambda clock: 0
        vectors = [card.shape.random_inputs(rng) for _ in range(60)]
        taken = await card.send_vectors(vectors, limit=200)
        await card.step(20)
        room = 30 if hold else 32   # two places are kept for a trip and an end
        assert len(taken) == (room if hold else 60)
        assert await card.read("events_dropped") == (0 if hold else 28)
        assert await card.read("events_waiting") == room
        card.ready = lambda clock: 1
        await card.step(50)
        assert [record.number for record in card.events] == list(range(room)), "the newest are dropped"
        assert await card.read("events_numbered") == len(taken), "dropped records have their numbers"
        dut.vector_valid_i.value = 0


@cocotb.test()
async def test_a_raster_beside_a_full_stream_of_vectors_loses_no_record_of_either(dut):
    rng = seeded(dut)
    card, thresholds = await prepared(dut, rng)
    await card.configure(columns=8, rows=2, dwell_samples=1)
    await card.engage()
    await card.command("start")
    vectors = [card.shape.random_inputs(rng) for _ in range(200)]
    card.ready = patterns(rng)["1110"]
    taken = await card.send_vectors(vectors)
    await card.step(100)
    check_records(card, vectors, taken, thresholds)
    assert [event.site for event in card.kinds(PIXEL)] == list(range(16))
    assert card.kinds(END) and not card.kinds(DECISION)
    assert [event.number for event in card.events] == list(range(217))


@cocotb.test()
async def test_rule_class_takes_output_zero_as_the_class(dut):
    rng = seeded(dut)
    card, thresholds = await prepared(dut, rng, rule=2)
    vectors = []
    for _ in range(60):
        vector = [0] * card.shape.inputs
        vector[0] = signed(-rng.choice([0, 1, 4, 254, 255, 300, -1]), card.shape.input_width)
        vectors.append(vector)
    taken = await card.send_vectors(vectors)
    await card.step(20)
    check_records(card, vectors, taken, thresholds, rule=2)


@cocotb.test()
async def test_a_network_that_the_adc_cannot_feed_leaves_dwells_to_their_time(dut):
    rng = seeded(dut)
    card, _ = await prepared(dut, rng)
    assert await card.read("status") & bit_of("status", "adc_usable") == 0
    await card.configure(vector_source=0, decision=1, scan_mode=1, dwell_samples=3)
    await card.write_positions([(1, 2), (3, 4)])
    await card.engage()
    await card.run()
    assert [event.samples for event in card.kinds(PIXEL)] == [3, 3]
    assert await card.read("vectors_taken") == 0
