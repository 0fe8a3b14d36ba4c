import cocotb
from bench import edge, settle, start
from cocotb.triggers import Timer
from simulator import Bench

BENCHES = [Bench("synchronizer", ["rtl/common/cdc/synchronizer.sv"], {"ResetValue": v}) for v in (0, 1)]


@cocotb.test()
async def test_a_level_comes_through_at_the_second_edge(dut):
    idle = int(dut.ResetValue.value)
    await start(dut, level_i=idle)
    await Timer(1, "ns")  # between edges
    dut.level_i.value = 1 - idle
    await edge(dut)
    assert int(dut.level_o.value) == idle
    await edge(dut)
    assert int(dut.level_o.value) == idle
    await settle()
    assert int(dut.level_o.value) == 1 - idle


@cocotb.test()
async def test_reset_gives_its_value_without_a_clock(dut):
    idle = int(dut.ResetValue.value)
    await start(dut, level_i=1 - idle)
    await edge(dut, 3)
    dut.rst_ni.value = 0
    await settle()
    assert int(dut.level_o.value) == idle
