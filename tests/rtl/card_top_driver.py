"""Drives the top of the card: five clocks that have nothing to do with each other, registers by AXI4-Lite,
and an ADC with a clock of its own."""
import cocotb
from axi_lite_driver import OKAY, AxiLite
from axi_read_host import ReadHost
from axi_write_host import WriteHost
from card_driver import Card, Event
from card_registers import ADDRESS
from clocks import FreeClock, edges
from cocotb.triggers import FallingEdge, First, RisingEdge, Timer
from cocotb.utils import get_sim_time

# Periods in ps. The ADC gives a sample every STROBE of its clocks.
PERIODS = {"core": 10000, "bus": 4000, "adc": 8300, "link": 6400, "scan": 23000}
STROBE = 6

# Host memory: the event ring, the ring of vectors, and a page of counts that the card writes.
RING, RING_LOG2, VECTORS, VECTORS_LOG2 = 0x1_0000_0000, 12, 0x2_0000_0000, 6
TAIL, CONSUMED = 0x3_0000_0000, 0x3_0000_0040


class TopCard(Card):
    """As Card, but time passes by itself; `step` waits for edges of the core's clock."""

    def __init__(self, dut, rng, periods=None, pause=lambda channel: False):
        super().__init__(dut, period=8)
        periods = {**PERIODS, **(periods or {})}
        self.clocks = {name: FreeClock(getattr(dut, f"{name}_clk_i"), period, rng) for name, period in periods.items()}
        self.pause, self.strobe, self.sample_times, self.positions = pause, STROBE, [], []
        self.signal = lambda: 0      # the coming sample
        self.take = lambda: True     # does the host take what the card writes in this clock?
        self.rng = rng
        self.responses = []          # of register accesses that were refused
        for handle in dut:
            if handle._name.endswith("_i") and not handle._name.endswith("clk_i"):
                handle.value = int(handle._name == "external_interlock_i")

    async def power_on(self, *, running=("core", "bus", "adc", "link", "scan"), ring=True):
        """ring: enables the event ring, which takes a few accesses."""
        self.dut.rst_ni.value = 0
        self.axi = AxiLite(self.dut, self.dut.bus_clk_i, "control_", self.pause)
        self.tasks = [cocotb.start_soon(task()) for task in (self._adc, self._records, self._scan)]
        for name in running:
            self.clocks[name].go()
        await Timer(200, "ns")
        self.dut.rst_ni.value = 1
        await Timer(200, "ns")
        if ring:
            await self.enable_ring()

    async def enable_ring(self):
        """A ring of so many records that places need not be given back."""
        self.memory.memory[TAIL] = self.records_read = 0
        await self.configure(event_ring_base=RING, event_ring_tail_address=TAIL, event_ring=RING_LOG2 << 8 | 1)
        while not await self.field("event_ring_state", "running"):
            pass

    def halt(self):
        for task in self.tasks:
            task.cancel()
        for clock in self.clocks.values():
            clock.stop()

    async def _adc(self):
        dut, count = self.dut, 0
        while True:
            await RisingEdge(dut.adc_clk_i)
            if int(dut.adc_valid_i.value):
                self.sample_times.append(get_sim_time("ps"))
            count += 1
            strobe = self.strobe and count % self.strobe == 0
            dut.adc_valid_i.value = int(bool(strobe))
            dut.adc_data_i.value = self.signal() if strobe else 0

    async def _records(self):
        """The host's memory, and a reader of the event ring in it."""
        taking = lambda clock: int(self.take())  # noqa: E731
        self.memory = WriteHost(self.dut, self.rng, "host_", address_ready=taking, data_ready=taking)
        self.reads = ReadHost(self.dut, self.rng, self.memory.read, "host_")
        self.records_read = 0
        while True:
            self.memory.before()
            self.reads.before()
            await RisingEdge(self.dut.bus_clk_i)
            self.memory.after()
            self.reads.after()
            while self.memory.word(TAIL) != self.records_read:
                record = self.memory.read(RING + 64 * (self.records_read % (1 << RING_LOG2)), 64)
                self.events.append(Event.parse(int.from_bytes(record, "little")))
                self.records_read += 1

    async def _scan(self):
        dut = self.dut
        while True:
            await RisingEdge(dut.scan_clk_i)
            if dut.scan_strobe_o.value == 1:
                self.positions.append((int(dut.scan_x_o.value), int(dut.scan_y_o.value)))

    async def step(self, count=1):
        await edges(self.clocks["core"], count)

    async def write(self, register, value):
        if register + "_low" in ADDRESS:
            await self.write(register + "_low", value)
            await self.write(register + "_high", value >> 32)
            return
        response = await self.axi.write(ADDRESS[register], value & 0xFFFFFFFF)
        assert response == OKAY, register

    async def read(self, register):
        data, response = await self.axi.read(ADDRESS[register])
        assert response == OKAY, register
        return data

    async def finish(self, limit=4000):
        for _ in range(limit):
            if self.events and self.events[-1].kind == 5:
                return
            await Timer(1, "us")
        raise AssertionError("the run does not end")

    async def until_beam(self, level, limit_us=200):
        trigger = RisingEdge if level else FallingEdge
        if int(self.dut.permit_beam_o.value) != level:
            late = Timer(limit_us, "us")
            assert await First(trigger(self.dut.permit_beam_o), late) is not late, "the beam stays as it is"

    async def send_over_link(self, vectors):
        dut = self.dut
        for vector in vectors:
            dut.vector_valid_i.value, dut.vector_data_i.value = 1, self.shape.pack(vector)
            while True:
                await RisingEdge(dut.link_clk_i)
                if int(dut.vector_ready_o.value):
                    break
            dut.vector_valid_i.value = 0
