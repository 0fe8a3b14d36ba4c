import struct

import cocotb
from axi_write_host import OKAY, SLVERR, WriteHost
from bench import pattern, patterns, seeded, start
from simulator import Bench

SOURCES = ["rtl/card/ring/payload_ring.sv", "rtl/card/ring/ring_writer.sv", "rtl/card/ring/ring_interrupt.sv",
           "rtl/common/fifo/fifo.sv"]
BENCHES = [Bench("payload_ring", SOURCES, {"BusWidth": width, "StoreWords": 128, "StoreBlocks": 4, "BufferDepth": 4})
           for width in (128, 512)]

TAIL = 0x7_0000_0048
MAGIC = 0x50474445


class Payload:
    """The unit with a source of blocks, and a host that lends buffers and reads the stream out of them. Checks at every
    clock that bursts go to the next free line of the buffers and nowhere else."""

    def __init__(self, dut, rng, **host):
        self.dut, self.rng = dut, rng
        self.host = WriteHost(dut, rng, **host)
        self.host.on_offer, self.host.on_answer = self.offer, self.answer
        self.words = []               # (word, first, last) to be sent
        self.send = lambda clock: 1
        self.lines = []               # addresses of lines in buffers, in order
        self.planned = self.answered = 0
        self.push = []                # buffers to be pushed
        self.blocks = []              # every block: (kind, event, time, data)
        self.next_buffer = 0x5_0000_0000

    async def power_on(self):
        await start(self.dut, tail_address_i=TAIL, tail_lines_i=4, interrupt_lines_i=1)
        await self.step()

    async def enable(self):
        self.host.memory[TAIL] = 0
        self.lines, self.planned, self.answered, self.blocks = [], 0, 0, []
        self.dut.enable_i.value = 1
        for _ in range(100):
            await self.step()
            if int(self.dut.running_o.value):
                return
        raise AssertionError("it does not begin")

    def is_tail(self, burst):
        return burst.address == TAIL // self.host.bytes * self.host.bytes

    def offer(self, burst):
        if not self.is_tail(burst):
            for address in range(burst.address, burst.address + burst.beats * self.host.bytes, 64):
                assert self.planned < len(self.lines), "written without a buffer"
                assert address == self.lines[self.planned], f"{address:#x} is not the next line"
                self.planned += 1

    def answer(self, burst):
        if self.is_tail(burst):
            assert self.host.word(TAIL) <= self.answered, "the tail counts what was not answered"
        else:
            self.answered += burst.beats * self.host.bytes // 64

    async def step(self, count=1):
        dut = self.dut
        for _ in range(count):
            sending = bool(self.words) and self.send(self.host.clock)
            word, first, last = self.words.pop(0) if sending else (self.rng.getrandbits(64), self.rng.getrandbits(1), 0)
            dut.word_valid_i.value, dut.word_i.value = int(sending), word
            dut.word_first_i.value, dut.word_last_i.value = first, last
            # What is read here is a clock old: push every other clock.
            pushing = bool(self.push) and self.host.clock % 2 == 0 and int(dut.buffers_free_o.value) > 0
            dut.buffer_valid_i.value = int(pushing)
            if pushing:
                address, size = self.push.pop(0)
                dut.buffer_address_i.value, dut.buffer_bytes_i.value = address, size
                self.lines += range(address, address + size, 64)
            await self.host.step()
            dut.buffer_valid_i.value = 0

    def lend(self, size, near=False):
        """A buffer; near: it begins short of a 4 KiB boundary."""
        self.next_buffer += 0x2000
        self.push.append((self.next_buffer + (4096 - 128 if near else 64 * self.rng.randrange(64)), size))

    def block(self, words):
        kind, event, time = self.rng.getrandbits(8), self.rng.getrandbits(32), self.rng.getrandbits(64)
        data = [self.rng.getrandbits(64) for _ in range(words)]
        self.blocks.append((kind, event, time, data))
        stream = [event << 32 | kind, time, *data]
        self.words += [(word, int(k == 0), int(k == len(stream) - 1)) for k, word in enumerate(stream)]

    def read(self):
        """The stream up to the tail: {number: (kind, event, time, data)}, and lines of a block that is not yet whole."""
        count = self.host.word(TAIL)
        lines = [self.host.read(address, 64) for address in self.lines[:count]]
        found, at = {}, 0
        while at < len(lines):
            magic, kind, length, event, time, *nothing, number = struct.unpack("<IB3xIIQ9II", lines[at])
            assert magic == MAGIC and not any(nothing)
            rows = -(-length // 64)
            if at + 1 + rows > len(lines):
                return found, len(lines) - at
            data = b"".join(lines[at + 1:at + 1 + rows])
            assert not any(data[length:]), "the rest of the last line is 0"
            assert number not in found
            found[number] = (kind, event, time, list(struct.unpack(f"<{length // 8}Q", data[:length])))
            at += 1 + rows
        return found, 0

    async def until(self, condition, limit=5000):
        for _ in range(limit):
            if condition():
                return
            await self.step()
        raise AssertionError("it does not happen")

    def check(self):
        """Every block that was not dropped is there whole, with its number; the gaps are the drops."""
        found, rest = self.read()
        assert rest == 0
        for number, block in found.items():
            assert block == self.blocks[number]
        assert int(self.dut.numbered_o.value) == len(self.blocks)
        assert len(self.blocks) - len(found) == int(self.dut.dropped_o.value)
        assert list(found) == sorted(found), "in order"
        return found


@cocotb.test()
async def test_blocks_of_every_length_go_whole_through_buffers_of_every_length(dut):
    rng = seeded(dut)
    for name, ready in patterns(rng).items():
        payload = Payload(dut, rng, data_ready=ready, answer_delay=lambda: rng.choice((0, 2, 30)))
        await payload.power_on()
        await payload.enable()
        for words in [0, 1, 7, 8, 9, 15, 16, 17, 64, 100, 1]:
            payload.block(words)
        lines = sum(1 + -(-len(block[3]) // 8) for block in payload.blocks)
        while len(payload.lines) + sum(size // 64 for _, size in payload.push) < lines:
            payload.lend(64 * rng.randrange(1, 9), near=rng.random() < 0.3)
        lengths = [1 + -(-len(block[3]) // 8) for block in payload.blocks]

        def send(clock):
            """Pauses within blocks; a block begins when few lines of those before are still to come."""
            begun = len(lengths) - sum(first for _, first, _ in payload.words)
            return rng.random() < 0.7 and (not payload.words[0][1] or payload.host.word(TAIL) + 4 >= sum(lengths[:begun]))
        payload.send = send
        await payload.until(lambda: not payload.words and payload.host.word(TAIL) == lines, 20000)
        assert len(payload.check()) == 11, name


@cocotb.test()
async def test_without_buffers_blocks_wait_and_those_without_room_are_dropped_whole(dut):
    rng = seeded(dut)
    payload = Payload(dut, rng)
    await payload.power_on()
    await payload.enable()
    for words in (20, 30, 100, 40, 126, 8, 8, 8, 8, 200, 2):
        payload.block(words)
    await payload.step(800)
    dropped = int(dut.dropped_o.value)
    assert dropped > 2 and payload.planned == 0
    for _ in range(60):
        payload.lend(64)
    await payload.step(1500)
    found = payload.check()
    assert 9 not in found, "a block that is longer than the store never has room"
    payload.block(126)
    for _ in range(20):
        payload.lend(64)
    await payload.step(800)
    assert 11 in payload.check(), "the store is whole again"


@cocotb.test()
async def test_a_block_that_is_cut_by_the_next_is_dropped_and_counted(dut):
    rng = seeded(dut)
    payload = Payload(dut, rng)
    await payload.power_on()
    await payload.enable()
    payload.lend(4096)
    payload.block(10)
    payload.block(10)
    payload.words = payload.words[:5] + payload.words[12:]
    payload.block(5)
    await payload.step(200)
    assert list(payload.check()) == [1, 2]


@cocotb.test()
async def test_words_outside_a_block_and_blocks_without_a_time_are_not_kept(dut):
    rng = seeded(dut)
    payload = Payload(dut, rng)
    await payload.power_on()
    await payload.enable()
    payload.lend(4096)
    payload.words = [(1, 0, 0), (2, 0, 1), (3, 0, 0)]
    payload.block(3)
    await payload.step(100)
    assert list(payload.check()) == [0]
    payload.blocks.append(None)
    payload.words.append((7, 1, 1))
    payload.block(2)
    await payload.step(100)
    assert list(payload.check()) == [0, 2]


@cocotb.test()
async def test_the_tail_and_then_the_interrupt_follow_the_answers(dut):
    rng = seeded(dut)
    payload = Payload(dut, rng, answer_delay=lambda: 50)
    await payload.power_on()
    await payload.enable()
    payload.lend(4096)
    payload.block(20)
    await payload.until(lambda: payload.answered > 0)
    assert payload.host.word(TAIL) == 0 and int(dut.interrupt_o.value) == 0
    await payload.until(lambda: int(dut.interrupt_o.value))
    assert payload.host.word(TAIL) > 0


@cocotb.test()
async def test_buffers_that_are_not_allowed_stop_it(dut):
    for address, size in ((0x1020, 64), (0x1000, 65), (0x1000, 0), (0x1000, 32)):
        payload = Payload(dut, seeded(dut))
        await payload.power_on()
        await payload.enable()
        payload.push.append((address, size))
        await payload.step(4)
        await payload.until(lambda: int(dut.drained_o.value))
        assert (int(dut.error_o.value), int(dut.failed_o.value)) == (2, 1)


@cocotb.test()
async def test_a_buffer_too_many_stops_it(dut):
    payload = Payload(dut, seeded(dut))
    await payload.power_on()
    await payload.enable()
    for _ in range(5):      # one is in use, four wait
        payload.lend(64)
    await payload.step(20)
    assert int(dut.buffers_free_o.value) == 0 and int(dut.running_o.value) == 1
    dut.buffer_valid_i.value, dut.buffer_address_i.value, dut.buffer_bytes_i.value = 1, 0, 64
    await payload.host.step()
    dut.buffer_valid_i.value = 0
    await payload.step(3)
    assert (int(dut.error_o.value), int(dut.failed_o.value)) == (2, 1)


@cocotb.test()
async def test_an_error_answer_stops_and_settings_not_allowed_are_refused(dut):
    rng = seeded(dut)
    payload = Payload(dut, rng)
    payload.host.answer = lambda burst: OKAY if payload.is_tail(burst) else SLVERR
    await payload.power_on()
    await payload.enable()
    payload.lend(4096)
    payload.block(60)
    await payload.until(lambda: int(dut.drained_o.value))
    assert (int(dut.error_o.value), int(dut.failed_o.value)) == (3, 1)
    assert payload.host.word(TAIL) == 0
    dut.enable_i.value = 0
    await payload.step(2)
    dut.tail_address_i.value, dut.enable_i.value = TAIL + 2, 1
    await payload.step(60)
    assert (int(dut.error_o.value), int(dut.running_o.value), int(dut.drained_o.value)) == (1, 0, 1)


@cocotb.test()
async def test_disabling_drains_and_enabling_begins_anew_from_block_0(dut):
    rng = seeded(dut)
    payload = Payload(dut, rng, answer_delay=lambda: rng.choice((0, 20)), data_ready=pattern("110"))
    await payload.power_on()
    for _ in range(12):
        await payload.enable()
        for _ in range(rng.randrange(1, 4)):
            payload.lend(64 * rng.randrange(1, 20))
        for _ in range(rng.randrange(1, 8)):
            payload.block(rng.randrange(1, 60))
        await payload.step(rng.randrange(400))
        dut.enable_i.value = 0
        await payload.step()
        await payload.until(lambda: int(dut.drained_o.value))
        assert payload.host.quiet and payload.host.word(TAIL) == payload.planned == int(dut.written_o.value)
        found, _ = payload.read()
        for number, block in found.items():
            assert block == payload.blocks[number]
        await payload.step(rng.randrange(60))
        assert payload.host.quiet
        payload.words, payload.push = [], []
