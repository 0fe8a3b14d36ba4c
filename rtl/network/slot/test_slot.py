import cocotb
from bench import edge, patterns, seeded, settle, start
from simulator import Bench, stand_in
from stand_in_model import SHAPES

BENCHES = [Bench("slot", stand_in(name) + ["rtl/network/slot/slot.sv", "rtl/common/fifo/fifo.sv"],
                 {"TagBits": 24, "TagDepth": SHAPES[name].latency + 4}, name,
                 tests=".*without_six_features.*|.*host.*" if name == "wide" else "(?!.*without_six).*")
           for name in ("narrow", "wide", "tiny")]


def shape(dut):
    return next(s for s in SHAPES.values() if s.in_bits == len(dut.host_data_i))


def features(shape_, values):
    return shape_.pack(values)  # the first features are the lowest bits of the vector


class Results:
    """Steps the clock, and keeps each result with the clock in which it showed."""

    def __init__(self, dut):
        self.dut, self.clock, self.seen, self.taken, self.replaced = dut, 0, [], 0, 0

    async def step(self, vector=None, tag=0, stall=0, clear=0):
        dut = self.dut
        dut.time_i.value = self.clock
        dut.stall_i.value, dut.clear_i.value = stall, clear
        dut.vector_valid_i.value = int(vector is not None)
        if vector is not None:
            dut.vector_data_i.value, dut.vector_tag_i.value = features(shape(dut), vector), tag
        else:
            dut.vector_data_i.value, dut.vector_tag_i.value = 0x1234, 0xFFFFFF
        await edge(dut)
        self.taken += int(dut.taken_o.value)
        self.replaced += int(dut.replaced_o.value)
        assert int(dut.error_o.value) == 0
        if int(dut.result_valid_o.value):
            self.seen.append((self.clock, int(dut.result_tag_o.value),
                              shape(dut).unpack(int(dut.result_data_o.value)), int(dut.result_live_o.value),
                              int(dut.result_latency_o.value)))
        self.clock += 1


@cocotb.test()
async def test_an_idle_slot_adds_no_clock_to_the_network(dut):
    rng, own = seeded(dut), shape(dut)
    await start(dut)
    results = Results(dut)
    for tag in range(20):
        at, vector = results.clock, own.random_inputs(rng)
        await results.step(vector, tag)
        for _ in range(own.latency + rng.randrange(3)):
            await results.step()
        assert results.seen[-1] == (at + own.latency, tag, own.compute(vector), 1, own.latency)
    assert len(results.seen) == 20 and results.replaced == 0
    assert int(dut.latency_min_o.value) == int(dut.latency_max_o.value) == own.latency


@cocotb.test()
async def test_one_vector_a_clock_needs_no_waiting(dut):
    rng, own = seeded(dut), shape(dut)
    await start(dut)
    results, vectors = Results(dut), [own.random_inputs(rng) for _ in range(50)]
    for tag, vector in enumerate(vectors):
        await results.step(vector, tag)
    for _ in range(own.latency):
        await results.step()
    assert [(seen[1], seen[2]) for seen in results.seen] == [(i, own.compute(v)) for i, v in enumerate(vectors)]
    assert results.replaced == 0 and results.taken == 50


@cocotb.test()
async def test_newest_vector_replaces_the_waiting_one(dut):
    own = shape(dut)
    await start(dut)
    results = Results(dut)
    for tag in (1, 2, 3):
        await results.step([tag] * own.inputs, tag, stall=1)
    assert (results.taken, results.replaced) == (0, 2)
    for _ in range(own.latency + 2):
        await results.step()
    assert [(seen[1], seen[2]) for seen in results.seen] == [(3, own.compute([3] * own.inputs))]
    assert (results.taken, results.replaced) == (1, 2)


@cocotb.test()
async def test_a_vector_that_comes_as_the_waiting_one_leaves_waits_in_its_place(dut):
    own = shape(dut)
    await start(dut)
    results = Results(dut)
    await results.step([1] * own.inputs, 1, stall=1)
    await results.step([2] * own.inputs, 2)           # 1 enters the network, 2 waits
    await results.step([3] * own.inputs, 3, stall=1)  # 3 replaces 2
    for _ in range(own.latency + 2):
        await results.step()
    assert [seen[1] for seen in results.seen] == [1, 3]
    assert results.replaced == 1


@cocotb.test()
async def test_taken_and_replaced_vectors_equal_the_model_under_random_stalls(dut):
    rng, own = seeded(dut), shape(dut)
    await start(dut)
    for name, stalls in patterns(rng).items():
        results, waiting, expected, replaced = Results(dut), None, [], 0
        for tag in range(300):
            vector = own.random_inputs(rng) if rng.random() < 0.4 else None
            stall = stalls(tag)
            offered = waiting or (vector and (tag, vector))
            if offered and not stall:
                expected.append((tag + own.latency, offered[0], own.compute(offered[1]), 1, own.latency))
                waiting = (tag, vector) if waiting and vector else None
            elif vector:
                replaced += waiting is not None
                waiting = (tag, vector)
            await results.step(vector, tag, stall)
        await results.step(clear=1)
        for _ in range(own.latency):
            await results.step()
        live = [seen for seen in results.seen if seen[3]]
        dead = [seen[1:3] for seen in results.seen if not seen[3]]
        assert live + [s for s in results.seen if not s[3]] == results.seen
        assert live == expected[:len(live)], name
        assert dead == [wanted[1:3] for wanted in expected[len(live):]], name
        assert results.replaced == replaced, name


