"""A host's memory behind an AXI4 read port, and a checker of the port: answers in order (one ID), after a while, with pauses."""
OKAY, SLVERR, DECERR = 0, 2, 3


class ReadHost:
    """Call `before` ahead of an edge and `after` behind it; `read(address, size)` gives the bytes that are there now."""

    def __init__(self, dut, rng, read, prefix="", address_ready=lambda clock: 1, data_valid=lambda clock: 1, delay=lambda: 3,
                 answer=lambda address: OKAY):
        self.dut, self.rng, self.read, self.prefix = dut, rng, read, prefix
        self.address_ready, self.data_valid, self.delay, self.answer = address_ready, data_valid, delay, answer
        self.bytes = len(self.port("rdata_i")) // 8
        self.reads = []               # [address, beats left, due]
        self.history = []             # every read: (address, beats)
        self.held = None
        self.mute = False             # answers no more
        self.shown = None
        self.clock = 0

    def port(self, name):
        return getattr(self.dut, self.prefix + name)

    def before(self):
        self.port("arready_i").value = self.ready = int(self.address_ready(self.clock))
        if self.shown is None and self.reads and not self.mute and self.reads[0][2] <= self.clock and self.data_valid(self.clock):
            address, left, _ = self.reads[0]
            self.shown = (int.from_bytes(self.read(address, self.bytes), "little"), self.answer(address), int(left == 1))
        self.port("rvalid_i").value = int(self.shown is not None)
        data, response, last = self.shown or (self.rng.getrandbits(8 * self.bytes), self.rng.randrange(4), self.rng.getrandbits(1))
        self.port("rdata_i").value, self.port("rresp_i").value, self.port("rlast_i").value = data, response, last

    def after(self):
        if self.shown is not None and int(self.port("rready_o").value):
            self.shown = None
            self.reads[0][0] += self.bytes
            self.reads[0][1] -= 1
            if self.reads[0][1] == 0:
                self.reads.pop(0)
        if not int(self.port("arvalid_o").value):
            assert self.held is None, "an address went away before it was taken"
        else:
            address, beats = int(self.port("araddr_o").value), int(self.port("arlen_o").value) + 1
            assert self.held in (None, (address, beats)), "an address changed before it was taken"
            size = beats * self.bytes
            assert address % 64 == 0 and size % 64 == 0
            assert address // 4096 == (address + size - 1) // 4096, f"{size} bytes at {address:#x} cross 4 KiB"
            self.held = None if self.ready else (address, beats)
            if self.ready:
                self.reads.append([address, beats, self.clock + 1 + self.delay()])
                self.history.append((address, beats))
        self.clock += 1

    @property
    def quiet(self):
        return not self.reads and self.held is None
