"""The AXI4-Lite slave against a master that shares no code with it: cocotbext-axi."""
import itertools

import cocotb
import pytest
from bench import seeded
from clocks import PERIODS, FreeClock, edges
from simulator import Bench

axi = pytest.importorskip("cocotbext.axi", reason="needs cocotbext-axi (tools/setup.sh test)")

BENCHES = [Bench("axi_lite_peer", [*(f"rtl/common/cdc/{unit}.sv" for unit in ("synchronizer", "word_crossing")),
                                   "rtl/card/bus/axi_lite.sv", "rtl/card/bus/register_link.sv",
                                   "tests/rtl/axi_lite_peer.sv"])]


async def begin(dut, rng, periods, master=None):
    dut.rst_ni.value = 0
    clocks = FreeClock(dut.bus_clk_i, periods[0], rng).go(), FreeClock(dut.core_clk_i, periods[1], rng).go()
    master = master or axi.AxiLiteMaster(axi.AxiLiteBus.from_prefix(dut, "s_axi"), dut.bus_clk_i, dut.rst_ni,
                                         reset_active_level=False)
    for clock in clocks:
        await edges(clock, 3)
    dut.rst_ni.value = 1
    await edges(clocks[0], 5)
    return clocks, master


@cocotb.test()
async def test_words_of_a_foreign_master_come_and_go(dut):
    rng, master = seeded(dut), None
    for periods in PERIODS:
        clocks, master = await begin(dut, rng, periods, master)
        for channel in (master.write_if.aw_channel, master.write_if.w_channel, master.write_if.b_channel,
                        master.read_if.ar_channel, master.read_if.r_channel):
            channel.set_pause_generator(itertools.cycle([rng.getrandbits(1) for _ in range(7)] + [0]))
        model = [rng.getrandbits(32) for _ in range(64)]
        for k in rng.sample(range(64), 64):
            await master.write_dword(4 * k, model[k])
        for k in rng.sample(range(64), 64):
            assert await master.read_dword(4 * k) == model[k]
        # Single words, of which this master looks at no response before it has sent them all: it needs room for two
        # responses, so a longer block would wait for itself.
        block = bytes(rng.getrandbits(8) for _ in range(16))
        assert (await master.write(64, block)).resp == axi.AxiResp.OKAY
        assert (await master.read(64, 16)).data == block
        for clock in clocks:
            clock.stop()


@cocotb.test()
async def test_a_foreign_master_is_told_what_is_refused(dut):
    clocks, master = await begin(dut, seeded(dut), (4000, 7300))
    await master.write_dword(8, 0x11223344)
    assert (await master.write(8, b"\xFF")).resp == axi.AxiResp.SLVERR, "one byte of a word"
    assert (await master.read(0x100, 4)).resp == axi.AxiResp.SLVERR, "beyond the registers"
    assert (await master.write(0x100, bytes(4))).resp == axi.AxiResp.SLVERR
    assert await master.read_dword(8) == 0x11223344