@cocotb.test()
async def test_clear_drops_the_waiting_vector_and_marks_results_under_way_as_dead(dut):
    own = shape(dut)
    await start(dut)
    results = Results(dut)
    for tag in (1, 2, 3):
        await results.step([tag] * own.inputs, tag)
    await results.step([4] * own.inputs, 4, stall=1)
    await results.step([5] * own.inputs, 5, clear=1)
    await results.step([6] * own.inputs, 6)
    for _ in range(own.latency + 3):
        await results.step()
    # What has come out by the edge of clear is alive; the rest under way is dead; what follows is alive.
    alive_before = [tag for tag in (1, 2, 3) if tag - 1 + own.latency <= 4]
    assert [seen[1] for seen in results.seen if seen[3]] == alive_before + [6]
    assert [seen[1] for seen in results.seen if not seen[3]] == [t for t in (1, 2, 3) if t not in alive_before]


@cocotb.test()
async def test_host_vectors_are_lossless_in_order_and_one_a_clock(dut):
    rng, own = seeded(dut), shape(dut)
    await start(dut, host_i=1)
    stalls = {"never": lambda _: 0} | {name: stall for name, stall in patterns(rng).items() if name != "always"}
    cases = [(offer, stall) for offer in patterns(rng).values() for stall in stalls.values()]
    for number, (offer, stall) in enumerate(cases):
        vectors = [own.random_inputs(rng) for _ in range(25)]
        received, sent, clock, holding = [], 0, 0, False
        while len(received) < len(vectors) and clock < 1000:
            holding = holding or (sent < len(vectors) and bool(offer(clock)))
            dut.host_valid_i.value = int(holding)
            dut.host_data_i.value = own.pack(vectors[min(sent, len(vectors) - 1)])
            dut.host_tag_i.value, dut.time_i.value = sent, clock
            dut.stall_i.value = stall(clock)
            dut.vector_valid_i.value = rng.getrandbits(1)  # the ADC goes on; nobody listens
            dut.clear_i.value = int(rng.random() < 0.1)    # a scan starts; not our concern
            await edge(dut)
            if holding and int(dut.host_ready_o.value):
                sent, holding = sent + 1, False
            if int(dut.result_valid_o.value):
                assert int(dut.result_host_o.value) == 1
                received.append((int(dut.result_tag_o.value), own.unpack(int(dut.result_data_o.value))))
            clock += 1
        dut.host_valid_i.value = 0
        assert received == [(i, own.compute(v)) for i, v in enumerate(vectors)], f"case {number}"
        if number == 0:
            assert clock == len(vectors) + own.latency, "one vector a clock"


@cocotb.test()
async def test_a_network_without_six_features_leaves_the_adc_out(dut):
    await start(dut)
    assert int(dut.adc_usable_o.value) == 0
    for _ in range(20):
        dut.vector_valid_i.value = 1
        await edge(dut)
        assert int(dut.taken_o.value) == 0 and int(dut.result_valid_o.value) == 0


@cocotb.test()
async def test_stall_holds_host_ready_in_the_same_clock(dut):
    await start(dut, host_i=1)
    await settle()
    assert int(dut.host_ready_o.value) == 1
    dut.stall_i.value = 1
    await settle()
    assert int(dut.host_ready_o.value) == 0


@cocotb.test()
async def test_a_test_vector_goes_last_and_its_result_is_nobody_elses(dut):
    rng, own = seeded(dut), shape(dut)
    await start(dut)
    for busy in (0.0, 0.5, 1.0):
        results, sent, tests, expected, offered = Results(dut), [], [], [], None
        for _ in range(150):
            offered = offered or (own.random_inputs(rng) if rng.random() < 0.3 else None)
            dut.test_valid_i.value = int(offered is not None)
            dut.test_data_i.value = own.pack(offered) if offered else 0
            vector = own.random_inputs(rng) if rng.random() < busy else None
            clear = int(rng.random() < 0.02)
            before = len(results.seen)
            await results.step(vector, len(sent), clear=clear)
            if vector and not clear:
                sent.append(own.compute(vector))
            if offered and int(dut.test_ready_o.value):
                assert vector is None or clear, "it waits for a clock in which nothing else wants to go in"
                expected.append(own.compute(offered))
                offered = None
            if int(dut.test_result_valid_o.value):
                assert len(results.seen) == before
                tests.append(own.unpack(int(dut.result_data_o.value)))
        dut.test_valid_i.value = 0
        for _ in range(own.latency + 8):
            await results.step()
            if int(dut.test_result_valid_o.value):
                tests.append(own.unpack(int(dut.result_data_o.value)))
        assert tests == expected, "every one, in order, through every clear"
        assert expected or busy == 1.0
        assert [seen[2] for seen in results.seen] == [sent[seen[1]] for seen in results.seen]
