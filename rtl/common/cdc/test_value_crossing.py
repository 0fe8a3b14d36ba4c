"""Behaviours: what shows was there, whole, in the order it was there; the last one comes; a value that
stays long enough is not left out; nothing is announced that did not change; busy while the other clock
stands still."""
import cocotb
from bench import seeded
from clocks import PERIODS, FreeClock, edges
from cocotb.triggers import RisingEdge, Timer
from simulator import Bench

WIDTH = 32
BENCHES = [Bench("value_crossing", [f"rtl/common/cdc/{unit}.sv" for unit in ("value_crossing", "word_crossing",
                                                                               "synchronizer")], {"Width": WIDTH})]


async def begin(dut, rng, periods):
    dut.in_data_i.value = dut.in_rst_ni.value = dut.out_rst_ni.value = 0
    clocks = FreeClock(dut.in_clk_i, periods[0], rng).go(), FreeClock(dut.out_clk_i, periods[1], rng).go()
    for clock in clocks:
        await edges(clock, 3)
    dut.in_rst_ni.value = dut.out_rst_ni.value = 1
    return clocks


async def listen(dut, heard):
    while True:
        await RisingEdge(dut.out_clk_i)
        if int(dut.out_valid_o.value):
            heard.append(int(dut.out_data_o.value))


@cocotb.test()
async def test_what_shows_was_there_in_that_order_and_the_newest_comes(dut):
    rng = seeded(dut)
    for periods in PERIODS:
        clocks = await begin(dut, rng, periods)
        heard, given = [], []
        ear = cocotb.start_soon(listen(dut, heard))
        for _ in range(200):
            given.append(rng.getrandbits(WIDTH) | 1)
            dut.in_data_i.value = given[-1]
            await edges(clocks[0], rng.choice([1, 1, 2, 5]))
        await Timer(12 * sum(periods), "ps")
        assert heard and int(dut.out_data_o.value) == given[-1] == heard[-1]
        places = [given.index(value) for value in heard]
        assert places == sorted(places) and len(set(places)) == len(places), "in order, none twice"
        ear.cancel()
        for clock in clocks:
            clock.stop()


@cocotb.test()
async def test_a_value_that_stays_comes_and_is_announced_once(dut):
    rng = seeded(dut)
    for periods in PERIODS:
        clocks = await begin(dut, rng, periods)
        heard, given = [], []
        ear = cocotb.start_soon(listen(dut, heard))
        for count in range(1, 30):
            await RisingEdge(dut.in_clk_i)
            dut.in_data_i.value = count
            given.append(count)
            await Timer(7 * sum(periods), "ps")
        await Timer(20 * sum(periods), "ps")
        assert heard == given, periods
        ear.cancel()
        for clock in clocks:
            clock.stop()


@cocotb.test()
async def test_it_is_busy_while_the_other_clock_stands_still(dut):
    rng = seeded(dut)
    clocks = await begin(dut, rng, (4000, 7300))
    await edges(clocks[0], 5)
    assert int(dut.in_busy_o.value) == 0
    clocks[1].stop()
    dut.in_data_i.value = 5
    await edges(clocks[0], 2)
    for _ in range(100):
        await RisingEdge(dut.in_clk_i)
        assert int(dut.in_busy_o.value) == 1
    clocks[1].go()
    await edges(clocks[1], 8)
    assert int(dut.in_busy_o.value) == 0 and int(dut.out_data_o.value) == 5
