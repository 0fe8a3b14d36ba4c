import cocotb
from bench import edge, seeded, settle, start
from simulator import Bench

BENCHES = [Bench("audit", ["rtl/trigger/audit/audit.sv"])]


def drawn(state):
    for _ in range(16):
        state = state >> 1 ^ (0x80200003 if state & 1 else 0)
    return state


async def seed(dut, value):
    dut.seed_write_i.value, dut.seed_i.value = 1, value
    await edge(dut)
    dut.seed_write_i.value = 0
    await settle()


async def draw(dut, count):
    said = []
    for _ in range(count):
        said.append(int(dut.audit_o.value))
        dut.draw_i.value = 1
        await edge(dut)
        dut.draw_i.value = 0
        await settle()
    return said


@cocotb.test()
async def test_every_draw_follows_the_polynomial_and_waits_for_its_dwell(dut):
    rng = seeded(dut)
    await start(dut)
    for first in (0, 1, 0xFFFFFFFF, rng.getrandbits(32)):
        dut.fraction_i.value = 20000
        await seed(dut, first)
        state = drawn(first or 1)
        for said in await draw(dut, 200):
            assert said == (state & 0xFFFF < 20000)
            state = drawn(state)
        before = int(dut.audit_o.value)
        await edge(dut, 20)
        assert int(dut.audit_o.value) == before


@cocotb.test()
async def test_the_share_of_dwells_is_the_fraction(dut):
    await start(dut)
    await seed(dut, 12345)
    for fraction in (0, 3277, 32768, 65535):  # 3277: 5 %
        dut.fraction_i.value = fraction
        await settle()
        count, dwells = sum(await draw(dut, 4000)), 4000
        mean = dwells * fraction / 65536
        assert abs(count - mean) <= 4 * (mean * (1 - fraction / 65536)) ** 0.5 + 0.1, (fraction, count)


@cocotb.test()
async def test_a_seed_repeats_its_sequence(dut):
    await start(dut, fraction_i=30000)
    await seed(dut, 77)
    first = await draw(dut, 100)
    assert await draw(dut, 100) != first
    await seed(dut, 77)
    assert await draw(dut, 100) == first
