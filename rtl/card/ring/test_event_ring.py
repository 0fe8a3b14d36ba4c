import cocotb
from axi_write_host import DECERR, OKAY, SLVERR, WriteHost
from bench import edge, pattern, patterns, seeded, start
from simulator import Bench

SOURCES = ["rtl/card/ring/event_ring.sv", "rtl/card/ring/ring_writer.sv", "rtl/card/ring/ring_interrupt.sv",
           "rtl/common/fifo/fifo.sv"]
BENCHES = [Bench("event_ring", SOURCES, {"BusWidth": width}) for width in (128, 256, 512)] + [
    Bench("event_ring", SOURCES, {"BusWidth": 128, "BufferRecords": 3, "BurstRecords": 3, "Outstanding": 2},
          tests="test_(every_record|a_full_ring|disabling|an_error).*")]

BASE, TAIL, SIZE = 0x3_8000_1000, 0x7_0000_0048, 64
RUNNING_LIMIT = 20000


def record(number):
    """Every word of it tells which record it is."""
    return sum(((number * 0x9E3779B1 + word) & 0xFFFFFFFF) << 32 * word for word in range(15)) | number << 480


class Ring:
    """The unit with a source of records and a host that reads as told. Checks at every clock that the tail counts
    only what was answered, and that nothing is written beyond what was given back."""

    def __init__(self, dut, rng, **host):
        self.dut, self.rng = dut, rng
        self.host = WriteHost(dut, rng, **host)
        self.host.on_offer, self.host.on_answer = self.offer, self.answer
        self.beats = 64 // self.host.bytes
        self.next = self.taken = 0                # records offered, taken
        self.limit = 0                            # records to send
        self.offer_record = lambda clock: 1
        self.planned = self.answered = self.read = 0     # records since the ring was enabled
        self.first = 0                            # number of the first of these
        self.read_now = None
        self.received = []
        self.log = 6

    async def power_on(self, **settings):
        await start(self.dut, **settings)
        await self.step()

    async def enable(self, base=BASE, log2=6, tail=TAIL, tail_records=1, interrupt_records=1, interrupt_clocks=0):
        self.log = log2
        self.planned = self.answered = self.read = 0
        self.first = self.first_waiting
        for place in range(1 << log2):
            self.host.memory[base + 64 * place + 60] = (self.first - 1) & 0xFFFFFFFF
        self.host.memory[tail & ~3] = 0
        for name, value in (("base", base), ("records_log2", log2), ("tail_address", tail), ("tail_records", tail_records),
                            ("interrupt_records", interrupt_records), ("interrupt_clocks", interrupt_clocks), ("enable", 1)):
            getattr(self.dut, name + "_i").value = value
        self.base, self.tail = base, tail
        await self.step()

    @property
    def first_waiting(self):
        """Number of the first record that has no burst yet."""
        return getattr(self, "sent", 0)

    def is_tail(self, burst):
        return burst.address == self.tail // self.host.bytes * self.host.bytes

    def offer(self, burst):
        if self.is_tail(burst):
            assert burst.beats == 1
            return
        assert burst.beats % self.beats == 0
        place = self.planned & (1 << self.log) - 1
        assert burst.address == self.base + 64 * place, f"{burst.address:#x} is not the place of record {self.planned}"
        self.planned += burst.beats // self.beats
        self.sent = self.first + self.planned
        assert self.planned - self.read <= 1 << self.log, "written beyond the host's read count"

    def answer(self, burst):
        if self.is_tail(burst):
            assert self.host.word(self.tail) <= self.answered, "the tail counts what was not answered"
        else:
            self.answered += burst.beats // self.beats

    async def step(self, count=1):
        dut = self.dut
        for _ in range(count):
            holding = int(dut.record_valid_i.value) and self.next == self.taken + 1
            if not holding and self.taken < self.limit and self.offer_record(self.host.clock):
                self.next = self.taken + 1
                holding = True
            dut.record_valid_i.value = int(holding)
            dut.record_data_i.value = record(self.taken) if holding else 0
            dut.read_valid_i.value = int(self.read_now is not None)
            dut.read_count_i.value = self.read_now if self.read_now is not None else self.rng.getrandbits(32)
            self.read_now = None
            await self.host.step()
            if holding and int(dut.record_ready_o.value):
                self.taken += 1

    def take(self, most=1 << 30):
        """What a host does that reads by tail and number; gives back what it read."""
        count = min(self.host.word(self.tail) - self.read, most)
        for _ in range(count):
            got = self.host.read(self.base + 64 * (self.read % (1 << self.log)), 64)
            number = int.from_bytes(got[60:], "little")
            assert got == record(number).to_bytes(64, "little")
            self.received.append(number)
            self.read += 1
        if count > 0:
            self.read_now = self.read

    async def run(self, count, reads=lambda clock: 1, limit=RUNNING_LIMIT):
        """Sends records until the host has them all."""
        self.limit = self.taken + count
        for _ in range(limit):
            if len(self.received) >= self.limit:
                break
            if reads(self.host.clock):
                self.take()
            await self.step()
        assert self.received == list(range(self.limit))

    async def until(self, condition, limit=3000):
        for _ in range(limit):
            if condition():
                return
            await self.step()
        raise AssertionError("it does not happen")

    def state(self):
        dut = self.dut
        return {"running": int(dut.running_o.value), "drained": int(dut.drained_o.value), "error": int(dut.error_o.value),
                "failed": int(dut.failed_o.value)}


