import cocotb
from bench import edge, patterns, seeded, signed, start
from card_driver import ABORTED, DECISION, END, FIXED, NONE, PIXEL, TRIP, VECTOR, Event
from simulator import Bench

BENCHES = [Bench("events", ["rtl/card/events.sv", "rtl/common/fifo/fifo.sv", "rtl/common/saturate/saturate.sv"],
                 {"EventDepth": 10, "PixelDepth": 4, "OutputCount": count, "OutputWidth": width})
           for count, width in ((4, 20), (12, 14), (2, 40))]


class Harness:
    def __init__(self, dut):
        self.dut, self.clock, self.events, self.ready = dut, 0, [], lambda clock: 1
        self.count, self.width = int(dut.OutputCount.value), int(dut.OutputWidth.value)

    def random_decision(self, rng):
        return dict(host=rng.getrandbits(1), cause=rng.getrandbits(8), flags=rng.getrandbits(8),
                    site=rng.getrandbits(32), samples=rng.getrandbits(16), latency=rng.getrandbits(16),
                    events=rng.getrandbits(16), network_latency=rng.getrandbits(16), sum=rng.getrandbits(32),
                    data=rng.getrandbits(self.count * self.width), **{"class": rng.getrandbits(8)})

    def random_pixel(self, rng):
        return dict(clipped=rng.getrandbits(1), site=rng.getrandbits(32), samples=rng.getrandbits(16),
                    latency=rng.getrandbits(16), events=rng.getrandbits(16), sum=rng.getrandbits(32))

    async def step(self, decision=None, pixel=None, trip=None, end=None, site=0):
        """One clock with what happens in it; the record that leaves is kept."""
        dut = self.dut
        dut.time_i.value = self.clock
        dut.decision_valid_i.value, dut.pixel_valid_i.value = int(decision is not None), int(pixel is not None)
        for prefix, values in (("decision", decision or {}), ("pixel", pixel or {})):
            for name, value in values.items():
                getattr(dut, f"{prefix}_{name}_i").value = value
        dut.trip_i.value, dut.trip_causes_i.value = int(trip is not None), trip or 0
        dut.end_i.value, dut.end_aborted_i.value = int(end is not None), end or 0
        dut.site_i.value = site
        ready = int(self.ready(self.clock))
        dut.event_ready_i.value = ready
        await edge(dut)
        if ready and int(dut.event_valid_o.value):
            self.events.append(Event.parse(int(dut.event_data_o.value)))
        self.clock += 1

    def decided(self, d, time, number):
        outputs = [signed(d["data"] >> self.width * k, self.width) for k in range(min(self.count, 8))]
        limit = 2**31 - 1
        outputs = [max(-limit - 1, min(limit, y)) for y in outputs]
        return Event(VECTOR if d["host"] else DECISION, d["class"], d["cause"], d["flags"], d["site"], time,
                     d["samples"], d["latency"], d["events"], d["network_latency"], signed(d["sum"], 32),
                     tuple((outputs + [0] * 8)[:8]), number)

    def pixel(self, p, time, number):
        return Event(PIXEL, 255, FIXED, p["clipped"] << 1, p["site"], time, p["samples"], p["latency"], p["events"],
                     0, signed(p["sum"], 32), (0,) * 8, number)


@cocotb.test()
async def test_records_are_laid_out_as_drawn(dut):
    rng, harness = seeded(dut), Harness(dut)
    await start(dut, unblanked_run_i=0x1_0000_0007)
    expected = []
    for number in range(40):
        time = harness.clock
        if number % 2:
            decision = harness.random_decision(rng)
            await harness.step(decision=decision)
            expected.append(harness.decided(decision, time, number))
        else:
            pixel = harness.random_pixel(rng)
            await harness.step(pixel=pixel)
            expected.append(harness.pixel(pixel, time, number))
        for _ in range(3):
            await harness.step()
    time = harness.clock
    await harness.step(trip=0xA24, site=9)
    await harness.step()
    await harness.step(end=1, site=10)
    await harness.step()
    await harness.step(end=0, site=11)
    for _ in range(5):
        await harness.step()
    empty = dict(class_number=255, flags=0, samples=0, latency=0, events=0, network_latency=0, sum=0,
                 outputs=(7, 1) + (0,) * 6)
    tripped = empty | {"outputs": (7, 1, 0xA24) + (0,) * 5}
    expected += [Event(kind=TRIP, cause=0x24, site=9, time=time - 1, number=40, **tripped),
                 Event(kind=END, cause=ABORTED, site=10, time=time + 2, number=41, **empty),
                 Event(kind=END, cause=NONE, site=11, time=time + 4, number=42, **empty)]
    assert harness.events == expected


@cocotb.test()
async def test_what_happens_at_once_comes_out_in_order_of_rank(dut):
    rng, harness = seeded(dut), Harness(dut)
    await start(dut)
    await harness.step(decision=harness.random_decision(rng) | {"host": 0}, pixel=harness.random_pixel(rng), trip=1,
                       end=0)
    for _ in range(8):
        await harness.step()
    assert [event.kind for event in harness.events] == [DECISION, PIXEL, TRIP, END]
    assert [event.number for event in harness.events] == [0, 1, 2, 3]
    assert int(dut.pending_o.value) == 0


