"""Behaviours: every access has one response, with pauses on every channel; address and data in either
order; what is refused does nothing; strobes; reads and writes in turn; no answer in time; reset."""
import cocotb
from axi_lite_driver import OKAY, SLAVE_ERROR, AxiLite
from bench import edge, seeded, settle, start
from cocotb.triggers import RisingEdge
from simulator import Bench

BYTES, TIMEOUT = 256, 50
BENCHES = [Bench("axi_lite", ["rtl/card/bus/axi_lite.sv"], {"Bytes": BYTES, "TimeoutClocks": TIMEOUT})]


class Registers:
    """What stands behind the slave. delay() gives the clocks before an answer; None: there is none."""

    def __init__(self, dut, delay=lambda: 0):
        self.dut, self.delay, self.memory, self.log = dut, delay, {}, []
        dut.request_ready_i.value = 1
        self.task = cocotb.start_soon(self._run())

    async def _run(self):
        dut = self.dut
        while True:
            await RisingEdge(dut.clk_i)
            dut.answer_valid_i.value = 0
            if not int(dut.request_valid_o.value):
                continue
            write, address = int(dut.request_write_o.value), int(dut.request_address_o.value)
            self.log.append((write, address))
            if write:
                self.memory[address] = int(dut.request_data_o.value)
            wait = self.delay()
            while wait is None:
                await RisingEdge(dut.clk_i)
                wait = self.delay()
                assert not int(dut.request_valid_o.value), "a request while one is under way"
            for _ in range(wait):
                await RisingEdge(dut.clk_i)
                assert not int(dut.request_valid_o.value), "a request while one is under way"
            dut.answer_valid_i.value = 1
            dut.answer_data_i.value = self.memory.get(address, address ^ 0xFFFFFFFF)


async def begin(dut, **kwargs):
    await start(dut)
    registers = Registers(dut, **kwargs)
    return registers, AxiLite(dut, dut.clk_i)


@cocotb.test()
async def test_what_was_written_is_read_with_pauses_on_every_channel(dut):
    rng = seeded(dut)
    for shares in ({}, dict.fromkeys(("aw", "w", "b", "ar", "r"), 0.5), {"aw": 0.9}, {"w": 0.9}, {"b": 0.9},
                   {"ar": 0.9}, {"r": 0.9}):
        registers, axi = await begin(dut, delay=lambda: rng.choice([0, 0, 1, 5]))
        axi.pause = lambda channel: rng.random() < shares.get(channel, 0)
        model = {}
        for _ in range(120):
            address = 4 * rng.randrange(BYTES // 4)
            if rng.random() < 0.5:
                model[address] = rng.getrandbits(32)
                assert await axi.write(address, model[address]) == OKAY
            else:
                assert await axi.read(address) == (model.get(address, address ^ 0xFFFFFFFF), OKAY)
        assert registers.memory == model
        registers.task.cancel()


@cocotb.test()
async def test_address_and_data_may_come_in_either_order(dut):
    registers, axi = await begin(dut)
    for first, second in (("aw", "w"), ("w", "aw")):
        for gap in (1, 2, 10):
            values = {"aw": {"awaddr_i": 8}, "w": {"wdata_i": gap, "wstrb_i": 15}}
            await axi._offer(first, **values[first])
            await edge(dut, gap)
            assert not int(dut.bvalid_o.value)
            await axi._offer(second, **values[second])
            assert await axi._take("b", "bresp_o") == [OKAY]
            assert registers.memory[8] == gap


@cocotb.test()
async def test_what_is_refused_does_nothing(dut):
    registers, axi = await begin(dut)
    for address in (1, 2, 3, 7, BYTES, BYTES + 4, 0x8000, 0xFFFC):
        assert await axi.write(address, 1) == SLAVE_ERROR
        assert await axi.read(address) == (0, SLAVE_ERROR)
    for strobe in range(1, 15):
        assert await axi.write(4, 1, strobe) == SLAVE_ERROR
    assert await axi.write(4, 1, 0) == OKAY, "no byte is to be written"
    assert registers.log == []
    assert await axi.write(BYTES - 4, 7) == OKAY
    assert await axi.read(BYTES - 4) == (7, OKAY)


@cocotb.test()
async def test_reads_and_writes_at_once_take_turns(dut):
    registers, axi = await begin(dut)

    async def many(access):
        for _ in range(20):
            await access()

    writes = cocotb.start_soon(many(lambda: axi.write(4, 1)))
    await many(lambda: axi.read(8))
    await writes
    kinds = [write for write, _ in registers.log]
    longest = max(len(run) for digit in "01" for run in "".join(map(str, kinds)).split(digit))
    assert kinds.count(1) == kinds.count(0) == 20 and longest <= 2


@cocotb.test()
async def test_without_an_answer_it_refuses_until_that_answer_has_come(dut):
    silent = True
    registers, axi = await begin(dut, delay=lambda: None if silent else 0)
    assert await axi.read(4) == (0, SLAVE_ERROR)
    begun = len(registers.log)
    for _ in range(3):
        assert await axi.write(8, 3) == SLAVE_ERROR
        assert await axi.read(4) == (0, SLAVE_ERROR)
    assert len(registers.log) == begun == 1, "nothing more was asked"
    silent = False
    await edge(dut, 5)
    assert await axi.write(8, 3) == OKAY
    assert await axi.read(8) == (3, OKAY)


@cocotb.test()
async def test_a_request_that_cannot_go_is_given_up_and_forgotten(dut):
    registers, axi = await begin(dut)
    dut.request_ready_i.value = 0
    registers.task.cancel()
    assert await axi.write(8, 3) == SLAVE_ERROR
    await edge(dut)
    assert not int(dut.request_valid_o.value)
    dut.request_ready_i.value = 1
    registers = Registers(dut)
    assert await axi.read(8) == (8 ^ 0xFFFFFFFF, OKAY)


@cocotb.test()
async def test_no_valid_follows_a_ready_in_the_same_clock(dut):
    registers, axi = await begin(dut, delay=lambda: 1)
    outputs = ("awready_o", "wready_o", "arready_o", "bvalid_o", "rvalid_o")
    rng = seeded(dut)
    for _ in range(300):
        for name in ("awvalid_i", "wvalid_i", "arvalid_i", "bready_i", "rready_i"):
            getattr(dut, name).value = rng.getrandbits(1)
        dut.wstrb_i.value = 15
        await settle()
        before = [int(getattr(dut, name).value) for name in outputs]
        for name in ("awvalid_i", "wvalid_i", "arvalid_i", "bready_i", "rready_i"):
            getattr(dut, name).value = 1 - int(getattr(dut, name).value)
        await settle()
        assert [int(getattr(dut, name).value) for name in outputs] == before
        for name in ("awvalid_i", "wvalid_i", "arvalid_i", "bready_i", "rready_i"):
            getattr(dut, name).value = 1 - int(getattr(dut, name).value)
        await edge(dut)


@cocotb.test()
async def test_reset_ends_whatever_was_under_way(dut):
    for clocks in range(8):
        registers, axi = await begin(dut, delay=lambda: 2)
        cocotb.start_soon(axi._offer("ar", araddr_i=4))
        await edge(dut, clocks)
        registers.task.cancel()
        registers, axi = await begin(dut)
        assert int(dut.rvalid_o.value) == int(dut.bvalid_o.value) == 0
        assert await axi.write(4, clocks) == OKAY
        assert await axi.read(4) == (clocks, OKAY)
        registers.task.cancel()