ON = {"running": 1, "drained": 0, "error": 0, "failed": 0}
OFF = {"running": 0, "drained": 1, "error": 0, "failed": 0}


@cocotb.test()
async def test_every_record_arrives_once_in_order_whole_under_every_pattern(dut):
    rng = seeded(dut)
    for offer_name, offer in patterns(rng).items():
        for ready_name, ready in patterns(rng).items():
            if "random" not in (offer_name, ready_name) and not (len(dut.wdata_o) == 128 and ready_name in ("always", "1110")):
                continue
            cocotb.log.info("%s %s", offer_name, ready_name)
            turned = {"always": ready, "random": lambda clock: int(rng.random() < 0.5)}.get(ready_name, pattern("110"))
            ring = Ring(dut, rng, data_ready=ready, address_ready=turned, answer_delay=lambda: rng.choice((0, 0, 1, 5, 40)))
            ring.offer_record = offer
            await ring.power_on()
            await ring.enable(tail_records=rng.choice((1, 3, 16)))
            await ring.run(15 if "rarely" in (offer_name, ready_name) else 40)


@cocotb.test()
async def test_a_full_ring_waits_and_writes_nothing_beyond_the_read_count(dut):
    rng = seeded(dut)
    ring = Ring(dut, rng, answer_delay=lambda: rng.choice((0, 3, 20)))
    await ring.power_on()
    await ring.enable()
    ring.limit = 1000
    await ring.step(900)
    assert ring.planned == SIZE and ring.answered == SIZE and ring.host.word(TAIL) == SIZE
    assert ring.taken == SIZE + int(dut.BufferRecords.value), "records wait, and the input is not ready"
    for _ in range(30):
        most = rng.choice((1, 2, 5))
        ring.take(most)
        await ring.step(160)
        assert ring.planned == ring.read + SIZE
    await ring.run(60)


@cocotb.test()
async def test_larger_rings_wrap_at_their_size_and_counts_go_on(dut):
    rng = seeded(dut)
    ring = Ring(dut, rng, answer_delay=lambda: rng.choice((0, 3)))
    await ring.power_on()
    await ring.enable(log2=7, tail_records=16)
    await ring.run(300, reads=lambda clock: clock % 200 == 0)


@cocotb.test()
async def test_the_tail_follows_the_answer_and_is_not_sent_for_less_under_load(dut):
    rng = seeded(dut)
    ring = Ring(dut, rng, answer_delay=lambda: 200)
    await ring.power_on()
    await ring.enable(tail_records=8)
    ring.limit = 1
    await ring.until(lambda: ring.answered == 1)
    assert ring.host.word(TAIL) == 0
    await ring.until(lambda: ring.host.word(TAIL) == 1)
    ring.limit = 41
    await ring.until(lambda: ring.host.word(TAIL) == 41)
    tails = [burst for burst in ring.host.history if ring.is_tail(burst)]
    assert 2 <= len(tails) <= 2 + 40 // 8 + 2, f"{len(tails)} tails for 41 records"


