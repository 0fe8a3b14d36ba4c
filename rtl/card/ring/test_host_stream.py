import cocotb
from axi_read_host import DECERR, OKAY, SLVERR, ReadHost
from axi_write_host import WriteHost
from bench import pattern, patterns, seeded, start
from simulator import Bench

SOURCES = ["rtl/card/ring/host_stream.sv", "rtl/common/fifo/fifo.sv"]
BENCHES = [Bench("host_stream", SOURCES, {"BusWidth": width, "VectorBits": bits})
           for width, bits in ((128, 96), (128, 1100), (256, 512), (512, 16), (512, 1500))]

BASE, COUNT, LOG2 = 0x2_0000_3000, 0x6_0000_0014, 6


class Stream:
    """The unit between a host that writes vectors into its ring and a network that takes them."""

    def __init__(self, dut, rng, accept=lambda clock: 1, **reads):
        self.dut, self.rng, self.accept = dut, rng, accept
        self.host = WriteHost(dut, rng)
        self.reads = ReadHost(dut, rng, self.memory, **reads)
        self.bits = int(dut.VectorBits.value)
        self.vector_lines = -(-self.bits // 512)
        self.ring = bytearray(rng.randbytes(64 << LOG2))
        self.vectors, self.got = [], []
        self.produced, self.told = 0, 0
        self.pending = b""            # bytes of vectors that are not yet written
        self.held = None

    def memory(self, address, size):
        assert BASE <= address and address + size <= BASE + len(self.ring), f"read of {address:#x}, outside the ring"
        line = (address - BASE) // 64
        assert (self.told - 1 - line) % (1 << LOG2) < self.told - int(self.dut.consumed_o.value), "read ahead of the host's count"
        return bytes(self.ring[address - BASE:address - BASE + size])

    async def power_on(self):
        await start(self.dut)
        await self.step()

    async def enable(self, base=BASE, log2=LOG2, address=COUNT, lines=1, stall=0):
        self.produced = self.told = 0
        self.vectors, self.got, self.pending = [], [], b""
        self.host.memory[COUNT] = 0
        dut = self.dut
        dut.base_i.value, dut.lines_log2_i.value, dut.consumed_address_i.value = base, log2, address
        dut.consumed_lines_i.value, dut.stall_clocks_i.value, dut.enable_i.value = lines, stall, 1
        await self.step()

    def add(self, count):
        for _ in range(count):
            vector = self.rng.getrandbits(self.bits)
            self.vectors.append(vector)
            padding = self.rng.getrandbits(self.vector_lines * 512 - self.bits) if self.vector_lines * 512 > self.bits else 0
            self.pending += (padding << self.bits | vector).to_bytes(64 * self.vector_lines, "little")

    def write(self, most=1 << 30):
        """Writes lines as far as there is room, then tells the count."""
        room = (1 << LOG2) - (self.produced - self.host.word(COUNT))
        for _ in range(min(most, room, len(self.pending) // 64)):
            at = 64 * (self.produced % (1 << LOG2))
            self.ring[at:at + 64] = self.pending[:64]
            self.pending = self.pending[64:]
            self.produced += 1

    async def step(self, count=1):
        dut = self.dut
        for _ in range(count):
            tell = self.produced != self.told
            dut.produced_valid_i.value = int(tell)
            dut.produced_count_i.value = self.produced if tell else self.rng.getrandbits(32)
            self.told = self.produced
            ready = int(self.accept(self.host.clock))
            dut.vector_ready_i.value = ready
            self.reads.before()
            await self.host.step()
            self.reads.after()
            if int(dut.vector_valid_o.value):
                vector = int(dut.vector_data_o.value)
                assert self.held in (None, vector), "a vector changed before it was taken"
                self.held = None if ready else vector
                if ready:
                    self.got.append(vector)
            else:
                assert self.held is None or int(dut.running_o.value) == 0, "a vector went away before it was taken"
                self.held = None

    async def until(self, condition, limit=6000):
        for _ in range(limit):
            if condition():
                return
            await self.step()
        raise AssertionError("it does not happen")

    def state(self):
        return tuple(int(self.dut[name].value) for name in ("running_o", "drained_o", "error_o", "failed_o"))


@cocotb.test()
async def test_every_vector_goes_in_once_in_order_under_every_pattern(dut):
    rng = seeded(dut)
    for name, accept in patterns(rng).items():
        stream = Stream(dut, rng, accept, data_valid=patterns(rng)["random"], delay=lambda: rng.choice((0, 1, 30)),
                        address_ready=patterns(rng)["1110"])
        await stream.power_on()
        await stream.enable(lines=rng.choice((1, 8, 1000)))
        stream.add(60)
        for _ in range(8000):
            if rng.random() < 0.1:
                stream.write(rng.randrange(1, 40))
            await stream.step()
            if len(stream.got) == 60:
                break
        assert stream.got == stream.vectors, name
        await stream.until(lambda: stream.host.word(COUNT) == 60 * stream.vector_lines)
        assert stream.reads.quiet


@cocotb.test()
async def test_a_full_ring_of_vectors_is_held_back_by_a_slow_network_and_nothing_is_read_twice(dut):
    rng = seeded(dut)
    stream = Stream(dut, rng, accept=lambda clock: int(clock % 50 == 0))
    await stream.power_on()
    await stream.enable()
    stream.add(200 // stream.vector_lines)
    for _ in range(200 * 60):
        stream.write()
        await stream.step()
        if len(stream.got) == len(stream.vectors):
            break
    assert stream.got == stream.vectors
    assert sum(beats for _, beats in stream.reads.history) * stream.reads.bytes == len(stream.vectors) * stream.vector_lines * 64


@cocotb.test()
async def test_a_vector_cut_in_the_middle_is_reported_and_never_given_on(dut):
    rng = seeded(dut)
    stream = Stream(dut, rng)
    if stream.vector_lines == 1:
        return   # a vector of one line is whole or not there
    for lines in range(1, stream.vector_lines):
        await stream.power_on()
        await stream.enable(stall=200)
        stream.add(3)
        stream.write(2 * stream.vector_lines + lines)
        await stream.step(150)
        assert stream.state() == (1, 0, 0, 0)
        await stream.until(lambda: stream.state()[2] == 3, 200)
        stream.write()
        await stream.until(lambda: stream.state() == (0, 1, 3, 1))
        await stream.step(50)
        assert stream.got == stream.vectors[:2]
        assert stream.host.word(COUNT) == 2 * stream.vector_lines
        dut.enable_i.value = 0
        await stream.step(3)
        await stream.enable(stall=200)
        stream.add(4)
        stream.write()
        await stream.until(lambda: len(stream.got) == 4)
        assert stream.got == stream.vectors, "nothing is left of the one that was cut"


@cocotb.test()
async def test_a_read_that_is_never_answered_is_reported(dut):
    stream = Stream(dut, seeded(dut))
    await stream.power_on()
    await stream.enable(stall=100)
    stream.add(2)
    stream.reads.mute = True
    stream.write()
    await stream.until(lambda: stream.state()[2] == 3, 150)
    await stream.step(50)
    assert stream.got == [] and stream.state() == (0, 0, 3, 1), "it cannot drain"


@cocotb.test()
async def test_a_silent_host_is_no_error(dut):
    stream = Stream(dut, seeded(dut))
    await stream.power_on()
    await stream.enable(stall=100)
    stream.add(2)
    stream.write()
    await stream.step(600)
    assert stream.got == stream.vectors and stream.state() == (1, 0, 0, 0)


@cocotb.test()
async def test_a_slow_network_is_no_error(dut):
    stream = Stream(dut, seeded(dut), accept=lambda clock: 0)
    await stream.power_on()
    await stream.enable(stall=100)
    stream.add(4)
    stream.write()
    await stream.step(600)
    assert stream.state() == (1, 0, 0, 0)
    stream.accept = lambda clock: 1
    await stream.until(lambda: stream.got == stream.vectors)


@cocotb.test()
async def test_an_error_answer_stops_and_no_vector_behind_it_is_given_on(dut):
    rng = seeded(dut)
    for response in (SLVERR, DECERR):
        for bad in (0, 3):
            stream = Stream(dut, rng)
            line = bad * stream.vector_lines + rng.randrange(stream.vector_lines)
            stream.reads.answer = lambda address: response if address // 64 == BASE // 64 + line else OKAY
            await stream.power_on()
            await stream.enable()
            stream.add(8)
            stream.write()
            await stream.until(lambda: stream.state() == (0, 1, 2, 1))
            await stream.step(30)
            assert stream.got == stream.vectors[:len(stream.got)] and len(stream.got) <= bad
            assert int(dut.error_count_o.value) >= 1 and stream.reads.quiet
            assert stream.host.word(COUNT) == len(stream.got) * stream.vector_lines == int(dut.consumed_o.value)


@cocotb.test()
async def test_a_last_beat_at_the_wrong_place_stops(dut):
    stream = Stream(dut, seeded(dut))
    await stream.power_on()
    await stream.enable()
    stream.add(1)
    stream.reads.mute = True
    stream.write()
    await stream.until(lambda: stream.reads.reads)
    beats = stream.reads.reads[0][1]
    stream.reads.shown = (0, 0, int(beats != 1))
    stream.reads.mute = False
    await stream.step(3)
    assert stream.state()[2] == 2 and stream.got == []


@cocotb.test()
async def test_an_error_answer_to_the_count_stops(dut):
    stream = Stream(dut, seeded(dut))
    stream.host.answer = lambda burst: SLVERR
    await stream.power_on()
    await stream.enable()
    stream.add(1)
    stream.write()
    await stream.until(lambda: stream.state() == (0, 1, 2, 1))


@cocotb.test()
async def test_counts_that_cannot_be_and_settings_that_are_not_allowed(dut):
    for count in (65, 0xFFFFFFFF):
        stream = Stream(dut, seeded(dut))
        await stream.power_on()
        await stream.enable()
        stream.produced = count
        await stream.until(lambda: stream.state() == (0, 1, 4, 1))
        assert stream.reads.history == []
    for wrong in ({"base": BASE + 64}, {"log2": 5}, {"log2": 25}, {"address": COUNT + 2}):
        stream = Stream(dut, seeded(dut))
        await stream.power_on()
        await stream.enable(**wrong)
        await stream.step(20)
        assert stream.state() == (0, 1, 1, 1)


@cocotb.test()
async def test_disabling_drains_and_enabling_begins_anew(dut):
    rng = seeded(dut)
    stream = Stream(dut, rng, accept=lambda clock: int(rng.random() < 0.5), delay=lambda: rng.choice((0, 20)),
                    data_valid=pattern("110"))
    await stream.power_on()
    for _ in range(15):
        await stream.enable(lines=rng.choice((1, 50)))
        stream.add(20)
        stream.write(rng.randrange(64))
        await stream.step(rng.randrange(200))
        dut.enable_i.value = 0
        await stream.step()
        await stream.until(lambda: stream.state() == (0, 1, 0, 0))
        assert stream.reads.quiet and stream.host.quiet
        assert stream.got == stream.vectors[:len(stream.got)]
        assert stream.host.word(COUNT) == len(stream.got) * stream.vector_lines
        await stream.step(rng.randrange(20))


@cocotb.test()
async def test_a_beat_a_clock_while_the_network_takes_them(dut):
    stream = Stream(dut, seeded(dut), delay=lambda: 12)
    await stream.power_on()
    await stream.enable(lines=32)
    stream.add(40 // stream.vector_lines)
    stream.write()
    await stream.until(lambda: len(stream.got) >= 1)
    clock = stream.host.clock
    await stream.until(lambda: len(stream.got) == len(stream.vectors))
    beats = (len(stream.vectors) - 1) * stream.vector_lines * 512 // (8 * stream.reads.bytes)
    assert stream.host.clock - clock <= beats + 30
