"""Proves that a unit keeps what its property file says, with Yosys and an SMT solver.

    python3 tests/formal/prove.py interlock        every property, by induction: for all inputs, for all time

A proof is a base case (no property fails in the first clocks from reset) and an induction step (from ANY state in which the
properties have held for so many clocks, they hold in the next one too). A unit with `frames` is too large for that: no property
fails in so many clocks from reset, for all inputs; ABC searches them bit by bit. The properties see the design from inside: they
are put before its last endmodule. test_proofs.py also proves that each property fails on a design broken on purpose."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tools' / 'registers'))
from print_systemverilog import print_systemverilog  # noqa: E402
from register_map import load  # noqa: E402

FORMAL = Path(__file__).resolve().parent
SECONDS = 300


@dataclass(frozen=True)
class Unit:
    """A design under proof."""
    name: str                        # module, then - and what distinguishes its parameters
    source: str                      # the file whose module is proven
    others: tuple = ()               # files it needs
    parameters: dict = field(default_factory=dict)
    depth: int = 3                   # clocks of the induction
    disturbed: tuple = ()            # (before, after) in its text: what the surroundings may do to its registers
    clocks: str = 'async2sync'       # the pass for one clock; clk2fflogic: several, their edges at any step
    parts: tuple = ()                # files whose modules are proven with it, and broken with it
    frames: int = 0                  # not 0: only so many clocks from reset, with ABC

    @property
    def module(self):
        return self.name.split('-')[0]

    def text(self):
        if self.source.endswith('.yaml'):  # a register map: what the generator makes of it
            text = print_systemverilog(load(ROOT / self.source))
        else:
            text = ''.join((ROOT / path).read_text() for path in (*self.parts, self.source))
        for before, after in self.disturbed:
            assert before in text, f'{self.source} no longer holds {before!r}: change prove.py with it'
            text = text.replace(before, after)
        return text


INTERLOCK = tuple(f'rtl/trigger/interlock/{unit}.sv' for unit in ('watchdog', 'detector_watch', 'overload', 'blanker_watch')) \
    + ('rtl/common/cdc/synchronizer.sv',)

# At every clock one bit of the state may flip.
UPSET = (
    ('logic [3:0]  state_d;', 'logic [3:0]  state_d;\n  (* anyseq *) logic [3:0] flip;\n  always_comb assume ((flip & (flip - 4\'d1)) == 4\'d0);'),
    ('state_q       <= state_d;', 'state_q       <= state_d ^ flip;'),
)

# The first flip-flops of the synchronisers, for the invariants.
SEEN_FROM_INSIDE = tuple((f'.level_o ({side}_seen[i])', f'.level_o ({side}_seen[i]), .first_o ({side}_first[i])') for side in ('write', 'read')) \
    + (('logic                   push, pop;', 'logic                   push, pop;\n  logic [PointerBits-1:0] write_first, read_first;'),)


RING = ('rtl/card/ring/ring_writer.sv', 'rtl/card/ring/ring_interrupt.sv')
FIFO = ('rtl/common/fifo/fifo.sv',)

UNITS = {unit.name: unit for unit in (
    Unit('interlock', 'rtl/trigger/interlock/interlock.sv', INTERLOCK, {'KeepAliveClocks': 4}, 4),
    Unit('interlock-upset', 'rtl/trigger/interlock/interlock.sv', INTERLOCK, {'KeepAliveClocks': 4}, 4, UPSET),
    Unit('registers', 'tests/formal/registers.yaml'),
    Unit('watchdog', 'rtl/trigger/interlock/watchdog.sv'),
    Unit('detector_watch', 'rtl/trigger/interlock/detector_watch.sv', ('rtl/trigger/interlock/watchdog.sv',)),
    Unit('overload', 'rtl/trigger/interlock/overload.sv'),
    Unit('blanker_watch', 'rtl/trigger/interlock/blanker_watch.sv'),
    Unit('decision', 'rtl/trigger/decision/decision.sv', ('rtl/trigger/vote/vote.sv', 'rtl/trigger/hysteresis/hysteresis.sv'),
         {'OutputCount': 2, 'OutputWidth': 3, 'NoteBits': 1}),
    Unit('vote', 'rtl/trigger/vote/vote.sv'),
    Unit('fifo', 'rtl/common/fifo/fifo.sv', parameters={'Width': 3, 'Depth': 4}),
    Unit('fifo-through', 'rtl/common/fifo/fifo.sv', parameters={'Width': 3, 'Depth': 3, 'PassThrough': 1}),
    Unit('async_fifo', 'rtl/common/cdc/async_fifo.sv', ('tests/formal/metastable.sv',), {'Width': 2, 'Depth': 4}, 4, SEEN_FROM_INSIDE, clocks='clk2fflogic'),
    Unit('event_ring', 'rtl/card/ring/event_ring.sv', FIFO, {'BusWidth': 64, 'RecordBits': 128, 'BufferRecords': 2, 'BurstRecords': 2,
         'Outstanding': 2, 'SmallestLog2': 1, 'BoundaryLines': 2}, parts=RING, frames=14),
)}


@dataclass(frozen=True)
class Verdict:
    holds: bool
    failed: tuple  # the properties that do not hold
    log: str


def prepare(unit, text, folder, covers=False):
    """The design with its properties as one problem: SMT, or for ABC a circuit of gates whose outputs must stay 0. covers: the
    properties are then that no cover statement is ever reached."""
    properties = (FORMAL / f'{unit.module}.properties.sv').read_text()
    if covers:
        properties = re.sub(r': COVER \((.*)\);', r': assert (!(\1));', properties.replace(': cover (', ': COVER (').replace(': assert (', ': cover ('))
    head, _, tail = text.rpartition('endmodule')
    (folder / 'design.sv').write_text(f'{head}\n{properties}\nendmodule{tail}')
    sets = ' '.join(f'-set {name} {value}' for name, value in unit.parameters.items())
    plain = 'opt -full -nodffe -nosdff'
    gates = [plain, 'dffunmap', plain, 'techmap', 'opt -fast -nodffe -nosdff', 'abc -g AND -fast', 'dffunmap', 'aigmap', 'opt_clean',
             'delete t:$cover', 'delete -output o:*', 'write_aiger -zinit design.aig']
    script = '; '.join([
        'read_verilog -sv -formal ' + ' '.join(str(ROOT / other) for other in unit.others) + ' design.sv',
        f'chparam {sets} {unit.module}' if sets else '',
        f'prep -flatten -top {unit.module}', 'memory_map', unit.clocks,
        *(gates if unit.frames else ['dffunmap', 'opt_clean', 'write_smt2 -wires design.smt2'])])
    run = subprocess.run(['yosys', '-q', '-p', script], cwd=folder, capture_output=True, text=True, timeout=SECONDS)
    if run.returncode != 0:
        raise RuntimeError(f'{unit.name}: Yosys refused it:\n{run.stdout}{run.stderr}')


def abc(folder, search):
    """ABC's log of a search from reset."""
    run = subprocess.run(['yosys-abc', '-c', f'read_aiger design.aig; strash; fold; scleanup; {search}'], cwd=folder,
                         capture_output=True, text=True, timeout=SECONDS)
    return run.stdout + run.stderr