@cocotb.test()
async def test_a_tail_strobes_four_bytes_wherever_it_lies(dut):
    rng = seeded(dut)
    for tail in range(0x1000, 0x1040, 4):
        ring = Ring(dut, rng)
        await ring.power_on()
        await ring.enable(tail=tail)
        for neighbour in range(0xFC0, 0x1080, 4):
            ring.host.memory[neighbour] = 0xABCD0000 + neighbour
        ring.host.memory[tail] = 0
        await ring.run(3)
        for neighbour in range(0xFC0, 0x1080, 4):
            assert ring.host.word(neighbour) == (3 if neighbour == tail else 0xABCD0000 + neighbour)


@cocotb.test()
async def test_the_interrupt_comes_by_count_or_by_time_after_the_tail_and_stays_until_acknowledged(dut):
    rng = seeded(dut)
    ring = Ring(dut, rng)
    await ring.power_on()
    await ring.enable(interrupt_records=4, interrupt_clocks=300)
    ring.limit = 3
    await ring.until(lambda: ring.host.word(TAIL) == 3)
    await ring.step(200)
    assert int(dut.interrupt_o.value) == 0, "fewer than 4, and not yet 300 clocks"
    ring.limit = 4
    await ring.until(lambda: int(dut.interrupt_o.value))
    assert ring.host.word(TAIL) == 4, "the tail is there before the interrupt"
    await ring.step(400)
    assert int(dut.interrupt_o.value) == 1, "a level"
    dut.acknowledge_i.value = 1
    await ring.step()
    dut.acknowledge_i.value = 0
    await ring.step(500)
    assert int(dut.interrupt_o.value) == 0
    ring.limit = 5
    await ring.until(lambda: ring.host.word(TAIL) == 5)
    before = ring.host.clock
    await ring.until(lambda: int(dut.interrupt_o.value))
    assert 295 <= ring.host.clock - before <= 310, "one record, after 300 clocks"
    ring.limit = 7
    await ring.until(lambda: ring.host.word(TAIL) == 7)
    dut.acknowledge_i.value = 1
    await ring.step()
    dut.acknowledge_i.value = 0
    await ring.step(2)
    assert int(dut.interrupt_o.value) == 0
    await ring.until(lambda: int(dut.interrupt_o.value))
    assert ring.host.word(TAIL) == 7, "what came before the acknowledgement is told again"


@cocotb.test()
async def test_an_error_answer_stops_the_ring_and_its_records_are_never_counted(dut):
    rng = seeded(dut)
    for response, bad in ((SLVERR, 5), (DECERR, 3), (1, 4)):
        ring = Ring(dut, rng, answer_delay=lambda: 6, data_ready=pattern("10"))
        ring.host.answer = lambda burst: OKAY if ring.is_tail(burst) or ring.good > 0 else response
        ring.good = 1 << 30
        await ring.power_on()
        await ring.enable()
        ring.limit = 200
        await ring.until(lambda: ring.answered > bad)
        ring.good, good = 0, ring.answered
        await ring.until(lambda: int(dut.error_o.value))
        planned = ring.planned
        await ring.until(lambda: int(dut.drained_o.value))
        assert ring.state() == {"running": 0, "drained": 1, "error": 3, "failed": 1}
        assert ring.planned <= planned + int(dut.BurstRecords.value), "one planned burst at most begins after an error"
        assert ring.host.quiet and ring.host.word(TAIL) == good == int(dut.written_o.value)
        assert int(dut.error_count_o.value) >= 1
        ring.read_now = 0
        await ring.step(100)
        assert ring.host.quiet, "stopped"
        dut.enable_i.value = 0
        await ring.step(2)
        assert ring.state() == {"running": 0, "drained": 1, "error": 3, "failed": 0}
        ring.good = 1 << 30
        ring.received.clear()
        await ring.enable()
        await ring.step()
        assert ring.state() == ON and int(dut.error_count_o.value) == 0


