"""Finds clock domain crossings that are none of rtl/common/cdc, in the netlist that Yosys makes of a design.

    python3 tests/rtl/crossings.py        the card with a stand-in network; says what is wrong, each time naming both ends

What must hold:
  clocks   the clock of a flip-flop is an input of the top, without logic
  resets   an asynchronous reset comes straight from a reset_synchronizer of the same clock
  paths    what a flip-flop takes in depends on flip-flops and inputs of its own clock only, but for the data of
           a word_crossing or an async_fifo, which stand still while they are taken
  levels   a synchronizer takes its level straight from one flip-flop or one input, and nobody but its second
           flip-flop looks at its first
  outputs  an output depends on its own clock only; the beam pin and keep_alive are flip-flops, without logic
Not found: several synchronizers whose levels are taken for one word."""
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CROSSINGS = ("synchronizer", "reset_synchronizer", "pulse_crossing", "word_crossing", "value_crossing", "async_fifo")
# In a crossing: the flip-flops that take what another clock's flip-flops (or memory) hold still.
STANDS_STILL = {("word_crossing", "word_q", "out_data_o"), ("async_fifo", "memory", "data_q")}
NO_CLOCK = "no clock"
BITWISE = ("$mux", "$and", "$or", "$xor", "$xnor", "$not", "$pos")


@dataclass(frozen=True)
class Ports:
    """The ports of a top: its clocks, and which clock each other port belongs to (by its beginning)."""
    clocks: tuple
    reset: str
    domains: dict          # beginning of a port's name: clock, or NO_CLOCK
    direct: tuple = ()     # outputs that must be flip-flops, without logic

    def domain(self, port):
        beginnings = [name for name in self.domains if port.startswith(name)]
        if not beginnings:
            raise ValueError(f"port {port} has no clock in the table of {__file__}: say which it belongs to")
        return self.domains[max(beginnings, key=len)]


CARD = Ports(
    clocks=("core_clk_i", "bus_clk_i", "adc_clk_i", "link_clk_i", "scan_clk_i"), reset="rst_ni",
    domains={"control_": "bus_clk_i", "event_": "bus_clk_i", "host_": "bus_clk_i", "interrupt_": "bus_clk_i",
             "adc_": "adc_clk_i", "vector_": "link_clk_i", "scan_": "scan_clk_i", "microscope_blank_i": NO_CLOCK,
             "external_interlock_i": NO_CLOCK, "reconfigure_i": NO_CLOCK,
             "pixel_clock_i": NO_CLOCK, "line_clock_i": NO_CLOCK, "frame_clock_i": NO_CLOCK,
             "keep_alive_word_i": "link_clk_i",
             "stall_network_i": "core_clk_i", "permit_beam_o": "core_clk_i", "keep_alive_o": "core_clk_i",
             "pixel_advance_o": "core_clk_i", "aux_trigger_o": "core_clk_i"},
    direct=("permit_beam_o", "keep_alive_o"))


@dataclass(frozen=True)
class Source:
    """Where a signal comes from: a flip-flop (or memory) or an input."""
    name: str
    clock: str
    crossing: str  # path of the crossing it stands in; "" for none


def netlist(sources, top, parameters):
    """(flat module, {path of an instance: its module})"""
    with tempfile.TemporaryDirectory(prefix="edge-crossings-") as folder:
        sets = " ".join(f"-chparam {name} {value}" for name, value in parameters.items())
        script = "; ".join([f"read_verilog -sv -defer {' '.join(str(ROOT / s) for s in sources)}",
                            f"hierarchy -check -top {top} {sets}", "proc", f"write_json {folder}/tree.json", "flatten",
                            "opt_clean", f"write_json {folder}/flat.json"])
        run = subprocess.run(["yosys", "-q", "-p", script], capture_output=True, text=True)
        if run.returncode != 0:
            raise RuntimeError(run.stdout + run.stderr)
        tree = json.loads(Path(folder, "tree.json").read_text())["modules"]
        flat = json.loads(Path(folder, "flat.json").read_text())["modules"]
    instances = {}

    def walk(module, path):
        for name, cell in tree[module]["cells"].items():
            if cell["type"] in tree:
                inner = f"{path}.{name}" if path else name
                made_of = tree[cell["type"]]["attributes"].get("hdlname", cell["type"])
                instances[inner] = made_of.split("\\")[-1].split()[-1]
                walk(cell["type"], inner)

    def is_top(module):
        return int(module["attributes"].get("top", "0"), 2)

    walk(next(name for name, module in tree.items() if is_top(module)), "")
    return next(module for module in flat.values() if is_top(module)), instances


def path_of(cell):
    """Path of the instance in which a cell of the flat netlist stands."""
    if not cell.startswith("$flatten"):
        return ""
    return cell[len("$flatten"):].rsplit(".$", 1)[0].replace("\\", "")


