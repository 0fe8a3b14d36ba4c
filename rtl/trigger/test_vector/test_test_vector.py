import cocotb
from bench import edge, seeded, settle, start
from simulator import Bench

BENCHES = [Bench("test_vector", ["rtl/trigger/test_vector/test_vector.sv"], {"InBits": inputs, "OutBits": outputs})
           for inputs, outputs in ((64, 80), (33, 20))]

VECTOR, RESULT = 0x0123456789ABCDEF, 0x9876543210FEDCBA4321


class Unit:
    def __init__(self, dut):
        self.dut = dut
        self.inputs, self.outputs = len(dut.data_o), len(dut.result_data_i)
        self.vector, self.result = VECTOR & (1 << self.inputs) - 1, RESULT & (1 << self.outputs) - 1

    async def step(self, count=1, **inputs):
        for _ in range(count):
            for name, value in inputs.items():
                getattr(self.dut, name + "_i").value = value
            await edge(self.dut)
            for name in inputs:
                if name not in ("ready", "others"):
                    getattr(self.dut, name + "_i").value = 0
            await settle()

    async def store(self):
        await self.step(index_write=1, write_data=0)
        words = [(self.vector, self.inputs), (self.result, self.outputs)]
        for value, bits in words:
            for k in range((bits + 31) // 32):
                await self.step(data_write=1, write_data=value >> 32 * k & 0xFFFFFFFF)

    def told(self):
        return tuple(int(getattr(self.dut, name + "_o").value) for name in ("failed", "busy", "passed", "failures"))


async def unit(dut, **settings):
    await start(dut, **{"enable_i": 1, "deadline_i": 50, **{name + "_i": value for name, value in settings.items()}})
    one = Unit(dut)
    await one.store()
    return one


@cocotb.test()
async def test_every_nth_move_offers_the_vector_until_it_is_taken(dut):
    one = await unit(dut, every=3)
    for passed in range(3):
        for _ in range(2):
            await one.step(move=1)
            assert int(dut.valid_o.value) == 0
        await one.step(move=1)
        for _ in range(5):
            assert int(dut.valid_o.value) == 1 and int(dut.data_o.value) == one.vector
            await one.step(ready=0)
        await one.step(ready=1)
        assert int(dut.valid_o.value) == 0 and one.told() == (0, 1, passed, 0)
        await one.step(4)
        await one.step(result_valid=1, result_data=one.result)
        assert one.told() == (0, 0, passed + 1, 0)
        await one.step(ready=0)


@cocotb.test()
async def test_one_wrong_bit_fails_and_a_right_result_heals(dut):
    one = await unit(dut, ready=1)
    for bit in range(one.outputs):
        await one.step(run=1)
        await one.step(2)
        await one.step(result_valid=1, result_data=one.result ^ 1 << bit)
        assert one.told() == (1, 0, bit, bit + 1)
        await one.step(run=1)
        await one.step(2)
        assert one.told()[0] == 1, "until a test passes"
        await one.step(result_valid=1, result_data=one.result)
        assert one.told() == (0, 0, bit + 1, bit + 1)


@cocotb.test()
async def test_no_result_fails_once_at_the_deadline_and_others_stop_its_clock(dut):
    for blocked in (0, 37):
        one = await unit(dut, deadline=20)
        await one.step(run=1)
        await one.step(blocked, others=1, ready=0)
        await one.step(others=0, ready=1)
        await one.step(19, ready=0)
        assert one.told() == (0, 1, 0, 0)
        await one.step(2)
        assert one.told() == (1, 1, 0, 1)
        await one.step(100)
        assert one.told() == (1, 1, 0, 1), "once"
        await one.step(result_valid=1, result_data=one.result)
        assert one.told() == (1, 0, 0, 1), "late is not right"
        await one.step(run=1)
        await one.step(2, ready=1)
        await one.step(result_valid=1, result_data=one.result)
        assert one.told() == (0, 0, 1, 1)


@cocotb.test()
async def test_a_network_that_never_takes_the_vector_fails_too(dut):
    one = await unit(dut, deadline=20, every=1)
    await one.step(move=1)
    await one.step(22)
    assert one.told() == (1, 0, 0, 1)
    await one.step(move=1)
    await one.step(22)
    assert one.told() == (1, 0, 0, 2)
    dut.enable_i.value = 0
    await one.step(2)
    assert one.told() == (0, 0, 0, 2)
    await one.step(clear_counters=1)
    assert one.told() == (0, 0, 0, 0)


@cocotb.test()
async def test_off_or_without_moves_nothing_is_offered_and_the_window_stops_at_its_end(dut):
    one = await unit(dut, enable=0, every=1)
    words = (one.inputs + 31) // 32 + (one.outputs + 31) // 32
    await one.step(move=1)
    await one.step(run=1)
    await one.step(3)
    assert int(dut.valid_o.value) == 0
    assert int(dut.index_o.value) == words
    await one.step(data_write=1, write_data=0xFFFFFFFF)
    assert int(dut.index_o.value) == words
    dut.enable_i.value, dut.every_i.value = 1, 0
    await one.step(3, move=1)
    assert int(dut.valid_o.value) == 0 and int(dut.data_o.value) == one.vector
    rng = seeded(dut)
    for _ in range(5):  # what is stored changes word by word
        one.vector, one.result = rng.getrandbits(one.inputs), rng.getrandbits(one.outputs)
        await one.store()
        await one.step(run=1)
        assert int(dut.data_o.value) == one.vector
        await one.step(ready=1)
        await one.step(result_valid=1, result_data=one.result)
        assert one.told()[0] == 0
        await one.step(ready=0)