def smtbmc(folder, *arguments):
    # A session of its own: the solver is a child that would outlive its parent.
    run = subprocess.Popen(['yosys-smtbmc', '-s', 'z3', '--unroll', *arguments, 'design.smt2'], cwd=folder, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        log, _ = run.communicate(timeout=SECONDS)
    except BaseException:
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
        raise
    return run.returncode == 0, log


def failed_properties(log):
    return tuple(re.findall(r'Assert failed in \S+: (\w+)', log))


def prove(unit, text=None):
    """Base case and induction; `text` is a changed design."""
    with tempfile.TemporaryDirectory(prefix='edge-formal-') as temporary:
        folder = Path(temporary)
        prepare(unit, text or unit.text(), folder)
        if unit.frames:
            log = abc(folder, f'bmc3 -F {unit.frames}')
            return Verdict(f'No output asserted in {unit.frames} frames' in log, tuple(re.findall(r'Output \d+', log)), log)
        holds, log = smtbmc(folder, '-t', str(unit.depth + 2))
        if holds:
            holds, more = smtbmc(folder, '-i', '-t', str(unit.depth))
            log += more
        return Verdict(holds, failed_properties(log), log)


def cover(unit, steps=20):
    """True where every cover statement can be reached from reset."""
    with tempfile.TemporaryDirectory(prefix='edge-formal-') as temporary:
        folder = Path(temporary)
        if unit.frames:
            prepare(unit, unit.text(), folder, covers=True)
            log = abc(folder, f'bmc3 -a -F {unit.frames + 10}')
            wanted = (FORMAL / f'{unit.module}.properties.sv').read_text().count(': cover (')
            return len(set(re.findall(r'Output +(\d+) was asserted', log))) == wanted, log
        prepare(unit, unit.text(), folder)
        return smtbmc(folder, '-c', '-t', str(steps))


def main(names):
    for name in names or UNITS:
        verdict = prove(UNITS[name])
        print(f'{name}: {"proven" if verdict.holds else "NOT PROVEN: " + ", ".join(verdict.failed)}')
        if not verdict.holds:
            print(verdict.log)
            return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
