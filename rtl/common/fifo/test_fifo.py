import cocotb
from bench import edge, patterns, seeded, start, stream
from simulator import Bench

BENCHES = [Bench("fifo", ["rtl/common/fifo/fifo.sv"], {"Width": 16, "Depth": depth, "PassThrough": through})
           for depth in (1, 2, 5, 16) for through in (0, 1)]


def shape(dut):
    return int(dut.Depth.value), int(dut.PassThrough.value)


@cocotb.test()
async def test_order_is_kept_under_every_idle_and_backpressure_pattern(dut):
    rng = seeded(dut)
    await start(dut)
    for offer_name, offer in patterns(rng).items():
        for accept_name, accept in patterns(rng).items():
            items = [rng.getrandbits(16) for _ in range(40)]
            assert await stream(dut, items, offer, accept) == items, f"{offer_name} {accept_name}"
            await edge(dut)
            assert int(dut.level_o.value) == 0


@cocotb.test()
async def test_it_holds_depth_entries_and_then_is_not_ready(dut):
    depth, _ = shape(dut)
    await start(dut)
    for entry in range(depth):
        dut.in_valid_i.value, dut.in_data_i.value = 1, 100 + entry
        await edge(dut)
        assert int(dut.in_ready_o.value) == 1
        assert int(dut.level_o.value) == entry
    await edge(dut)
    assert int(dut.in_ready_o.value) == 0, "a full queue takes nothing"
    assert int(dut.level_o.value) == depth
    dut.in_valid_i.value, dut.out_ready_i.value = 0, 1
    for entry in range(depth):
        await edge(dut)
        assert (int(dut.out_valid_o.value), int(dut.out_data_o.value)) == (1, 100 + entry)
    await edge(dut)
    assert int(dut.out_valid_o.value) == 0


@cocotb.test()
async def test_latency_is_one_clock_and_none_when_passing_through(dut):
    _, through = shape(dut)
    await start(dut, out_ready_i=1)
    dut.in_valid_i.value, dut.in_data_i.value = 1, 77
    await edge(dut)
    assert int(dut.out_valid_o.value) == through
    if through:
        assert int(dut.out_data_o.value) == 77
    dut.in_valid_i.value = 0
    await edge(dut)
    assert int(dut.out_valid_o.value) == 1 - through
    if not through:
        assert int(dut.out_data_o.value) == 77


@cocotb.test()
async def test_one_entry_a_clock(dut):
    depth, through = shape(dut)
    await start(dut, out_ready_i=1)
    if depth == 1 and not through:
        return  # documented: every other clock
    items = list(range(50))
    received = []
    for item in items + [None]:
        dut.in_valid_i.value, dut.in_data_i.value = int(item is not None), item or 0
        await edge(dut)
        assert int(dut.in_ready_o.value) == 1
        if int(dut.out_valid_o.value):
            received.append(int(dut.out_data_o.value))
    assert received == items
