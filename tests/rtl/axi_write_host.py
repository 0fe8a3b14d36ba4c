"""A host's memory behind an AXI4 write port, and a checker of the port.

The host takes addresses and data as it likes and answers in order (one ID). A beat it has taken becomes visible in
memory at any time until its burst is answered; beats of one burst in any order, but none of a burst before all of the bursts ahead
of it, as posted writes on PCIe.
"""
from dataclasses import dataclass, field

from bench import edge

OKAY, SLVERR, DECERR = 0, 2, 3


@dataclass
class Burst:
    address: int
    beats: int
    data: list = field(default_factory=list)      # (byte address, strobes, bytes) not yet visible
    taken: int = 0                                # beats
    due: int = 0                                  # clock of its answer


class WriteHost:
    def __init__(self, dut, rng, prefix="", address_ready=lambda clock: 1, data_ready=lambda clock: 1,
                 answer_delay=lambda: 2, answer=lambda burst: OKAY):
        self.dut, self.rng, self.prefix = dut, rng, prefix
        self.address_ready, self.data_ready, self.answer_delay, self.answer = address_ready, data_ready, answer_delay, answer
        self.bytes = len(self.port("wstrb_o"))
        self.memory = {}          # 4-byte words by address
        self.clock = 0
        self.bursts = []          # taken or offered addresses, not answered
        self.early = []           # data of bursts whose address is not yet taken
        self.offered = self.begun = self.ended = self.answered = 0   # bursts
        self.history = []         # every burst, in order of addresses
        self.held_address = self.held_data = None
        self.idle_data = 0        # clocks with room for a beat of an offered burst, and no beat
        self.on_visible = lambda address: None
        self.on_offer = lambda burst: None
        self.on_answer = lambda burst: None

    def port(self, name):
        return getattr(self.dut, self.prefix + name)

    def word(self, address):
        return self.memory.get(address, 0)

    def read(self, address, size):
        return b"".join(self.word(a).to_bytes(4, "little") for a in range(address, address + size, 4))

    def show(self, place):
        """Makes one beat visible."""
        address, strobes, data = place
        for word in range(0, self.bytes, 4):
            lanes = strobes >> word & 15
            assert lanes in (0, 15), f"half a word is written: {strobes:#x}"
            if lanes:
                self.memory[address + word] = data >> 8 * word & 0xFFFFFFFF
                self.on_visible(address + word)

    def show_some(self):
        """The oldest burst that is not wholly visible may show any of its beats."""
        for burst in self.bursts:
            while burst.data and self.rng.random() < 0.3:
                self.show(burst.data.pop(self.rng.randrange(len(burst.data))))
            if burst.data or burst.taken < burst.beats:
                return

    async def step(self):
        """One clock."""
        self.before()
        await edge(self.dut)
        self.after()

    def before(self):
        """What the coming edge finds."""
        self.ready = address_ready, data_ready = int(self.address_ready(self.clock)), int(self.data_ready(self.clock))
        self.port("awready_i").value, self.port("wready_i").value = address_ready, data_ready
        answered = None
        if self.bursts and self.bursts[0].taken == self.bursts[0].beats and self.bursts[0].due <= self.clock:
            answered = self.bursts.pop(0)
            for beat in answered.data:
                self.show(beat)
            self.answered += 1
            self.on_answer(answered)
        self.port("bvalid_i").value = int(answered is not None)
        self.port("bresp_i").value = self.answer(answered) if answered else self.rng.randrange(4)

    def after(self):
        """What it took."""
        address_ready, data_ready = self.ready
        self.take_address(address_ready)
        self.take_data(data_ready)
        assert int(self.port("bready_o").value) == 1
        self.show_some()
        self.clock += 1

    def take_address(self, ready):
        if not int(self.port("awvalid_o").value):
            assert self.held_address is None, "an address went away before it was taken"
            return
        address, length = int(self.port("awaddr_o").value), int(self.port("awlen_o").value)
        if self.held_address is None:
            size = (length + 1) * self.bytes
            assert address % self.bytes == 0, f"{address:#x} is not aligned to the bus"
            assert address // 4096 == (address + size - 1) // 4096, f"{size} bytes at {address:#x} cross 4 KiB"
            burst = Burst(address, length + 1)
            self.offered += 1
            self.history.append(burst)
            self.on_offer(burst)
        assert self.held_address in (None, (address, length)), "an address changed before it was taken"
        self.held_address = None if ready else (address, length)
        if ready:
            burst = self.history[self.offered - 1]
            self.bursts.append(burst)
            while self.early and burst.taken < burst.beats:
                self.place(burst, *self.early.pop(0))

    def take_data(self, ready):
        if not int(self.port("wvalid_o").value):
            assert self.held_data is None, "data went away before they were taken"
            self.idle_data += self.ended < self.offered
            return
        data, strobes = int(self.port("wdata_o").value), int(self.port("wstrb_o").value)
        last = int(self.port("wlast_o").value)
        assert self.held_data in (None, (data, strobes, last)), "data changed before they were taken"
        self.held_data = None if ready else (data, strobes, last)
        if not ready:
            return
        assert self.ended < self.offered, "data came before their address was offered"
        burst = next((b for b in self.bursts if b.taken < b.beats), None)
        if burst:
            self.place(burst, data, strobes, last)
        else:
            self.early.append((data, strobes, last))
        self.ended += last

    def place(self, burst, data, strobes, last):
        burst.data.append((burst.address + burst.taken * self.bytes, strobes, data))
        burst.taken += 1
        assert last == (burst.taken == burst.beats), f"wlast is {last} at beat {burst.taken} of {burst.beats}"
        burst.due = self.clock + 1 + self.answer_delay()

    @property
    def quiet(self):
        """Nothing is under way."""
        return not self.bursts and not self.early and self.held_address is None and self.held_data is None
