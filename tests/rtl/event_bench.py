"""Builds and runs the bench of the event ring (sim/ring): events.sv and event_ring.sv under Verilator before a simulated
host that delays, hides and reorders what AXI and PCIe let it."""
import fcntl
import re
import subprocess

from simulator import ROOT

FOLDER = ROOT / "build" / "rtl" / "event_bench"


def run(events, seed):
    """What the bench measured, by name; raises with its reason when a rule was broken."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([ROOT / "sim" / "ring" / "build.sh", FOLDER], check=True)
    done = subprocess.run([FOLDER / "event_bench", str(events), str(seed)], capture_output=True, text=True)
    print(done.stdout, done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: float(value) for name, value in re.findall(r"(\w+)=([0-9.]+)", done.stdout)}