@cocotb.test()
async def test_an_error_answer_to_a_tail_stops_too(dut):
    rng = seeded(dut)
    ring = Ring(dut, rng)
    ring.host.answer = lambda burst: SLVERR if ring.is_tail(burst) else OKAY
    await ring.power_on()
    await ring.enable()
    ring.limit = 1
    await ring.until(lambda: int(dut.failed_o.value))
    assert int(dut.interrupt_o.value) == 0
    await ring.until(lambda: int(dut.drained_o.value))


@cocotb.test()
async def test_an_answer_to_nothing_stops(dut):
    ring = Ring(dut, seeded(dut))
    await ring.power_on()
    await ring.enable()
    await ring.run(2)
    await ring.step(20)
    dut.bvalid_i.value, dut.bresp_i.value = 1, 0
    await edge(dut)
    dut.bvalid_i.value = 0
    await ring.step(3)
    assert ring.state() == {"running": 0, "drained": 1, "error": 3, "failed": 1}


@cocotb.test()
async def test_a_read_count_that_cannot_be_stops(dut):
    for wrong in (6, 4, 0xFFFFFFFF, 1 << 31):
        ring = Ring(dut, seeded(dut))
        await ring.power_on()
        await ring.enable()
        ring.limit = 5
        await ring.until(lambda: ring.host.word(TAIL) == 5)
        ring.read_now = 5
        await ring.step(2)
        assert ring.state() == ON
        ring.read_now = wrong
        await ring.step(2)
        await ring.until(lambda: int(dut.drained_o.value))
        assert ring.state() == {"running": 0, "drained": 1, "error": 2, "failed": 1}


@cocotb.test()
async def test_an_error_answer_behind_another_error_counts_nothing_either(dut):
    ring = Ring(dut, seeded(dut), answer_delay=lambda: 20)
    ring.host.answer = lambda burst: OKAY if ring.is_tail(burst) or ring.answered != 1 else SLVERR
    await ring.power_on()
    await ring.enable()
    ring.limit = 3
    ring.offer_record = lambda clock: clock % 6 == 0     # a burst each
    await ring.until(lambda: ring.taken == 3)
    ring.read_now = 77
    await ring.until(lambda: int(dut.drained_o.value))
    assert int(dut.error_o.value) == 2 and int(dut.error_count_o.value) == 1
    assert ring.host.word(TAIL) == int(dut.written_o.value) == 0


@cocotb.test()
async def test_settings_that_are_not_allowed_are_refused(dut):
    for wrong in ({"base": BASE + 64}, {"base": BASE + 2048}, {"log2": 5}, {"log2": 25}, {"log2": 0}, {"tail": TAIL + 1},
                  {"tail": TAIL + 2}):
        ring = Ring(dut, seeded(dut))
        await ring.power_on()
        ring.limit = 3
        await ring.enable(**{"base": BASE, "log2": 6, "tail": TAIL} | wrong)
        await ring.step(100)
        assert ring.state() == {"running": 0, "drained": 1, "error": 1, "failed": 1}, wrong
        assert ring.host.offered == 0
        dut.enable_i.value = 0
        await ring.step(2)
        assert ring.state()["failed"] == 0
        await ring.enable()
        await ring.run(3)


@cocotb.test()
async def test_disabling_ends_on_a_burst_boundary_and_loses_nothing(dut):
    """Again and again, at any moment, with slow answers: after drained_o the tail counts every record that left, and the
    next enabling goes on with the next record."""
    rng = seeded(dut)
    ring = Ring(dut, rng, data_ready=lambda clock: int(rng.random() < 0.6), address_ready=lambda clock: int(rng.random() < 0.6),
                answer_delay=lambda: rng.choice((0, 4, 30)))
    await ring.power_on()
    ring.limit = 1 << 30
    for _ in range(25):
        await ring.enable(base=BASE + 4096 * rng.randrange(4), tail_records=rng.choice((1, 8, 1000)))
        for _ in range(rng.randrange(150)):
            ring.take()
            await ring.step()
        dut.enable_i.value = 0
        await ring.step()
        offered = ring.planned
        assert int(dut.running_o.value) == 1, "seen at this edge"
        for _ in range(2000):
            await ring.step()
            if int(dut.drained_o.value):
                break
        assert ring.state() == OFF and ring.host.quiet
        assert ring.planned <= offered + 2 * int(dut.BurstRecords.value)
        assert ring.host.word(ring.tail) == ring.planned == int(dut.written_o.value)
        ring.take()
        ring.read_now = None
        assert ring.received == list(range(len(ring.received)))
        assert len(ring.received) == ring.first + ring.planned
        await ring.step(rng.randrange(40))
        assert ring.host.quiet, "nothing moves while off"


