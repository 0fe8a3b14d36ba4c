"""Behaviours: each request acts once, in order, and has its answer, whatever the two clocks do; the clocks
it takes; a core clock that stops and goes on."""
import cocotb
from bench import seeded
from clocks import PERIODS, FreeClock, edges
from cocotb.triggers import ReadOnly, RisingEdge, Timer
from cocotb.utils import get_sim_time
from simulator import Bench

BENCHES = [Bench("register_link", [*("rtl/common/cdc/" + unit for unit in ("word_crossing.sv", "synchronizer.sv")),
                                   "rtl/card/bus/register_link.sv"])]


class Core:
    """The core's register bus: data in the clock after the read."""

    def __init__(self, dut):
        self.dut, self.memory, self.log = dut, {}, []
        dut.bus_rdata_i.value = 0
        self.task = cocotb.start_soon(self._run())

    async def _run(self):
        dut = self.dut
        while True:
            await RisingEdge(dut.core_clk_i)
            write, read, address = (int(port.value) for port in (dut.bus_write_o, dut.bus_read_o, dut.bus_address_o))
            assert not (write and read)
            if write:
                self.memory[address] = int(dut.bus_wdata_o.value)
            if read:
                dut.bus_rdata_i.value = self.memory.get(address, 0)
            if write or read:
                self.log.append((get_sim_time("ps"), write, address))


async def begin(dut, rng, periods):
    dut.bus_rst_ni.value = dut.core_rst_ni.value = dut.request_valid_i.value = 0
    clocks = FreeClock(dut.bus_clk_i, periods[0], rng).go(), FreeClock(dut.core_clk_i, periods[1], rng).go()
    for clock in clocks:
        await edges(clock, 3)
    dut.bus_rst_ni.value = dut.core_rst_ni.value = 1
    await edges(clocks[0], 3)
    return clocks, Core(dut)


async def access(dut, write, address, data=0):
    """(time of the request, answer)"""
    dut.request_valid_i.value = 1
    dut.request_write_i.value, dut.request_address_i.value, dut.request_data_i.value = write, address, data
    while True:
        await RisingEdge(dut.bus_clk_i)
        if int(dut.request_ready_o.value):
            break
    asked = get_sim_time("ps")
    dut.request_valid_i.value = 0
    while True:
        await RisingEdge(dut.bus_clk_i)
        if int(dut.answer_valid_o.value):
            return asked, int(dut.answer_data_o.value)


@cocotb.test()
async def test_each_access_acts_once_and_is_answered(dut):
    rng = seeded(dut)
    for periods in PERIODS:
        clocks, core = await begin(dut, rng, periods)
        model, asked = {}, []
        for _ in range(60):
            address, write = 4 * rng.randrange(8), rng.getrandbits(1)
            data = rng.getrandbits(32)
            time, answer = await access(dut, write, address, data)
            asked.append((time, write, address))
            if write:
                model[address] = data
            else:
                assert answer == model.get(address, 0)
            if rng.random() < 0.3:
                await edges(clocks[0], rng.randrange(1, 5))
        assert [entry[1:] for entry in core.log] == [entry[1:] for entry in asked]
        for (time, *_), (acted, *_) in zip(asked, core.log):
            assert 2.5 * periods[1] < acted - time < 5.5 * periods[1]
        core.task.cancel()
        for clock in clocks:
            clock.stop()


@cocotb.test()
async def test_a_core_that_stops_answers_when_it_goes_on(dut):
    rng = seeded(dut)
    clocks, core = await begin(dut, rng, (4000, 5100))
    clocks[1].stop()
    waiting = cocotb.start_soon(access(dut, 1, 8, 77))
    await Timer(2, "us")
    assert not waiting.done() and not core.log
    clocks[1].go()
    await waiting
    assert core.memory == {8: 77}


@cocotb.test()
async def test_nothing_acts_while_the_core_is_in_reset(dut):
    rng = seeded(dut)
    clocks, core = await begin(dut, rng, (4000, 5100))
    dut.core_rst_ni.value = dut.bus_rst_ni.value = 0
    dut.request_valid_i.value = 1
    await Timer(200, "ns")
    await ReadOnly()
    assert not core.log and int(dut.bus_write_o.value) == int(dut.bus_read_o.value) == 0
