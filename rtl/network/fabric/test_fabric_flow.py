import random

import cocotb
from bench import edge, patterns, seeded, start
from simulator import Bench

BENCHES = [Bench("fabric_flow", ["rtl/network/fabric/fabric_flow.sv", "rtl/common/fifo/fifo.sv"],
                 {"Latency": latency, "DataBits": 16}) for latency in (0, 1, 3, 12)]


class Core:
    """A core that runs free: its output is made from the vector that was at its input latency clocks
    ago, and is noise where no vector was taken."""

    def __init__(self, dut):
        self.dut, self.latency = dut, int(dut.Latency.value)
        self.pipe = [None] * self.latency

    def drive(self, vector):
        """Call with the vector that stands at the input before an edge (None: none)."""
        shown = vector if self.latency == 0 else self.pipe[-1]
        self.dut.core_data_i.value = random.getrandbits(16) if shown is None else shown ^ 0x5A5A

    def clock(self, taken):
        if self.latency:
            self.pipe = [taken] + self.pipe[:-1]


async def send(dut, vectors, offer, accept):
    core = Core(dut)
    received, sent, holding, held, clock = [], 0, False, None, 0
    taken_at, left_at = [], []
    while len(received) < len(vectors):
        if not holding:
            holding = sent < len(vectors) and bool(offer(clock))
        ready = accept(clock)
        dut.in_valid_i.value, dut.out_ready_i.value = int(holding), ready
        core.drive(vectors[sent] if holding else None)
        await edge(dut)
        take = holding and int(dut.in_ready_o.value)
        core.clock(vectors[sent] if take else None)
        if take:
            taken_at.append(clock)
            sent, holding = sent + 1, False
        if int(dut.out_valid_o.value):
            data = int(dut.out_data_o.value)
            assert held is None or data == held, "a result changed before it was taken"
            held = None if ready else data
            if ready:
                received.append(data)
                left_at.append(clock)
        else:
            assert held is None, "a result went away before it was taken"
        clock += 1
        assert clock < 20000, "results are missing"
    dut.in_valid_i.value = 0
    dut.out_ready_i.value = 1
    for _ in range(int(dut.Latency.value) + 2):
        core.drive(None)
        await edge(dut)
        core.clock(None)
        assert int(dut.out_valid_o.value) == 0, "more results than vectors"
    return received, taken_at, left_at


@cocotb.test()
async def test_every_vector_has_its_result_in_order_under_every_pattern(dut):
    rng = seeded(dut)
    await start(dut)
    for offer_name, offer in patterns(rng).items():
        for accept_name, accept in patterns(rng).items():
            vectors = [rng.getrandbits(16) for _ in range(30)]
            received, _, _ = await send(dut, vectors, offer, accept)
            assert received == [v ^ 0x5A5A for v in vectors], f"{offer_name} {accept_name}"


@cocotb.test()
async def test_one_vector_a_clock_at_the_latency_of_the_core(dut):
    rng = seeded(dut)
    await start(dut)
    vectors = [rng.getrandbits(16) for _ in range(60)]
    always = patterns(rng)["always"]
    _, taken, left = await send(dut, vectors, always, always)
    assert taken == list(range(60)), "a vector had to wait"
    assert [b - a for a, b in zip(taken, left)] == [int(dut.Latency.value)] * 60


@cocotb.test()
async def test_without_a_taker_it_stops_taking_and_loses_nothing(dut):
    latency = int(dut.Latency.value)
    await start(dut)
    core, taken, value = Core(dut), [], 1
    for _ in range(3 * latency + 5):
        dut.in_valid_i.value = 1
        core.drive(value)
        await edge(dut)
        take = int(dut.in_ready_o.value)
        core.clock(value if take else None)
        if take:
            taken.append(value)
            value += 1
    assert len(taken) == latency + 1
    dut.in_valid_i.value, dut.out_ready_i.value = 0, 1
    received = []
    for _ in range(2 * latency + 4):
        core.drive(None)
        await edge(dut)
        core.clock(None)
        if int(dut.out_valid_o.value):
            received.append(int(dut.out_data_o.value) ^ 0x5A5A)
    assert received == taken
