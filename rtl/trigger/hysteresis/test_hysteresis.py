import cocotb
from bench import edge, seeded, settle, signed, start
from simulator import Bench

BENCHES = [Bench("hysteresis", ["rtl/trigger/hysteresis/hysteresis.sv"], {"ClassCount": count}) for count in (1, 4, 16)]

LOWEST = -(1 << 31)


class Unit:
    def __init__(self, dut, thresholds, amount, carry=0):
        self.dut, self.count, self.thresholds, self.amount = dut, int(dut.ClassCount.value), thresholds, amount
        dut.thresholds_i.value = sum((v & 0xFFFFFFFF) << 32 * k for k, v in enumerate(thresholds))
        dut.amount_i.value, dut.carry_i.value = amount, carry

    async def step(self, sure=None, **inputs):
        """One edge, at which a result is sure of class `sure`. Returns the class held after it."""
        self.dut.sure_i.value, self.dut.class_i.value = int(sure is not None), sure or 0
        for name, value in inputs.items():
            getattr(self.dut, name + "_i").value = value
        await edge(self.dut)
        for name in ("sure", *inputs):
            getattr(self.dut, name + "_i").value = 0
        await settle()
        return self.held()

    def held(self):
        """The class whose threshold is lower, or None; every threshold is as it must be."""
        seen = [signed(int(self.dut.thresholds_o.value) >> 32 * k, 32) for k in range(16)]
        lower = [k for k in range(16) if seen[k] != self.thresholds[k]]
        assert len(lower) <= 1
        for k in lower:
            assert seen[k] == max(LOWEST, self.thresholds[k] - self.amount)
        return lower[0] if lower else None


async def unit(dut, carry=0, amount=40, thresholds=None):
    made = Unit(dut, thresholds or [100 * k - 300 for k in range(16)], amount, carry)
    await made.step()
    return made


@cocotb.test()
async def test_the_class_of_the_newest_sure_result_is_held_until_the_dwell_is_over(dut):
    await start(dut)
    one = await unit(dut)
    last = one.count - 1
    assert one.held() is None
    assert await one.step(sure=0) == 0
    assert await one.step() == 0
    assert await one.step(sure=last) == last
    assert await one.step(dwell_over=1, named=1) is None, "without carry it ends with the dwell, decided or not"


@cocotb.test()
async def test_carry_holds_a_class_on_only_from_a_dwell_decided_as_one(dut):
    await start(dut)
    one = await unit(dut, carry=1)
    assert await one.step(sure=0) == 0
    for _ in range(3):
        assert await one.step(dwell_over=1, named=1) == 0
    assert await one.step() == 0
    assert await one.step(dwell_over=1) is None, "a dwell without a class forgets"
    assert await one.step(sure=0) == 0
    assert await one.step(forget=1, named=1) is None


@cocotb.test()
async def test_amount_0_changes_nothing_and_a_class_without_output_is_never_held(dut):
    await start(dut)
    one = await unit(dut, amount=0)
    assert await one.step(sure=0) is None
    one = await unit(dut)
    assert await one.step(sure=200) is None


@cocotb.test()
async def test_lowered_thresholds_are_exact_and_saturate(dut):
    rng = seeded(dut)
    await start(dut)
    for _ in range(60):
        thresholds = [signed(rng.getrandbits(32), 32) if rng.random() < 0.8 else LOWEST + rng.randrange(3)
                      for _ in range(16)]
        one = await unit(dut, amount=rng.choice([1, 1000, rng.getrandbits(32), 0xFFFFFFFF]), thresholds=thresholds)
        k = rng.randrange(one.count)
        expected = k if max(LOWEST, thresholds[k] - one.amount) != thresholds[k] else None
        assert await one.step(sure=k) == expected
        await one.step(forget=1)