@cocotb.test()
async def test_numbers_have_no_gaps_except_counted_drops(dut):
    """Under every backpressure pattern: what comes out has rising numbers, and the gaps are the drops."""
    rng, harness = seeded(dut), Harness(dut)
    await start(dut)
    for name, ready in list(patterns(rng).items()) + [("never", lambda clock: 0)]:
        harness.ready, harness.events = ready, []
        first = int(dut.numbered_o.value)
        dut.clear_counters_i.value = 1
        await harness.step()
        dut.clear_counters_i.value = 0
        made = 0
        for _ in range(150):
            decision = harness.random_decision(rng) if rng.random() < 0.4 else None
            pixel = harness.random_pixel(rng) if rng.random() < 0.3 else None
            made += (decision is not None) + (pixel is not None)
            await harness.step(decision=decision, pixel=pixel)
        harness.ready = lambda clock: 1
        for _ in range(30):
            await harness.step()
        numbers = [event.number for event in harness.events]
        assert numbers == sorted(set(numbers)), name
        assert int(dut.numbered_o.value) - first == made, name
        assert len(numbers) + int(dut.dropped_o.value) == made, name
        assert int(dut.dropped_o.value) > 0 or name not in ("never", "rarely"), name
        assert all(first <= number < first + made for number in numbers)


@cocotb.test()
async def test_when_full_the_newest_is_dropped(dut):
    rng, harness = seeded(dut), Harness(dut)
    await start(dut)
    harness.ready = lambda clock: 0
    for _ in range(12):
        await harness.step(decision=harness.random_decision(rng) | {"host": 0})
    await harness.step()
    assert int(dut.level_o.value) == 8 and int(dut.dropped_o.value) == 4
    harness.ready = lambda clock: 1
    for _ in range(12):
        await harness.step()
    assert [event.number for event in harness.events] == list(range(8))
    await harness.step(decision=harness.random_decision(rng))
    for _ in range(3):
        await harness.step()
    assert harness.events[-1].number == 12


@cocotb.test()
async def test_reserved_room_is_left_to_host_vectors(dut):
    rng, harness = seeded(dut), Harness(dut)
    await start(dut, reserved_i=5)
    harness.ready = lambda clock: 0
    for _ in range(6):
        await harness.step(pixel=harness.random_pixel(rng))
    for _ in range(3):
        await harness.step()
    assert int(dut.level_o.value) == 3 and int(dut.dropped_o.value) == 3
    for _ in range(5):
        await harness.step(decision=harness.random_decision(rng))
    await harness.step()
    assert int(dut.level_o.value) == 8 and int(dut.dropped_o.value) == 3


@cocotb.test()
async def test_trips_and_ends_are_never_dropped_and_say_how_many_were(dut):
    """Nobody reads while far too much happens; then a trip and an end come. They come out behind what had room, with the
    number and the count of the drops before them."""
    rng, harness = seeded(dut), Harness(dut)
    await start(dut)
    harness.ready = lambda clock: 0
    for _ in range(40):
        await harness.step(decision=harness.random_decision(rng) | {"host": 0}, pixel=harness.random_pixel(rng))
    for _ in range(6):
        await harness.step()
    dropped = int(dut.dropped_o.value)
    assert int(dut.numbered_o.value) == 80 and dropped == 80 - 8
    await harness.step(trip=2, end=1)
    for _ in range(4):
        await harness.step()
    for _ in range(20):
        await harness.step(decision=harness.random_decision(rng) | {"host": 0})
    assert int(dut.level_o.value) == 10
    harness.ready = lambda clock: 1
    for _ in range(12):
        await harness.step()
    kinds = [(event.kind, event.number, event.outputs[3]) for event in harness.events[8:]]
    assert kinds == [(TRIP, 80, dropped), (END, 81, dropped)]
    assert int(dut.dropped_o.value) == dropped + 20


@cocotb.test()
async def test_trips_and_ends_without_a_place_wait_for_one(dut):
    rng, harness = seeded(dut), Harness(dut)
    await start(dut)
    harness.ready = lambda clock: 0
    for _ in range(9):
        await harness.step(decision=harness.random_decision(rng) | {"host": 0})
    for number in range(2):
        await harness.step(end=0, site=number)
        await harness.step()
    await harness.step()
    assert int(dut.level_o.value) == 10
    await harness.step(trip=1, end=1, site=7)
    await harness.step()
    assert int(dut.pending_o.value) == 0, "nothing can be written, so host vectors need not pause for it"
    await harness.step(decision=harness.random_decision(rng) | {"host": 0})
    await harness.step(trip=4, site=8)     # replaces the trip that waits
    await harness.step(end=0, site=9)      # and this the end
    await harness.step()
    assert (int(dut.numbered_o.value), int(dut.dropped_o.value)) == (9 + 2 + 1 + 2, 1 + 1 + 2)
    harness.ready = lambda clock: 1
    for _ in range(16):
        await harness.step()
    assert [(event.kind, event.site, event.number, event.outputs[3]) for event in harness.events[8:]] == [
        (END, 0, 9, 1), (END, 1, 10, 1), (TRIP, 8, 14, 4), (END, 9, 15, 4)]


@cocotb.test()
async def test_closing_records_leave_the_room_of_host_vectors_alone(dut):
    rng, harness = seeded(dut), Harness(dut)
    await start(dut, reserved_i=8)
    harness.ready = lambda clock: 0
    for _ in range(3):
        await harness.step(trip=1, end=0)
        await harness.step()
        await harness.step()
    assert int(dut.level_o.value) == 2
    for left in range(8):
        dut.reserved_i.value = 7 - left
        await harness.step(decision=harness.random_decision(rng) | {"host": 1})
    await harness.step()
    assert int(dut.level_o.value) == 10
    harness.ready = lambda clock: 1
    for _ in range(16):
        await harness.step()
    numbers = [event.number for event in harness.events]
    assert [event.kind for event in harness.events] == [TRIP, END] + [VECTOR] * 8 + [TRIP, END]
    assert len(numbers) + int(dut.dropped_o.value) == int(dut.numbered_o.value)
