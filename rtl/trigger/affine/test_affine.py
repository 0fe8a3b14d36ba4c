import cocotb
from bench import edge, seeded, settle, start
from simulator import Bench

BENCHES = [Bench("affine", ["rtl/trigger/affine/affine.sv"])]


def code(a, b, offset, x, y):
    return max(0, min(0xFFFF, (a * x + b * y + 16 * offset + 0x8000) >> 16))


async def play(dut, matrix, positions):
    """Every position in a clock of its own; what comes out three clocks later."""
    for name, value in zip(("xx", "xy", "yx", "yy"), matrix[:4]):
        getattr(dut, name + "_i").value = value & 0x3FFFF
    dut.x_offset_i.value, dut.y_offset_i.value = matrix[4] & 0xFFFFFFFF, matrix[5] & 0xFFFFFFFF
    seen = []
    for clock in range(len(positions) + 3):
        x, y = positions[min(clock, len(positions) - 1)]
        dut.x_i.value, dut.y_i.value, dut.advance_i.value = x, y, int(clock < len(positions) and clock % 3 == 0)
        await settle()
        seen.append((int(dut.x_o.value), int(dut.y_o.value), int(dut.advance_o.value)))
        await edge(dut)
    return seen


@cocotb.test()
async def test_off_it_passes_position_and_pulse_in_the_same_clock(dut):
    rng = seeded(dut)
    await start(dut)
    positions = [(rng.getrandbits(16), rng.getrandbits(16)) for _ in range(20)]
    seen = await play(dut, (5, 6, 7, 8, 9, 10), positions)
    assert seen[:20] == [(x, y, int(k % 3 == 0)) for k, (x, y) in enumerate(positions)]


@cocotb.test()
async def test_identity_and_flips_are_exact(dut):
    await start(dut, enable_i=1)
    one = 1 << 16
    positions = [(0, 0), (1, 2), (0xFFFF, 0), (0, 0xFFFF), (0x1234, 0xABCD)]
    assert [s[:2] for s in (await play(dut, (one, 0, 0, one, 0, 0), positions))[3:]] == positions
    flipped = await play(dut, (-one, 0, 0, -one, 0xFFFF << 12, 0xFFFF << 12), positions)
    assert [s[:2] for s in flipped[3:]] == [(0xFFFF - x, 0xFFFF - y) for x, y in positions]
    turned = await play(dut, (0, -one, one, 0, 0xFFFF << 12, 0), positions)
    assert [s[:2] for s in turned[3:]] == [(0xFFFF - y, x) for x, y in positions]


@cocotb.test()
async def test_random_matrices_equal_exact_integers_and_saturate(dut):
    rng = seeded(dut)
    await start(dut, enable_i=1)
    ends, low, high = [0, 1, 0x7FFF, 0x8000, 0xFFFF], 0, 0
    for _ in range(60):
        matrix = [rng.choice([-(1 << 17), (1 << 17) - 1, 1 << 16, rng.randrange(-(1 << 17), 1 << 17)]) for _ in range(4)]
        matrix += [rng.choice([-(1 << 31), (1 << 31) - 1, 0, rng.randrange(-(1 << 31), 1 << 31)]) for _ in range(2)]
        positions = [(rng.choice(ends + [rng.getrandbits(16)]), rng.choice(ends + [rng.getrandbits(16)]))
                     for _ in range(20)]
        xx, xy, yx, yy, x_offset, y_offset = matrix
        expected = [(code(xx, xy, x_offset, x, y), code(yx, yy, y_offset, x, y), int(k % 3 == 0))
                    for k, (x, y) in enumerate(positions)]
        assert (await play(dut, matrix, positions))[3:] == expected
        low += sum(e[0] == 0 for e in expected)
        high += sum(e[0] == 0xFFFF for e in expected)
    assert low and high
