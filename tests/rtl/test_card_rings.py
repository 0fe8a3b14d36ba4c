"""The card in the memory of its host: records and their interrupt, places given back, vectors from memory, and rings
that stop, with clocks that drift. The units have their own tests in rtl/card/ring."""
import cocotb
from axi_write_host import OKAY, SLVERR
from bench import seeded
from card_driver import VECTOR, bit_of
from card_top_driver import CONSUMED, RING, TAIL, VECTORS, VECTORS_LOG2, TopCard
from cocotb.triggers import Timer
from simulator import Bench, card_sources

BENCHES = [Bench("card", card_sources("narrow"), {"PositionDepth": 64, "EventDepth": 32, "BusWidth": width}) for width in (128, 512)]
CLOCKS = ({}, {"core": 4000, "bus": 10000}, {"bus": 1500})


async def prepared(dut, periods):
    rng = seeded(dut, str(periods))
    card = TopCard(dut, rng, periods)
    await card.power_on()
    await card.configure(vector_source=3)
    return card, rng


async def until(condition, limit_us=300):
    for _ in range(10 * limit_us):
        if condition():
            return
        await Timer(100, "ns")
    raise AssertionError("it does not happen")


def put(card, vectors, first):
    """Vectors into the ring of host memory, from line `first`; a line each."""
    for k, vector in enumerate(vectors):
        line = VECTORS + 64 * ((first + k) % (1 << VECTORS_LOG2))
        data = card.shape.pack(vector).to_bytes(64, "little")
        for word in range(0, 64, 4):
            card.memory.memory[line + word] = int.from_bytes(data[word:word + 4], "little")


async def enable_stream(card, **settings):
    card.memory.memory[CONSUMED] = 0
    await card.configure(host_stream_base=VECTORS, host_stream_consumed_address=CONSUMED, **settings,
                         host_stream=8 << 16 | VECTORS_LOG2 << 8 | 1)
    while not await card.field("host_stream_state", "running"):
        pass


@cocotb.test()
async def test_vectors_from_memory_go_through_the_network_and_their_records_into_memory(dut):
    for periods in CLOCKS:
        card, rng = await prepared(dut, periods)
        await enable_stream(card)
        vectors = [card.shape.random_inputs(rng) for _ in range(100)]
        sent = 0
        while sent < 100:
            count = min(rng.randrange(1, 30), 100 - sent, (1 << VECTORS_LOG2) - (sent - card.memory.word(CONSUMED)))
            put(card, vectors[sent:sent + count], sent)
            sent += count
            await card.write("host_stream_produced", sent)
        await until(lambda: len(card.kinds(VECTOR)) == 100)
        for number, (event, vector) in enumerate(zip(card.events, vectors)):
            y = card.shape.compute(vector)
            assert (event.kind, event.number, list(event.outputs[:len(y)])) == (VECTOR, number, y)
        await until(lambda: card.memory.word(CONSUMED) == 100)
        assert await card.read("host_stream_consumed") == 100
        assert await card.read("event_ring_written") == 100
        assert await card.read("events_dropped") == 0
        await card.write("host_stream", 0)
        await card.write("event_ring", 0)
        while not (await card.field("host_stream_state", "drained") and await card.field("event_ring_state", "drained")):
            pass
        assert card.memory.quiet and card.reads.quiet
        card.halt()


@cocotb.test()
async def test_a_full_ring_holds_records_until_the_host_gives_places_back_again_and_again(dut):
    """Two sessions; in the second the host gives back the very same counts."""
    card, rng = await prepared(dut, {})
    for _ in range(2):
        await card.write("event_ring", 0)
        while not await card.field("event_ring_state", "drained"):
            pass
        card.memory.memory[TAIL] = card.records_read = 0
        card.events.clear()
        await card.configure(event_ring=6 << 8 | 1)
        while not await card.field("event_ring_state", "running"):
            pass
        vectors = [card.shape.random_inputs(rng) for _ in range(200)]
        task = cocotb.start_soon(card.send_over_link(vectors))
        await until(lambda: card.memory.word(TAIL) == 64)
        await Timer(5, "us")
        assert card.memory.word(TAIL) == 64 and not task.done(), "vectors wait for room"
        for given in range(1, 64):
            await card.write("event_ring_read", given)
        await until(lambda: card.memory.word(TAIL) == 63 + 64)
        for given in range(64, 128, 4):
            await card.write("event_ring_read", given)
        await until(lambda: card.memory.word(TAIL) == 124 + 64)
        await card.write("event_ring_read", 170)
        await until(lambda: card.memory.word(TAIL) == 200)
        await task
    card.halt()


@cocotb.test()
async def test_the_interrupt_rises_behind_the_tail_and_falls_when_acknowledged(dut):
    for periods in CLOCKS:
        card, rng = await prepared(dut, periods)
        assert dut.interrupt_o.value == 0
        for count in range(1, 6):
            await card.send_over_link([card.shape.random_inputs(rng)])
            await until(lambda: dut.interrupt_o.value == 1)
            assert card.memory.word(TAIL) == count
            while not await card.field("event_ring_state", "interrupt"):
                pass
            await card.write("event_ring_command", 1)
            await until(lambda: dut.interrupt_o.value == 0)
        card.halt()


@cocotb.test()
async def test_a_ring_that_fails_trips_and_says_why(dut):
    for broken in ("records", "reads", "settings", "cut"):
        card, rng = await prepared(dut, {})
        await card.engage()
        if broken == "records":
            card.memory.answer = lambda burst: OKAY if burst.address // 64 == TAIL // 64 else SLVERR
            await card.send_over_link([card.shape.random_inputs(rng)])
            state, error = "event_ring_state", 3
        elif broken == "settings":
            await card.write("event_ring", 0)
            await card.configure(event_ring_base=RING + 64, event_ring=6 << 8 | 1)
            state, error = "event_ring_state", 1
        else:
            await enable_stream(card, host_stream_stall_clocks=200)
            card.reads.answer = lambda address: SLVERR if broken == "reads" else OKAY
            card.reads.mute = broken == "cut"
            put(card, [card.shape.random_inputs(rng)], 0)
            await card.write("host_stream_produced", 1)
            state, error = "host_stream_state", 2 if broken == "reads" else 3
        while not await card.field(state, "failed"):
            pass
        assert await card.field(state, "error") == error
        await Timer(1, "us")
        assert await card.read("trip_causes") & bit_of("trip_causes", "internal"), broken
        assert dut.permit_beam_o.value == 0
        assert not card.kinds(VECTOR) or broken not in ("reads", "cut")
        card.halt()
