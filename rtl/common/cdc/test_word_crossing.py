"""Behaviours: words come whole, in order, none lost or doubled; a sender that waits or not; latency; the
value shown before the first; either side released first."""
import cocotb
from bench import patterns, seeded
from clocks import PERIODS, FreeClock, edges
from cocotb.triggers import RisingEdge, Timer
from cocotb.utils import get_sim_time
from simulator import Bench

WIDTH = 40
BENCHES = [Bench("word_crossing", [f"rtl/common/cdc/{unit}.sv" for unit in ("word_crossing", "synchronizer")],
                 {"Width": WIDTH})]


async def begin(dut, rng, periods):
    dut.in_valid_i.value = dut.in_data_i.value = dut.in_rst_ni.value = dut.out_rst_ni.value = 0
    clocks = FreeClock(dut.in_clk_i, periods[0], rng).go(), FreeClock(dut.out_clk_i, periods[1], rng).go()
    for clock in clocks:
        await edges(clock, 3)
    # Either side may leave reset first.
    resets = [dut.in_rst_ni, dut.out_rst_ni]
    rng.shuffle(resets)
    resets[0].value = 1
    await Timer(rng.randrange(1, 30000), "ps")
    resets[1].value = 1
    return clocks


async def send(dut, words, offer, times):
    holding = False
    clock = 0
    while words:
        holding = holding or bool(offer(clock))
        dut.in_valid_i.value = int(holding)
        dut.in_data_i.value = words[0] if holding else 0x5A5A5A5A5A
        await RisingEdge(dut.in_clk_i)
        clock += 1
        if holding and int(dut.in_ready_o.value):
            words.pop(0)
            times.append(get_sim_time("ps"))
            holding = False
    dut.in_valid_i.value = 0


async def listen(dut, heard):
    shown = int(dut.out_data_o.value)
    while True:
        await RisingEdge(dut.out_clk_i)
        if int(dut.out_valid_o.value):
            shown = int(dut.out_data_o.value)
            heard.append((get_sim_time("ps"), shown))
        assert int(dut.out_data_o.value) == shown, "the last word stays"


@cocotb.test()
async def test_words_come_whole_in_order_and_once(dut):
    rng = seeded(dut)
    for periods in PERIODS:
        for offer in patterns(rng).values():
            clocks = await begin(dut, rng, periods)
            heard, times = [], []
            ear = cocotb.start_soon(listen(dut, heard))
            words = [rng.getrandbits(WIDTH) for _ in range(25)]
            await send(dut, list(words), offer, times)
            await Timer(6 * sum(periods), "ps")
            assert [word for _, word in heard] == words, periods
            for sent, (arrived, _) in zip(times, heard):
                assert 2.5 * periods[1] < arrived - sent < 5.5 * periods[1]
            ear.cancel()
            for clock in clocks:
                clock.stop()


@cocotb.test()
async def test_the_reset_value_shows_until_a_word_has_come(dut):
    rng = seeded(dut)
    await begin(dut, rng, (4000, 4000))
    for _ in range(10):
        await RisingEdge(dut.out_clk_i)
        assert int(dut.out_data_o.value) == 0 and int(dut.out_valid_o.value) == 0
