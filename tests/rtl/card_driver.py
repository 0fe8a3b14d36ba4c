"""Drives the card clock by clock: its bus by register names, an ADC, and a log of its pins.

Edges are numbered from the first after reset. `log[n]` holds the pins as edge n found them, so a pin
moved at edge n when log[n + 1] shows another level than log[n].
"""
import struct
from dataclasses import dataclass

from bench import edge, start
from card_registers import ADDRESS, MASK
from stand_in_model import SHAPES

DECISION, PIXEL, VECTOR, TRIP, END = range(1, 6)
NONE, SURE, MAXIMUM, FIXED, ABORTED = range(5)
FLAG_SURE, FLAG_CLIPPED, FLAG_CAP, FLAG_PIN, FLAG_KEPT = (1 << bit for bit in range(5))
TRIPPED, PASS_THROUGH, ENGAGED = range(3)


@dataclass(frozen=True)
class Event:
    """A record, as rtl/card/events.md draws it."""
    kind: int
    class_number: int
    cause: int
    flags: int
    site: int
    time: int
    samples: int
    latency: int
    events: int
    network_latency: int
    sum: int
    outputs: tuple
    number: int

    @staticmethod
    def parse(data):
        fields = struct.unpack("<4BIQ4Hi8iI", data.to_bytes(64, "little"))
        return Event(*fields[:11], fields[11:19], fields[19])


@dataclass(frozen=True)
class Pins:
    permit: int
    x: int
    y: int
    advance: int
    aux: int
    keep_alive: int


def bit_of(register, one):
    return MASK[f"{register}.{one}"]


class Card:
    def __init__(self, dut, period=5):
        self.dut = dut
        self.shape = next(s for s in SHAPES.values() if s.in_bits == len(dut.vector_data_i))
        self.period = period
        self.signal = lambda card: 0        # ADC value for the strobe of the coming edge
        self.ready = lambda clock: 1        # does the host take an event?
        self.stall = lambda clock: 0        # test hook of the slot
        self.log, self.events, self.strobes = [], [], []

    @property
    def clock(self):
        """Number of the coming edge."""
        return len(self.log)

    async def power_on(self):
        await start(self.dut, external_interlock_i=1)

    async def step(self, count=1):
        dut = self.dut
        for _ in range(count):
            strobe = self.period and self.clock % self.period == 0
            adc = self.signal(self) if strobe else 0
            dut.adc_valid_i.value, dut.adc_data_i.value = int(bool(strobe)), adc
            dut.stall_network_i.value = int(self.stall(self.clock))
            ready = int(self.ready(self.clock))
            dut.event_ready_i.value = ready
            await edge(dut)
            if strobe:
                self.strobes.append((self.clock, adc))
            if ready and int(dut.event_valid_o.value):
                self.events.append(Event.parse(int(dut.event_data_o.value)))
            self.log.append(Pins(int(dut.permit_beam_o.value), int(dut.scan_x_o.value), int(dut.scan_y_o.value),
                                 int(dut.pixel_advance_o.value), int(dut.aux_trigger_o.value),
                                 int(dut.keep_alive_o.value)))

    async def write(self, register, value):
        """The edge that takes it is the last one passed when this returns. 64 bits by the name of both words."""
        dut = self.dut
        if register + "_low" in ADDRESS:
            await self.write(register + "_low", value)
            await self.write(register + "_high", value >> 32)
            return
        dut.bus_write_i.value, dut.bus_address_i.value = 1, ADDRESS[register]
        dut.bus_wdata_i.value = value & 0xFFFFFFFF
        await self.step()
        dut.bus_write_i.value = 0

    async def read(self, register):
        dut = self.dut
        dut.bus_read_i.value, dut.bus_address_i.value = 1, ADDRESS[register]
        await self.step()
        dut.bus_read_i.value = 0
        await self.step()
        return int(dut.bus_rdata_o.value)

    async def read64(self, register):
        low = await self.read(register + "_low")
        return low | await self.read(register + "_high") << 32

    async def field(self, register, name):
        mask = bit_of(register, name)
        return (await self.read(register) & mask) // (mask & -mask)

    async def configure(self, **settings):
        for register, value in settings.items():
            await self.write(register, value)

    async def command(self, *names):
        await self.write("command", sum(bit_of("command", name) for name in names))

    async def engage(self, **settings):
        """Generous limits, then re-arm."""
        await self.configure(**{"heartbeat_timeout": 0xFFFFFFFF, "pixel_cap": 0xFFFFFFFF, "frame_cap": 0xFFFFFFFF,
                                **settings})
        await self.write("heartbeat", 0)
        await self.step(self.period + 3)
        await self.command("rearm")
        await self.step(2)
        assert await self.field("status", "interlock") == ENGAGED

    async def write_positions(self, positions):
        await self.write("position_index", 0)
        for x, y in positions:
            await self.write("position_data", y << 16 | x)
        await self.write("position_count", len(positions))

    async def run(self):
        """A run from start to end; `events` are then those of this run."""
        self.events.clear()
        await self.command("start")
        await self.finish()

    async def finish(self, limit=30000):
        """Steps until the run has ended and its last event has come out."""
        for _ in range(limit):
            if self.events and self.events[-1].kind == END:
                return
            await self.step()
        raise AssertionError("the run does not end")

    async def send_vectors(self, vectors, offer=lambda clock: 1, limit=5000):
        """Host vectors; returns the edges that took them."""
        dut, taken, holding = self.dut, [], False
        for _ in range(limit):
            if len(taken) == len(vectors):
                break
            holding = holding or bool(offer(self.clock))
            dut.vector_valid_i.value = int(holding)
            dut.vector_data_i.value = self.shape.pack(vectors[len(taken)])
            await self.step()
            if holding and int(dut.vector_ready_o.value):
                taken.append(self.clock - 1)
                holding = False
        dut.vector_valid_i.value = 0
        return taken

    def rises(self):
        """Edges at which the beam went on."""
        return [n for n in range(len(self.log) - 1) if self.log[n + 1].permit > self.log[n].permit]

    def falls(self):
        """Edges at which the beam went off."""
        return [n for n in range(len(self.log) - 1) if self.log[n + 1].permit < self.log[n].permit]

    def kinds(self, kind):
        return [event for event in self.events if event.kind == kind]

