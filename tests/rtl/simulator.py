"""Runs cocotb tests under Icarus as ordinary pytest tests.

A test file lists its benches (a top module, its sources, parameters) and holds cocotb tests:

    BENCHES = [Bench("fifo", ["rtl/common/fifo/fifo.sv"], {"Depth": d}) for d in (1, 4)]

    @cocotb.test()
    async def test_order_is_kept(dut): ...

Each cocotb test becomes one pytest test per bench. A bench is built when its sources changed, in
build/rtl/, and simulated once for all tests chosen of it.

With netlist=True the same tests run once more on the gates that Yosys makes of the bench: [netlist-...], marked slow.
"""
import fcntl
import hashlib
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cocotb._decorators import TestGenerator
from cocotb_tools.runner import get_runner

ROOT = Path(__file__).resolve().parents[2]
COMMON = ["rtl/common/fifo/fifo.sv", "rtl/common/saturate/saturate.sv",
          "rtl/common/cdc/synchronizer.sv"]


def stand_in(shape):
    """Sources of the stand-in network: narrow, wide or tiny."""
    return [f"tests/rtl/stand_in/{shape}/network_config.sv", "tests/rtl/stand_in/network_core.sv",
            "tests/rtl/stand_in/network.sv", "rtl/network/fabric/fabric_flow.sv"]


def card_sources(shape):
    """Everything of the card around a stand-in network, its package first."""
    rtl = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "rtl").rglob("*.sv"))
    own = stand_in(shape)
    return own + [path for path in rtl if path not in own]


@dataclass
class Bench:
    top: str
    sources: list
    parameters: dict = field(default_factory=dict)
    name: str = ""        # part of the test's name, when parameters do not tell
    tests: str = ".*"     # regular expression: which tests of the file run on it
    netlist: bool = False  # once more on what Yosys makes of it
    slow = False

    @property
    def label(self):
        shown = [self.name] if self.name else []
        return "-".join(shown + [f"{key}{value}" for key, value in self.parameters.items()])

    @property
    def folder(self):
        return ROOT / "build" / "rtl" / "-".join(part for part in (self.top, self.label) if part)

    def design(self, fresh):
        """(files, parameters) for Icarus; fresh: what was made of the sources is still there."""
        return [ROOT / source for source in self.sources], self.parameters

    def build(self):
        digest = hashlib.sha256(repr((self.top, sorted(self.parameters.items()))).encode())
        for source in self.sources:
            digest.update(source.encode() + (ROOT / source).read_bytes())
        runner = get_runner("icarus")
        self.folder.mkdir(parents=True, exist_ok=True)
        stamp = self.folder / "sources.sha256"
        with open(self.folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            fresh = stamp.exists() and stamp.read_text() == digest.hexdigest()
            sources, parameters = self.design(fresh)
            runner.build(sources=sources, hdl_toplevel=self.top, parameters=parameters, build_dir=self.folder,
                         always=not fresh, timescale=("1ns", "1ps"), log_file=self.folder / "build.log")
            stamp.write_text(digest.hexdigest())
        return runner

    def run(self, module, names):
        """{test name: failure text, or None when it passed}"""
        runner = self.build()
        unique = f"{module}-{os.getpid()}"
        log, results = self.folder / f"{unique}.log", self.folder / f"{unique}.xml"
        wanted = "|".join(re.escape(name) for name in names)
        try:
            runner.test(hdl_toplevel=self.top, test_module=module, build_dir=self.folder, test_dir=self.folder,
                        results_xml=str(results), log_file=log, test_filter=rf"\.({wanted})$",
                        extra_env={"COCOTB_ANSI_OUTPUT": "0", "COCOTB_SCHEDULER_DEBUG": "0"})
        except SystemExit as ended:  # the simulator's exit code; the results tell more
            if not results.exists():
                return {name: f"simulation ended with {ended}\n{log.read_text()[-4000:]}" for name in names}
        outcome = {name: "did not run" for name in names}
        for case in ElementTree.parse(results).iter("testcase"):
            bad = case.find("failure") is not None or case.find("error") is not None
            outcome[case.get("name")] = _part_of(log.read_text(), f"{module}.{case.get('name')}") if bad else None
        results.unlink()
        log.rename(self.folder / f"{module}.log")
        return outcome


class Netlist(Bench):
    """A bench whose design is the gates and flip-flops that Yosys makes of it."""
    slow = True

    def __init__(self, bench):
        super().__init__(bench.top, bench.sources, bench.parameters, f"netlist-{bench.label}".strip("-"), bench.tests)

    @property
    def label(self):
        return self.name

    def design(self, fresh):
        netlist = self.folder / "netlist.v"
        if not fresh or not netlist.exists():
            sets = " ".join(f"-set {name} {value}" for name, value in self.parameters.items())
            script = [f"read_verilog -sv -defer {' '.join(str(ROOT / source) for source in self.sources)}",
                      f"chparam {sets} {self.top}" if sets else "", f"synth -flatten -top {self.top}",
                      f"write_verilog -noattr {netlist}"]
            done = subprocess.run(["yosys", "-q", "-p", "; ".join(script)], capture_output=True, text=True)
            if done.returncode != 0:
                raise SimulationFailed(f"Yosys refused {self.top}:\n{done.stdout}{done.stderr}")
            # Tests read the parameters of their bench, of which the gates know nothing.
            known = "".join(f"  parameter {name} = {value};\n" for name, value in self.parameters.items())
            head, rest = netlist.read_text().split(f"module {self.top}(", 1)
            ports, body = rest.split(");\n", 1)
            netlist.write_text(f"{head}module {self.top}({ports});\n{known}{body}")
        return [netlist], {}


def _part_of(log, test):
    """What the log says of one test."""
    begin = log.find(f"running {test} (")
    end = log.find("cocotb.regression                  running ", begin + 1)
    return log[max(begin, 0):end if end > 0 else begin + 6000]


class CocotbItem(pytest.Item):
    def __init__(self, *, bench, test, **kwargs):
        super().__init__(**kwargs)
        self.bench, self.test = bench, test

    def runtest(self):
        outcomes = self.config.stash.setdefault(OUTCOMES, {})
        module = self.path.stem
        key = (module, self.bench.folder)
        if key not in outcomes:
            names = [i.test for i in self.session.items if isinstance(i, CocotbItem)
                     and (i.path.stem, i.bench.folder) == key]
            if str(self.path.parent) not in sys.path:
                sys.path.insert(0, str(self.path.parent))
            outcomes[key] = self.bench.run(module, names)
        failure = outcomes[key][self.test]
        if failure:
            raise SimulationFailed(failure)

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, SimulationFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, None, self.name


class SimulationFailed(Exception):
    """The text is the end of the simulation's log."""


OUTCOMES = pytest.StashKey[dict]()


def pytest_pycollect_makeitem(collector, name, obj):
    """Hook for conftest.py: cocotb tests become pytest tests."""
    if not isinstance(obj, TestGenerator):
        return None
    items = []
    for bench in [*collector.obj.BENCHES, *(Netlist(bench) for bench in collector.obj.BENCHES if bench.netlist)]:
        if re.fullmatch(bench.tests, obj.name):
            shown = f"{name}[{bench.label}]" if bench.label else name
            items.append(CocotbItem.from_parent(collector, name=shown, bench=bench, test=obj.name))
            if bench.slow:
                items[-1].add_marker(pytest.mark.slow)
    return items


def pytest_configure(config):
    """Hook for conftest.py."""
    config.addinivalue_line("markers", "slow: not a part of the quick tests")
