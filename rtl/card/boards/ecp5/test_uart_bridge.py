import cocotb
from bench import PERIOD_NS, edge, seeded, start
from cocotb.triggers import Timer
from simulator import Bench

BIT = 12  # clocks
BENCHES = [Bench("uart_bridge", ["rtl/card/boards/ecp5/uart_bridge.sv", "rtl/card/boards/ecp5/uart_receiver.sv",
                                 "rtl/card/boards/ecp5/uart_transmitter.sv", "rtl/common/cdc/synchronizer.sv"],
                 {"ClocksPerBit": BIT, "GapBits": 40})]

READ, WRITE, RECORD = 1, 2, 3
DONE, WITH_RECORD, EMPTY, BUS_ERROR, UNKNOWN = range(5)


def crc16(data):
    """CRC-16/CCITT-FALSE; of b'123456789' it is 0x29B1."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def request(sequence, command, address=0, data=0):
    body = bytes([sequence, command]) + address.to_bytes(2, "little") + data.to_bytes(4, "little")
    return b"\xa5" + body + crc16(body).to_bytes(2, "little")


class Serial:
    """A UART whose clock is off by `baud`, and registers and records behind the bridge."""

    def __init__(self, dut, rng):
        self.dut, self.rng, self.bit = dut, rng, BIT * PERIOD_NS
        self.registers, self.writes, self.records, self.taken, self.damaged = {}, [], [], 0, 0
        self.heard = []

    async def start(self):
        await start(self.dut, line_i=1)
        cocotb.start_soon(self.slave())
        cocotb.start_soon(self.listen())
        await edge(self.dut, 4)

    async def slave(self):
        """AXI4-Lite with pauses; above 0x8000 every access is an error."""
        dut, address, data, read = self.dut, None, None, None
        while True:
            dut.control_awready_i.value = self.rng.getrandbits(1)
            dut.control_wready_i.value = self.rng.getrandbits(1)
            dut.control_arready_i.value = self.rng.getrandbits(1)
            dut.control_bvalid_i.value = int(address is not None and data is not None)
            dut.control_bresp_i.value = 2 * int((address or 0) >= 0x8000)
            dut.control_rvalid_i.value = int(read is not None)
            dut.control_rdata_i.value = self.registers.get(read, 0)
            dut.control_rresp_i.value = 2 * int((read or 0) >= 0x8000)
            dut.event_valid_i.value = int(bool(self.records))
            dut.event_data_i.value = int.from_bytes(self.records[0], "little") if self.records else 0
            await edge(dut)
            if int(dut.control_bvalid_i.value) and int(dut.control_bready_o.value):
                if address < 0x8000:
                    self.registers[address] = data
                    self.writes.append((address, data))
                address = data = None
            if int(dut.control_rvalid_i.value) and int(dut.control_rready_o.value):
                read = None
            if int(dut.control_awvalid_o.value) and int(dut.control_awready_i.value):
                address = int(dut.control_awaddr_o.value)
            if int(dut.control_wvalid_o.value) and int(dut.control_wready_i.value):
                assert int(dut.control_wstrb_o.value) == 15
                data = int(dut.control_wdata_o.value)
            if int(dut.control_arvalid_o.value) and int(dut.control_arready_i.value):
                read = int(dut.control_araddr_o.value)
            if int(dut.event_valid_i.value) and int(dut.event_ready_o.value):
                self.records.pop(0)
                self.taken += 1
            self.damaged += int(dut.damaged_o.value)

    async def send(self, data, baud=1.0, stop_bits=None):
        """stop_bits: the level of each byte's stop bit."""
        for k, byte in enumerate(data):
            stop = 1 if stop_bits is None else stop_bits[k]
            for level in [0] + [byte >> n & 1 for n in range(8)] + [stop]:
                self.dut.line_i.value = level
                await Timer(round(1000 * self.bit * baud), "ps")
        self.dut.line_i.value = 1

    async def listen(self):
        """Bytes that the bridge sends, each bit read in its middle."""
        while True:
            await edge(self.dut)
            if int(self.dut.line_o.value):
                continue
            value = 0
            await edge(self.dut, BIT + BIT // 2)
            for n in range(8):
                value |= int(self.dut.line_o.value) << n
                await edge(self.dut, BIT)
            assert int(self.dut.line_o.value), "stop bit"
            self.heard.append(value)

    async def receive(self, wait_bits=200):
        """The next byte, or None."""
        for _ in range(wait_bits * BIT):
            if self.heard:
                return self.heard.pop(0)
            await edge(self.dut)
        return None

    async def reply(self, sequence):
        """(status, data), or None when there is none."""
        first = await self.receive()
        if first is None:
            return None
        assert first == 0x5A
        body = [await self.receive(20), await self.receive(20)]
        size = 64 if body[1] == WITH_RECORD else 4
        body += [await self.receive(20) for _ in range(size)]
        crc = [await self.receive(20) for _ in range(2)]
        assert crc16(bytes(body)) == crc[0] | crc[1] << 8
        assert body[0] == sequence
        return body[1], bytes(body[2:])

    async def ask(self, sequence, command, address=0, data=0, baud=1.0):
        await self.send(request(sequence, command, address, data), baud)
        return await self.reply(sequence)


def word(value):
    return value.to_bytes(4, "little")


@cocotb.test()
async def test_registers_are_written_and_read_at_baud_rates_two_percent_off(dut):
    rng = seeded(dut)
    serial = Serial(dut, rng)
    assert crc16(b"123456789") == 0x29B1
    await serial.start()
    sequence = 0
    for baud in (1.0, 0.98, 1.02):
        for _ in range(2):
            address, value = rng.randrange(0, 0x8000, 4), rng.getrandbits(32)
            sequence += 2
            assert await serial.ask(sequence, WRITE, address, value, baud) == (DONE, word(0))
            assert await serial.ask(sequence + 1, READ, address, baud=baud) == (DONE, word(value))
    assert serial.damaged == 0
    assert len(serial.writes) == 6


@cocotb.test()
async def test_records_come_whole_and_in_order_and_an_empty_window_says_so(dut):
    rng = seeded(dut)
    serial = Serial(dut, rng)
    await serial.start()
    records = [rng.randbytes(64) for _ in range(3)]
    serial.records = list(records)
    for k, record in enumerate(records):
        assert await serial.ask(k, RECORD) == (WITH_RECORD, record)
    assert await serial.ask(77, RECORD) == (EMPTY, word(0))
    assert serial.taken == 3


@cocotb.test()
async def test_a_request_sent_again_is_answered_again_and_not_done_again(dut):
    rng = seeded(dut)
    serial = Serial(dut, rng)
    await serial.start()
    serial.records = [rng.randbytes(64), rng.randbytes(64)]
    first = serial.records[0]
    for _ in range(2):
        assert await serial.ask(9, RECORD) == (WITH_RECORD, first)
    assert serial.taken == 1
    for _ in range(2):
        assert await serial.ask(10, WRITE, 0x40, 5) == (DONE, word(0))
    assert serial.writes == [(0x40, 5)]
    assert await serial.ask(11, WRITE, 0x40, 5) == (DONE, word(0))
    assert len(serial.writes) == 2


@cocotb.test()
async def test_damage_is_not_answered_and_the_next_request_is(dut):
    rng = seeded(dut)
    serial = Serial(dut, rng)
    await serial.start()
    sequence, damages = 0, 0
    for k in range(8):
        sequence += 1
        frame = bytearray(request(sequence, WRITE, 0x100, k))
        stops = [1] * len(frame)
        kind = ("flip", "stop", "short", "noise")[k % 4]
        if kind == "flip":
            frame[rng.randrange(1, 11)] ^= 1 << rng.randrange(8)
        elif kind == "stop":
            stops[rng.randrange(1, 11)] = 0
        elif kind == "short":
            frame = frame[:rng.randrange(1, 11)]
        else:
            frame = bytes(rng.choice([b for b in range(256) if b != 0xA5]) for _ in range(20))
            stops = [1] * 20
        await serial.send(frame, stop_bits=stops)
        await Timer(60 * serial.bit, "ns")  # longer than the gap after which a request begins anew
        assert not serial.writes, kind
        damages += kind != "noise"
        assert serial.damaged >= damages, kind
        sequence += 1
        assert await serial.ask(sequence, READ, 0x200) == (DONE, word(0))


@cocotb.test()
async def test_errors_of_the_bus_and_unknown_commands_are_told(dut):
    serial = Serial(dut, seeded(dut))
    await serial.start()
    assert (await serial.ask(1, READ, 0x8004))[0] == BUS_ERROR
    assert (await serial.ask(2, WRITE, 0x8004, 1))[0] == BUS_ERROR
    assert (await serial.ask(3, 9))[0] == UNKNOWN
    assert serial.writes == []


@cocotb.test()
async def test_a_spike_is_no_start_bit_and_a_line_held_low_sends_nothing(dut):
    serial = Serial(dut, seeded(dut))
    await serial.start()
    dut.line_i.value = 0
    await Timer(serial.bit / 4, "ns")
    dut.line_i.value = 1
    assert await serial.ask(1, WRITE, 0x10, 3) == (DONE, word(0))
    dut.line_i.value = 0
    await Timer(300 * serial.bit, "ns")
    dut.line_i.value = 1
    await Timer(60 * serial.bit, "ns")
    assert await serial.ask(2, READ, 0x10) == (DONE, word(3))
    assert serial.writes == [(0x10, 3)]
