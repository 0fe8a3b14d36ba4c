"""A random life of the card, played in Icarus and in Verilator: the same, bit for bit. What one simulator
leaves unknown (x: memory that was never written) the other may fill as it likes."""
import hashlib
import random
import subprocess

import pytest
from bench import SEED
from card_driver import ADDRESS, bit_of
from simulator import ROOT, card_sources
from stand_in_model import SHAPES

CHAPTERS, CHAPTER_CLOCKS = 20, 400
CLOCKS = CHAPTERS * CHAPTER_CLOCKS


def settings(rng, chapter):
    """(register, value) to begin a chapter with: lists that decide, rasters, host vectors, short limits."""
    tight = chapter % 4 == 3
    values = {
        "heartbeat_timeout": 150 if tight else 5000, "detector_timeout": rng.randrange(5, 60), "frame_cap_low": 5000, "frame_cap_high": 0,
        "detector_source": rng.randrange(3), "overload_level": rng.randrange(0x4000, 0x8000),
        "overload_samples": rng.randrange(3, 9), "blanker_settle": rng.randrange(200),
        "blanker_samples": rng.randrange(4, 20), "pedestal_limit": rng.randrange(0x4000),
        "network_deadline": rng.randrange(8, 40), "pixel_cap": rng.randrange(1, 60) if tight else 5000,
        "scan_mode": chapter % 2, "x_start": rng.getrandbits(32), "y_start": rng.getrandbits(32),
        "x_step": rng.getrandbits(32), "y_step": rng.getrandbits(32), "columns": rng.randrange(1, 4),
        "rows": rng.randrange(1, 4), "dwell_samples": rng.randrange(1, 6), "settle_clocks": rng.randrange(12),
        "line_settle_clocks": rng.randrange(12), "blank_clocks": rng.randrange(4),
        "position_count": rng.randrange(1, 6), "position_index": 0, "align_samples": rng.choice([0, 1, 2, 9]),
        "adc_offset": rng.randrange(500), "adc_gain": rng.randrange(6000), "adc_full_scale": rng.getrandbits(16),
        "elapsed_step": rng.randrange(600), "event_threshold": rng.randrange(100), "clip": rng.randrange(2000),
        "vector_source": 1 | rng.getrandbits(1) << 1 if chapter % 5 == 4 else 0,
        "decision": 1 | rng.randrange(4) << 4, "min_samples": rng.randrange(3), "max_samples": rng.randrange(12),
        "keep_classes": rng.getrandbits(32),
    }
    values |= {f"threshold{k}": rng.randrange(-100, 300) & 0xFFFFFFFF for k in range(5)}
    return list(values.items()) + [("position_data", rng.getrandbits(32)) for _ in range(5)] + [("heartbeat", 0)] * 3 \
        + [("command", bit_of("command", "clear_dose")), ("command", bit_of("command", "rearm")),
           ("command", bit_of("command", "engage")), ("command", bit_of("command", "start"))]


def life(shape, rng):
    """Lines of stimulus: a card that is set up, used, tripped and re-armed by somebody impatient."""
    addresses, commands = sorted(ADDRESS.values()), ["rearm"] * 8 + ["start"] * 8 + ["engage"] * 4 + [
        "disarm", "abort", "clear_counters", "clear_dose", "stop"]
    lines, opened, begin = [], 0, []
    for clock in range(CLOCKS):
        if clock % CHAPTER_CLOCKS == 5:
            begin = settings(rng, clock // CHAPTER_CLOCKS)
        write = read = address = data = 0
        draw = rng.random()
        if begin:
            register, data = begin.pop(0)
            write, address = 1, ADDRESS[register]
        elif draw < 0.05:
            write, address, data = 1, ADDRESS["command"], bit_of("command", rng.choice(commands))
        elif draw < 0.07:
            write, address = 1, ADDRESS["heartbeat"]
        elif draw < 0.5:
            read, address = 1, rng.choice(addresses)
        opened = max(opened - 1, 0) or (rng.randrange(1, 30) if rng.random() < 0.001 else 0)
        in_reset = clock < 3 or CLOCKS // 2 <= clock < CLOCKS // 2 + 3
        bits = [int(not in_reset), write, read, int(rng.random() < 0.4), rng.getrandbits(1), int(rng.random() < 0.4),
                int(rng.random() < 0.01), int(not opened), int(rng.random() < 0.1),
                int(rng.random() < 0.4), int(rng.random() < 0.0005), 0]
        word = int("".join(map(str, bits)), 2)
        adc = rng.choice([0, rng.randrange(2000), rng.randrange(2000), rng.getrandbits(16)])
        for value, width in ((address, 16), (adc, 16), (data, 32), (shape.pack(shape.random_inputs(rng)), 192)):
            word = word << width | value
        lines.append(f"{word:067x}")
    return "\n".join(lines) + "\n"


def run(folder, *command):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def built(folder, sources, name, *command):
    """Builds once for the same sources."""
    digest = hashlib.sha256(repr(command).encode())
    for source in sources:
        digest.update((ROOT / source).read_bytes())
    stamp = folder / f"{name}.sha256"
    if not (stamp.exists() and stamp.read_text() == digest.hexdigest()):
        run(folder, *command)
        stamp.write_text(digest.hexdigest())


@pytest.mark.parametrize("name", ["narrow", "wide"])
def test_icarus_and_verilator_compute_the_same_life_of_the_card(name):
    print(f"EDGE_SEED={SEED}")
    folder = ROOT / "build" / "rtl" / f"playback-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    sources = card_sources(name) + ["tests/rtl/playback.sv"]
    paths = [str(ROOT / source) for source in sources]
    built(folder, sources, "icarus", "iverilog", "-g2012", "-s", "playback", f"-Pplayback.Clocks={CLOCKS}",
          "-o", "playback.vvp", *paths)
    built(folder, sources, "verilator", "verilator", "--binary", "--top-module", "playback", f"-GClocks={CLOCKS}",
          "-Wno-fatal", "--Mdir", "verilated", "-CFLAGS", "-O1", "-o", "playback", "-j", "2", *paths)
    (folder / "stimulus.hex").write_text(life(SHAPES[name], random.Random(f"{SEED} {name}")))
    icarus = [line for line in run(folder, "vvp", "-n", "playback.vvp").splitlines() if line[:1] in "01x"]
    verilator = [line for line in run(folder, str(folder / "verilated" / "playback")).splitlines() if line[:1] in "01x"]
    assert len(icarus) == len(verilator) == CLOCKS
    kinds = {line.split()[9][-2:] for line in icarus}
    assert kinds >= {"02", "03", "04", "05"} | ({"01"} if name == "narrow" else set()), "records of every kind"
    assert sum(line[0] == "1" for line in icarus) > 100, "there was beam"
    for clock, (one, other) in enumerate(zip(icarus, verilator)):
        known = "".join(b if a in "xX" else a for a, b in zip(one, other))
        assert known == other, f"clock {clock}"
