"""Behaviours: each pulse far apart gives one; each pulse has one after it; no pulse without cause;
latency; the reset of both sides."""
import cocotb
from bench import seeded
from clocks import PERIODS, FreeClock, edges
from cocotb.triggers import RisingEdge, Timer
from cocotb.utils import get_sim_time
from simulator import Bench

BENCHES = [Bench("pulse_crossing", [f"rtl/common/cdc/{unit}.sv" for unit in ("pulse_crossing", "synchronizer")])]


async def begin(dut, rng, periods):
    dut.pulse_i.value = dut.in_rst_ni.value = dut.out_rst_ni.value = 0
    clocks = FreeClock(dut.in_clk_i, periods[0], rng).go(), FreeClock(dut.out_clk_i, periods[1], rng).go()
    for clock in clocks:
        await edges(clock, 3)
    dut.in_rst_ni.value = dut.out_rst_ni.value = 1
    return clocks


async def listen(dut, heard):
    """Notes (time, number of its edge) of each clock with pulse_o."""
    number = 0
    while True:
        await RisingEdge(dut.out_clk_i)
        if int(dut.pulse_o.value):
            heard.append((get_sim_time("ps"), number))
        number += 1


@cocotb.test()
async def test_pulses_far_apart_come_through_one_by_one(dut):
    rng = seeded(dut)
    for periods in PERIODS:
        clocks = await begin(dut, rng, periods)
        heard = []
        ear = cocotb.start_soon(listen(dut, heard))
        for sent in range(1, 30):
            await RisingEdge(dut.in_clk_i)
            dut.pulse_i.value = 1
            await RisingEdge(dut.in_clk_i)
            dut.pulse_i.value = 0
            taken = get_sim_time("ps")
            await Timer(6 * sum(periods), "ps")
            assert len(heard) == sent, periods
            # Set at the third edge after, seen by the fourth; the fifth when the first fell together.
            low, high = (edges_ * periods[1] for edges_ in (2.5, 5.5))
            assert low < heard[-1][0] - taken < high, periods
        ear.cancel()
        for clock in clocks:
            clock.stop()


@cocotb.test()
async def test_every_pulse_has_one_after_it_and_none_comes_without(dut):
    rng = seeded(dut)
    for periods in PERIODS:
        for share in (0.02, 0.2, 1.0):
            clocks = await begin(dut, rng, periods)
            heard, sent = [], []
            ear = cocotb.start_soon(listen(dut, heard))
            for _ in range(400):
                pulse = int(rng.random() < share)
                dut.pulse_i.value = pulse
                await RisingEdge(dut.in_clk_i)
                if pulse:
                    sent.append(get_sim_time("ps"))
            dut.pulse_i.value = 0
            await Timer(12 * sum(periods), "ps")
            assert 0 < len(heard) <= len(sent)
            previous = 0
            for time, _ in heard:
                assert any(previous - 6 * periods[1] < s < time for s in sent), "a pulse out of nothing"
                previous = time
            for s in sent:
                assert any(s < time for time, _ in heard), "a pulse without one after it"
            ear.cancel()
            for clock in clocks:
                clock.stop()


@cocotb.test()
async def test_reset_of_both_sides_forgets_a_pulse_under_way(dut):
    rng = seeded(dut)
    clocks = await begin(dut, rng, (4000, 7300))
    heard = []
    cocotb.start_soon(listen(dut, heard))
    for _ in range(20):
        await RisingEdge(dut.in_clk_i)
        dut.pulse_i.value = 1
        await RisingEdge(dut.in_clk_i)
        dut.pulse_i.value = 0
        await RisingEdge(dut.in_clk_i)
        dut.in_rst_ni.value = dut.out_rst_ni.value = 0
        await Timer(rng.randrange(100, 9000), "ps")
        first, second = rng.sample([dut.in_rst_ni, dut.out_rst_ni], 2)
        first.value = 1
        await edges(clocks[rng.randrange(2)], 3)
        second.value = 1
        heard.clear()
        await Timer(100, "ns")
        assert not heard
