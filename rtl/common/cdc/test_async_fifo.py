"""Behaviours: order and completeness under every pair of pauses and of clocks; what is shown stays; it
holds Depth entries and no more; latency; a clock that stops and goes on; one entry a clock; reset."""
import cocotb
from bench import pattern, patterns, seeded
from clocks import PERIODS, FreeClock, edges
from cocotb.triggers import RisingEdge, Timer
from cocotb.utils import get_sim_time
from simulator import Bench

WIDTH = 24
BENCHES = [Bench("async_fifo", [f"rtl/common/cdc/{unit}.sv" for unit in ("async_fifo", "synchronizer")],
                 {"Width": WIDTH, "Depth": depth}) for depth in (2, 8, 32)]
ALWAYS = pattern("1")


async def begin(dut, rng, periods):
    dut.in_rst_ni.value = dut.out_rst_ni.value = 0
    dut.in_valid_i.value = dut.in_data_i.value = dut.out_ready_i.value = 0
    clocks = FreeClock(dut.in_clk_i, periods[0], rng).go(), FreeClock(dut.out_clk_i, periods[1], rng).go()
    for clock in clocks:
        await edges(clock, 3)
    resets = [dut.in_rst_ni, dut.out_rst_ni]
    rng.shuffle(resets)
    resets[0].value = 1
    await Timer(rng.randrange(1, 20000), "ps")
    resets[1].value = 1
    await edges(clocks[0], 3)
    await edges(clocks[1], 3)
    return clocks


async def send(dut, items, offer, times):
    """Offers items; an offered item stays until it is taken."""
    holding, clock = False, 0
    while len(times) < len(items):
        holding = holding or bool(offer(clock))
        dut.in_valid_i.value = int(holding)
        dut.in_data_i.value = items[len(times)] if holding else 0xA5A5A5
        await RisingEdge(dut.in_clk_i)
        clock += 1
        if holding and int(dut.in_ready_o.value):
            times.append(get_sim_time("ps"))
            holding = False
    dut.in_valid_i.value = 0


async def take(dut, accept, got):
    """Takes items; checks that what is shown stays until taken. got: (time first shown, time taken, item)."""
    held, since, clock = None, 0, 0
    while True:
        ready = int(accept(clock))
        dut.out_ready_i.value = ready
        await RisingEdge(dut.out_clk_i)
        clock += 1
        if int(dut.out_valid_o.value):
            item = int(dut.out_data_o.value)
            assert held is None or item == held, "an entry changed before it was taken"
            since = get_sim_time("ps") if held is None else since
            held = None if ready else item
            if ready:
                got.append((since, get_sim_time("ps"), item))
        else:
            assert held is None, "an entry went away before it was taken"


def halt(task, clocks):
    task.cancel()
    for clock in clocks:
        clock.stop()


@cocotb.test()
async def test_order_is_kept_and_nothing_lost_under_every_pause_and_clock(dut):
    rng = seeded(dut)
    for periods in PERIODS:
        for offer_name, offer in patterns(rng).items():
            for accept_name, accept in patterns(rng).items():
                clocks = await begin(dut, rng, periods)
                items = [rng.getrandbits(WIDTH) for _ in range(40)]
                times, got = [], []
                sink = cocotb.start_soon(take(dut, accept, got))
                await send(dut, items, offer, times)
                for _ in range(3000):
                    if len(got) == len(items):
                        break
                    await edges(clocks[1], 1)
                await edges(clocks[1], 20)
                assert [item for _, _, item in got] == items, (periods, offer_name, accept_name)
                halt(sink, clocks)


@cocotb.test()
async def test_it_holds_depth_entries_and_then_is_not_ready(dut):
    rng, depth = seeded(dut), int(dut.Depth.value)
    clocks = await begin(dut, rng, (4000, 7300))
    for entry in range(depth):
        dut.in_valid_i.value, dut.in_data_i.value = 1, 100 + entry
        await RisingEdge(dut.in_clk_i)
        assert int(dut.in_ready_o.value) == 1
    for _ in range(20):
        await RisingEdge(dut.in_clk_i)
        assert int(dut.in_ready_o.value) == 0, "a full queue takes nothing"
    dut.in_valid_i.value = 0
    got = []
    sink = cocotb.start_soon(take(dut, ALWAYS, got))
    await edges(clocks[1], depth + 5)
    assert [item for _, _, item in got] == [100 + entry for entry in range(depth)]
    await edges(clocks[0], 6)
    assert int(dut.in_ready_o.value) == 1
    halt(sink, clocks)


@cocotb.test()
async def test_an_entry_shows_after_the_second_edge_or_the_third(dut):
    rng = seeded(dut)
    for periods in PERIODS:
        clocks = await begin(dut, rng, periods)
        edge_times, times, got = [], [], []

        async def note():
            while True:
                await RisingEdge(dut.out_clk_i)
                edge_times.append(get_sim_time("ps"))

        notes, sink = cocotb.start_soon(note()), cocotb.start_soon(take(dut, ALWAYS, got))
        for item in range(30):
            await Timer(rng.randrange(1, 12 * max(periods)), "ps")
            await send(dut, [item], ALWAYS, times)
            times.clear()
            taken = get_sim_time("ps")
            await Timer(8 * max(periods), "ps")
            after = [time for time in edge_times if time > taken]
            assert got[-1][0] == after[2], "two edges, then the third sees it"
        notes.cancel()
        halt(sink, clocks)


@cocotb.test()
async def test_one_entry_a_clock_of_the_slower_side(dut):
    rng, depth = seeded(dut), int(dut.Depth.value)
    if depth < 8:
        return
    for periods in PERIODS:
        clocks = await begin(dut, rng, periods)
        times, got = [], []
        sink = cocotb.start_soon(take(dut, ALWAYS, got))
        await send(dut, list(range(300)), ALWAYS, times)
        await edges(clocks[1], 40)
        passed = got[-1][1] - got[50][1]
        assert len(got) == 300 and passed < 249 * max(periods) * 1.06, periods
        halt(sink, clocks)


@cocotb.test()
async def test_a_clock_may_stop_on_either_side_and_go_on(dut):
    rng = seeded(dut)
    for stopped in (0, 1):
        clocks = await begin(dut, rng, (4000, 5100))
        items = [rng.getrandbits(WIDTH) for _ in range(200)]
        times, got = [], []
        sink = cocotb.start_soon(take(dut, patterns(rng)["random"], got))
        source = cocotb.start_soon(send(dut, items, patterns(rng)["1110"], times))
        for _ in range(8):
            await Timer(rng.randrange(1, 60000), "ps")
            clocks[stopped].stop()
            await Timer(rng.randrange(1, 200000), "ps")
            clocks[stopped].go()
        await source
        await edges(clocks[1], 100)
        assert [item for _, _, item in got] == items
        halt(sink, clocks)


@cocotb.test()
async def test_reset_of_both_sides_empties_it_at_any_moment(dut):
    rng = seeded(dut)
    for periods in PERIODS:
        for _ in range(10):
            clocks = await begin(dut, rng, periods)
            times, got = [], []
            source = cocotb.start_soon(send(dut, [0xBAD] * 99, ALWAYS, times))
            await Timer(rng.randrange(1, 20 * max(periods)), "ps")
            source.cancel()
            for clock in clocks:
                clock.stop()
            clocks = await begin(dut, rng, periods)
            sink = cocotb.start_soon(take(dut, ALWAYS, got))
            times.clear()
            await send(dut, [1, 2, 3], ALWAYS, times)
            await edges(clocks[1], 20)
            assert [item for _, _, item in got] == [1, 2, 3]
            halt(sink, clocks)