@cocotb.test()
async def test_settings_written_while_on_wait_for_the_next_enabling(dut):
    ring = Ring(dut, seeded(dut))
    await ring.power_on()
    await ring.enable()
    dut.base_i.value, dut.tail_address_i.value, dut.records_log2_i.value = 0x9000_0000, 0x9999_0000, 20
    await ring.run(150)


@cocotb.test()
async def test_enabling_while_draining_waits_until_drained(dut):
    ring = Ring(dut, seeded(dut), answer_delay=lambda: 100)
    await ring.power_on()
    await ring.enable()
    ring.limit = 10
    await ring.step(30)
    dut.enable_i.value = 0
    await ring.step(2)
    dut.enable_i.value = 1
    await ring.step(20)
    assert ring.state() == {"running": 0, "drained": 0, "error": 0, "failed": 0}
    await ring.until(lambda: ring.host.quiet and ring.host.word(TAIL) == 10)
    ring.planned = ring.answered = ring.host.memory[TAIL] = 0
    ring.first = ring.sent
    await ring.until(lambda: int(dut.running_o.value))
    assert int(dut.written_o.value) == 0


@cocotb.test()
async def test_at_full_load_a_record_takes_its_beats_and_no_more(dut):
    """512 bits of record in 512 / BusWidth clocks, and one beat a tail; answers take 200 clocks."""
    rng = seeded(dut)
    ring = Ring(dut, rng, answer_delay=lambda: 200)
    await ring.power_on()
    await ring.enable(log2=10, tail_records=64)
    ring.limit = 500
    await ring.until(lambda: ring.planned >= 100)
    clock, planned, tails = ring.host.clock, ring.planned, len([b for b in ring.host.history if ring.is_tail(b)])
    await ring.until(lambda: ring.planned >= 400)
    tails = len([b for b in ring.host.history if ring.is_tail(b)]) - tails
    clocks, records = ring.host.clock - clock, ring.planned - planned
    dut._log.info("%d clocks for %d records, %d tails", clocks, records, tails)
    if ring.beats == 4:
        assert tails <= 6 and clocks <= 4 * records + tails + 4
    else:
        assert clocks <= 1.5 * records * ring.beats, "answers of 200 clocks for 256 records bound it here"


@cocotb.test()
async def test_one_record_a_clock_at_512_bits_when_answers_are_quick(dut):
    rng = seeded(dut)
    ring = Ring(dut, rng, answer_delay=lambda: 10)
    await ring.power_on()
    await ring.enable(log2=10, tail_records=64)
    ring.limit = 800
    await ring.until(lambda: ring.planned >= 100)
    clock, planned = ring.host.clock, ring.planned
    await ring.until(lambda: ring.planned >= 700)
    clocks, records = ring.host.clock - clock, ring.planned - planned
    assert clocks <= records * ring.beats * 1.03 + 20


@cocotb.test()
async def test_a_lone_record_is_offered_three_clocks_after_it_was_taken(dut):
    ring = Ring(dut, seeded(dut))
    await ring.power_on()
    await ring.enable()
    await ring.step(10)
    ring.limit = 1
    await ring.step()
    assert ring.taken == 1
    taken = ring.host.clock
    await ring.until(lambda: ring.host.offered == 1)
    assert ring.host.clock - taken == 3


@cocotb.test()
async def test_data_do_not_wait_for_the_address_to_be_taken(dut):
    """A host may take data first, and the address only when it has seen them."""
    ring = Ring(dut, seeded(dut))
    ring.host.address_ready = lambda clock: int(len(ring.host.early) > 0)
    await ring.power_on()
    await ring.enable()
    await ring.run(20)
