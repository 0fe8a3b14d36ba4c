"""The board behind the pins of the card, as rtl/trigger/interlock/interlock.md asks for it."""
import cocotb
from cocotb.triggers import ValueChange
from cocotb.utils import get_sim_time


class Board:
    """permit_beam has a pull-down, so that anything but a driven 1 is 0. keep_alive triggers a retriggerable one-shot:
    its output falls `hold_ns` after the last edge, and stays low until two edges have come within that time, so that
    one edge of a card that starts means nothing. Both together let the beam on."""

    def __init__(self, dut, hold_ns):
        self.dut, self.hold_ns = dut, hold_ns
        self.edges = []
        self.task = cocotb.start_soon(self._listen())

    async def _listen(self):
        while True:
            before = str(self.dut.keep_alive_o.value)
            await ValueChange(self.dut.keep_alive_o)
            if {before, str(self.dut.keep_alive_o.value)} == {"0", "1"}:
                self.edges = self.edges[-1:] + [get_sim_time("ns")]

    @property
    def alive(self):
        now = get_sim_time("ns")
        return len(self.edges) == 2 and self.edges[1] - self.edges[0] <= self.hold_ns \
            and now - self.edges[1] <= self.hold_ns

    @property
    def beam(self):
        return str(self.dut.permit_beam_o.value) == "1" and self.alive
