"""Behaviours: reset begins without a clock; it ends at the second edge; a stopped clock keeps it; a short
reset counts whole."""
import cocotb
from bench import seeded
from clocks import FreeClock
from cocotb.triggers import ReadOnly, RisingEdge, Timer
from simulator import Bench

BENCHES = [Bench("reset_synchronizer", ["rtl/common/cdc/reset_synchronizer.sv"])]


@cocotb.test()
async def test_reset_begins_at_once_and_ends_at_the_second_edge(dut):
    rng = seeded(dut)
    dut.rst_ni.value = 0
    clock = FreeClock(dut.clk_i, 4000, rng).go()
    for _ in range(50):
        await Timer(rng.randrange(1, 9000), "ps")
        dut.rst_ni.value = 1
        for seen in (0, 0, 1, 1):
            await RisingEdge(dut.clk_i)
            assert int(dut.rst_no.value) == seen
        await Timer(rng.randrange(1, 9000), "ps")
        dut.rst_ni.value = 0
        await ReadOnly()
        assert int(dut.rst_no.value) == 0, "no clock is needed"
    clock.stop()


@cocotb.test()
async def test_a_stopped_clock_keeps_it_in_reset(dut):
    rng = seeded(dut)
    dut.rst_ni.value = 0
    clock = FreeClock(dut.clk_i, 4000, rng)
    await Timer(20, "ns")
    dut.rst_ni.value = 1
    await Timer(1, "us")
    assert int(dut.rst_no.value) == 0
    clock.go()
    for _ in range(3):
        await RisingEdge(dut.clk_i)
    assert int(dut.rst_no.value) == 1
    clock.stop()
    await Timer(20, "ns")
    dut.rst_ni.value = 0
    await Timer(1, "ps")
    dut.rst_ni.value = 1
    await Timer(1, "us")
    assert int(dut.rst_no.value) == 0, "a reset shorter than a clock, without a clock, still counts"