class Netlist:
    def __init__(self, module, instances, ports):
        self.ports, self.instances = ports, instances
        self.cells, self.module_ports = module["cells"], module["ports"]
        self.names, self.drivers, self.readers = {}, {}, {}
        for name, net in module["netnames"].items():
            for index, bit in enumerate(net["bits"]):
                if not net["hide_name"]:
                    self.names.setdefault(bit, []).append(name if len(net["bits"]) == 1 else f"{name}[{index}]")
        self.writes, self.flops = {}, []
        for name, cell in self.cells.items():
            for port, bits in cell["connections"].items():
                for index, bit in enumerate(bits):
                    if cell["port_directions"][port] == "output":
                        self.drivers[bit] = (name, port, index)
                    else:
                        self.readers.setdefault(bit, []).append((name, port, index))
            if cell["type"] == "$memwr_v2":
                self.writes.setdefault(cell["parameters"]["MEMID"], []).append(name)
            if "CLK" in cell["connections"] and not cell["type"].startswith("$mem"):
                self.flops.append(name)
        self.inputs = {}
        for name, port in self.module_ports.items():
            if port["direction"] == "input":
                self.inputs.update(dict.fromkeys(port["bits"], name))
        self.memo = {}

    def crossing_of(self, cell):
        """Path of the innermost crossing around a cell; "" for none."""
        parts = path_of(cell).split(".")
        for end in range(len(parts), 0, -1):
            path = ".".join(parts[:end])
            if self.instances.get(path) in CROSSINGS:
                return path
        return ""

    def name_of(self, cell, bit):
        path = path_of(cell)
        names = [n for n in self.names.get(bit, []) if n.startswith(path + "." if path else "")]
        own = [n for n in names if "_q" in n] or names or self.names.get(bit, [cell])
        return max(own, key=lambda n: (n.count("."), -len(n))) if path else min(own, key=len)

    def clock_of(self, cell):
        bit, = self.cells[cell]["connections"]["CLK"]
        return self.inputs.get(bit)

    def flop_source(self, cell, bit):
        return Source(self.name_of(cell, bit), self.clock_of(cell) or "a clock made by logic", self.crossing_of(cell))

    def memory_sources(self, memory):
        return {Source(memory.lstrip("\\"), self.clock_of(write) or "a clock made by logic", self.crossing_of(write))
                for write in self.writes.get(memory, [])}

    def before(self, bit):
        """(sources found at once, bits to go on with) behind a bit."""
        if isinstance(bit, str):
            return set(), ()
        if bit in self.inputs:
            name = self.inputs[bit]
            return {Source(name, self.ports.reset if name == self.ports.reset else self.ports.domain(name), "")}, ()
        if bit not in self.drivers:
            return set(), ()
        name, _, index = self.drivers[bit]
        cell = self.cells[name]
        kind, pins = cell["type"], cell["connections"]
        if name in self.flop_set:
            return {self.flop_source(name, bit)}, ()
        if kind == "$memrd_v2":
            if int(cell["parameters"]["CLK_ENABLE"], 2):
                raise ValueError(f"{name}: a memory that is read with a clock is not understood")
            return self.memory_sources(cell["parameters"]["MEMID"]), pins["ADDR"]
        width = len(pins.get("Y", ()))
        if kind in BITWISE and all(len(pins[p]) in (1, width) for p in ("A", "B") if p in pins):
            return set(), [pins[p][min(index, len(pins[p]) - 1)] for p in ("A", "B") if p in pins] + pins.get("S", [])
        if kind == "$pmux":
            return set(), [pins["A"][index], *pins["B"][index::width], *pins["S"]]
        return set(), [b for port, bits in pins.items() if cell["port_directions"][port] == "input" for b in bits]

    def sources(self, bit):
        """All sources of a bit, one of each clock and crossing."""
        stack = [bit]
        while stack:
            now = stack[-1]
            if now in self.memo:
                stack.pop()
                continue
            found, further = self.before(now)
            left = [b for b in further if b not in self.memo and b not in self.open]
            if left:
                self.open.add(now)
                stack.extend(left)
                continue
            merged = {(s.clock, s.crossing): s for s in found}
            for b in further:
                for source in self.memo.get(b, ()):
                    merged.setdefault((source.clock, source.crossing), source)
            self.memo[now] = tuple(merged.values())
            self.open.discard(now)
            stack.pop()
        return self.memo[bit]

    def direct_flop(self, bit):
        """The flip-flop that drives a bit without logic; None when none does."""
        name = self.drivers.get(bit, (None,))[0]
        return name if name in self.flop_set else None

    def check(self):
        self.flop_set, self.open = set(self.flops), set()
        said = []
        for name in self.flops + [w for writes in self.writes.values() for w in writes]:
            said += self.check_flop(name)
        for path, unit in self.instances.items():
            if unit == "synchronizer":
                said += self.check_synchronizer(path)
        return sorted(set(said + self.check_outputs()))

    def check_flop(self, name):
        pins, kind = self.cells[name]["connections"], self.cells[name]["type"]
        out = pins["Q"] if "Q" in pins else []
        shown = self.name_of(name, out[0]) if out else self.cells[name]["parameters"]["MEMID"].lstrip("\\")
        clock, crossing, said = self.clock_of(name), self.crossing_of(name), []
        if clock not in self.ports.clocks:
            said.append(f"{shown}: its clock is no input of the top")
        if "ARST" in pins:
            said += self.check_reset(name, shown, clock)
        elif kind not in ("$dff", "$dffe", "$memwr_v2"):
            said.append(f"{shown}: a flip-flop of kind {kind} is not understood")
        if self.instances.get(crossing) == "synchronizer":
            return said
        for port, bits in pins.items():
            if port in ("CLK", "Q", "ARST"):
                continue
            for index, bit in enumerate(bits):
                for source in self.sources(bit):
                    target = self.name_of(name, out[index]) if port == "D" and out else shown
                    if source.clock != clock and not self.stands_still(crossing, source, target):
                        said.append(f"{source.name} ({source.clock}) reaches {target} ({clock}) without a crossing")
        return said

    def stands_still(self, crossing, source, target):
        def local(name):
            return name[len(crossing) + 1:].split("[")[0]
        return bool(crossing) and source.crossing == crossing and \
            (self.instances[crossing], local(source.name), local(target)) in STANDS_STILL

    def check_reset(self, name, shown, clock):
        bit, = self.cells[name]["connections"]["ARST"]
        if self.instances.get(self.crossing_of(name)) == "reset_synchronizer":
            return [] if self.inputs.get(bit) == self.ports.reset else [f"{shown}: its reset is not {self.ports.reset}"]
        driver = self.direct_flop(bit)
        if driver is None or self.instances.get(self.crossing_of(driver)) != "reset_synchronizer":
            behind = ", ".join(sorted({s.name for s in self.sources(bit)})) or "nothing"
            return [f"{shown}: its reset comes from {behind}, not straight from a reset_synchronizer"]
        if self.clock_of(driver) != clock:
            return [f"{shown} ({clock}): its reset {self.name_of(driver, bit)} ends with {self.clock_of(driver)}"]
        return []

    def check_synchronizer(self, path):
        flops = [name for name in self.flops if path_of(name) == path]
        outs = {name: self.cells[name]["connections"]["Q"][0] for name in flops}
        inside = {name: self.direct_flop(self.cells[name]["connections"]["D"][0]) for name in flops}
        firsts = [name for name in flops if inside[name] not in flops]
        seconds = [name for name in flops if inside[name] in flops]
        if len(flops) != 2 or len(firsts) != 1 or len(seconds) != 1:
            return [f"{path}: a synchronizer is two flip-flops in a row, not {len(flops)}"]
        first, = firsts
        said, shown, bit = [], self.name_of(first, outs[first]), self.cells[first]["connections"]["D"][0]
        if self.direct_flop(bit) is None and bit not in self.inputs and not isinstance(bit, str):
            behind = ", ".join(sorted(s.name for s in self.sources(bit))) or "nothing"
            said.append(f"{shown}: logic stands between {behind} and the first flip-flop of the synchronizer")
        for reader, port, index in self.readers.get(outs[first], []):
            if reader not in seconds:
                target = self.cells[reader]["connections"].get("Q")
                target = self.name_of(reader, target[index]) if target and port == "D" else path_of(reader) or reader
                said.append(f"{target} looks at {shown}, the first flip-flop of a synchronizer")
        return said

    def check_outputs(self):
        said = []
        for name, port in self.module_ports.items():
            if port["direction"] != "output":
                continue
            domain = self.ports.domain(name)
            for bit in port["bits"]:
                if name in self.ports.direct and self.direct_flop(bit) is None:
                    said.append(f"{name} is not a flip-flop without logic")
                said += [f"{source.name} ({source.clock}) reaches output {name} ({domain})"
                         for source in self.sources(bit) if source.clock != domain]
        return said


def check(sources, top="card", ports=CARD, parameters=None):
    """What is wrong, a line each."""
    return Netlist(*netlist(sources, top, parameters or {"PositionDepth": 4, "EventDepth": 8}), ports).check()


def main():
    from simulator import card_sources
    said = check(card_sources("narrow"))
    print("\n".join(said) or "every crossing of the card is one of rtl/common/cdc")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
