import cocotb
from bench import saturated, seeded, settle, signed
from simulator import Bench

BENCHES = [Bench("saturate", ["rtl/common/saturate/saturate.sv"], {"InWidth": a, "OutWidth": b})
           for a, b in ((20, 16), (9, 8), (40, 2))]


@cocotb.test()
async def test_it_gives_the_nearest_number_that_fits_and_says_so(dut):
    rng = seeded(dut)
    wide, narrow = int(dut.InWidth.value), int(dut.OutWidth.value)
    edges = [sign * (1 << bit) + step for sign in (-1, 1) for bit in (narrow - 1, wide - 1) for step in (-1, 0, 1)]
    for value in edges + [rng.getrandbits(wide) for _ in range(200)]:
        value = signed(value, wide)
        dut.data_i.value = value
        await settle()
        assert dut.data_o.value.to_signed() == saturated(value, narrow)
        assert int(dut.saturated_o.value) == (value != saturated(value, narrow))
