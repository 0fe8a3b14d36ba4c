"""An AXI4-Lite master that may pause on every channel, and checks the slave's manners: what is offered
stays until taken."""
import cocotb
from cocotb.triggers import RisingEdge, with_timeout

OKAY, SLAVE_ERROR = 0, 2


class AxiLite:
    """Ports <prefix>awvalid_i and so on of a slave. pause(channel) says before each clock whether the
    channel (aw w b ar r) waits. Accesses may overlap; those of one kind come back in order."""

    def __init__(self, dut, clock, prefix="", pause=lambda channel: False):
        self.port = lambda name: getattr(dut, prefix + name)
        self.clock, self.pause = clock, pause
        for name in ("awvalid_i", "wvalid_i", "bready_i", "arvalid_i", "rready_i", "awaddr_i", "wdata_i", "wstrb_i",
                     "araddr_i"):
            self.port(name).value = 0

    async def _offer(self, channel, **values):
        while self.pause(channel):
            await RisingEdge(self.clock)
        for name, value in values.items():
            self.port(name).value = value
        self.port(f"{channel}valid_i").value = 1
        while True:
            await RisingEdge(self.clock)
            if int(self.port(f"{channel}ready_o").value):
                break
        self.port(f"{channel}valid_i").value = 0

    async def _take(self, channel, *names):
        ready, shown = self.port(f"{channel}ready_i"), None
        while True:
            willing = not self.pause(channel)
            ready.value = int(willing)
            await RisingEdge(self.clock)
            if int(self.port(f"{channel}valid_o").value):
                values = [int(self.port(name).value) for name in names]
                assert shown in (None, values), f"{channel} changed before it was taken"
                shown = values
                if willing:
                    ready.value = 0
                    return values
            else:
                assert shown is None, f"{channel} went away before it was taken"

    async def _write(self, address, value, strobe):
        data = cocotb.start_soon(self._offer("w", wdata_i=value & 0xFFFFFFFF, wstrb_i=strobe))
        await self._offer("aw", awaddr_i=address)
        await data
        response, = await self._take("b", "bresp_o")
        return response

    async def write(self, address, value, strobe=0xF):
        """The response."""
        return await with_timeout(self._write(address, value, strobe), 1, "ms")

    async def _read(self, address):
        await self._offer("ar", araddr_i=address)
        return tuple(await self._take("r", "rdata_o", "rresp_o"))

    async def read(self, address):
        """(data, response)"""
        return await with_timeout(self._read(address), 1, "ms")
