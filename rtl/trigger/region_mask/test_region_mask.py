import cocotb
from bench import edge, seeded, settle, start
from simulator import Bench

BENCHES = [Bench("region_mask", ["rtl/trigger/region_mask/region_mask.sv"])]


async def write_mask(dut, words):
    dut.index_write_i.value, dut.write_data_i.value = 1, 0
    await edge(dut)
    dut.index_write_i.value, dut.data_write_i.value = 0, 1
    for word in words:
        dut.write_data_i.value = word
        await edge(dut)
    dut.data_write_i.value = 0


def cell(words, x, y):
    return words[4 * (y >> 10) + (x >> 14)] >> 2 * (x >> 10 & 15) & 3


@cocotb.test()
async def test_every_cell_is_found_at_its_place_with_a_lookup_every_clock(dut):
    rng = seeded(dut)
    await start(dut, enable_i=1)
    words = [rng.getrandbits(32) for _ in range(256)]
    await write_mask(dut, words)
    places = [(1024 * k % 65536 + rng.randrange(1024), 1024 * (k // 64) + rng.randrange(1024)) for k in range(4096)]
    rng.shuffle(places)
    before = None
    for x, y in places:
        dut.lookup_x_i.value, dut.lookup_y_i.value, dut.start_i.value = x, y, 1
        await settle()
        if before:
            assert int(dut.no_beam_next_o.value) == cell(words, *before) >> 1
        await edge(dut)
        await settle()
        if before:  # the dwell that started at this edge
            assert int(dut.no_beam_o.value) == cell(words, *before) >> 1
            assert int(dut.no_decision_o.value) == (cell(words, *before) != 0)
        before = (x, y)


@cocotb.test()
async def test_a_dwell_keeps_what_it_started_with_and_disabled_nothing_is_forbidden(dut):
    await start(dut, enable_i=1)
    await write_mask(dut, [0xFFFFFFFF] * 128 + [0] * 128)
    dut.lookup_y_i.value = 0
    await edge(dut)
    dut.start_i.value, dut.lookup_y_i.value = 1, 0x8000
    await edge(dut)
    dut.start_i.value = 0
    for _ in range(5):
        await edge(dut)
        assert int(dut.no_beam_next_o.value) == int(dut.no_beam_o.value) == int(dut.no_decision_o.value) == 1
    dut.start_i.value, dut.lookup_y_i.value = 1, 0
    await edge(dut)
    await settle()
    assert int(dut.no_beam_o.value) == 0
    dut.enable_i.value = 0
    for _ in range(3):
        await edge(dut)
        await settle()
        assert int(dut.no_beam_next_o.value) == int(dut.no_beam_o.value) == int(dut.no_decision_o.value) == 0


@cocotb.test()
async def test_the_window_moves_on_and_stops_at_its_end(dut):
    await start(dut, enable_i=1)
    await write_mask(dut, [0] * 256 + [0xFFFFFFFF] * 3)
    await settle()
    assert int(dut.index_o.value) == 256
    dut.start_i.value = 1
    await edge(dut, 3)
    assert int(dut.no_decision_o.value) == 0, "what was written beyond the end went nowhere"
