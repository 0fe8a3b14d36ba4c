"""The watches of the interlock, each against its page in plain Python, clock by clock."""
import cocotb
from bench import edge, seeded, settle, start
from simulator import Bench

FOLDER = "rtl/trigger/interlock"
BENCHES = [Bench("watchdog", [f"{FOLDER}/watchdog.sv"], tests="test_watchdog.*"),
           Bench("detector_watch", [f"{FOLDER}/detector_watch.sv", f"{FOLDER}/watchdog.sv"], tests="test_detector.*"),
           Bench("overload", [f"{FOLDER}/overload.sv"], tests="test_overload.*"),
           Bench("blanker_watch", [f"{FOLDER}/blanker_watch.sv"], tests="test_blanker.*")]

NEVER, ALWAYS = 0xFFFF, 0


async def check(dut, output, drive, model, clocks=3000):
    """Drives random inputs; `model(inputs)` says what the output must be after the edge that takes them."""
    seen = set()
    for clock in range(clocks):
        inputs = drive(clock)
        for name, value in inputs.items():
            getattr(dut, name).value = value
        await edge(dut)
        wanted = model(inputs)
        await settle()
        assert int(getattr(dut, output).value) == wanted, f"clock {clock}: {inputs}"
        seen.add(wanted)
    assert seen == {0, 1}, "both were seen"


@cocotb.test()
async def test_watchdog_is_late_when_the_last_sign_of_life_is_as_old_as_the_timeout(dut):
    rng = seeded(dut)
    await start(dut, timeout_i=20)
    age, timeout = [1 << 32], [20]

    def drive(clock):
        if clock % 400 == 0:
            timeout[0] = rng.choice([0, 1, 2, 7, 30])
        return {"alive_i": int(rng.random() < (0.5 if clock % 400 < 200 else 0.03)), "timeout_i": timeout[0]}

    def model(inputs):
        age[0] = 0 if inputs["alive_i"] else age[0] + 1
        return int(age[0] >= inputs["timeout_i"])
    await check(dut, "late_o", drive, model)


@cocotb.test()
async def test_watchdog_is_late_from_reset_until_the_first_sign_of_life(dut):
    await start(dut, timeout_i=0xFFFFFFFF)
    for _ in range(50):
        await edge(dut)
        assert int(dut.late_o.value) == 1
    dut.alive_i.value = 1
    await edge(dut)
    await settle()
    assert int(dut.late_o.value) == 0


@cocotb.test()
async def test_watchdog_counts_no_further_than_it_can(dut):
    await start(dut, timeout_i=0xFFFFFFFF)
    dut.alive_i.value = 1
    await edge(dut)
    dut.alive_i.value = 0
    await edge(dut)
    dut.age_q.value = 0xFFFFFFFD
    for late in (0, 1, 1, 1, 1):
        await edge(dut)
        await settle()
        assert int(dut.late_o.value) == late, "it does not wrap"


@cocotb.test()
async def test_detector_lives_by_what_is_chosen_and_by_nothing_else(dut):
    rng = seeded(dut)
    await start(dut)
    age = [1 << 32]

    def drive(clock):
        return {"adc_valid_i": int(rng.random() < 0.1), "keep_alive_word_i": int(rng.random() < 0.1),
                "source_i": clock // 300 % 4, "timeout_i": 12}

    def model(inputs):
        words, strobes = inputs["keep_alive_word_i"], inputs["adc_valid_i"]
        alive = (strobes, words, words or strobes, 0)[inputs["source_i"]]
        age[0] = 0 if alive else age[0] + 1
        return int(age[0] >= 12 or inputs["source_i"] == 3)
    await check(dut, "late_o", drive, model)


@cocotb.test()
async def test_detector_of_events_that_is_dark_and_silent_lives_by_its_words(dut):
    await start(dut, source_i=1, timeout_i=50)
    for clock in range(1000):
        dut.keep_alive_word_i.value = int(clock % 40 == 0)  # not one event
        await edge(dut)
        await settle()
        assert int(dut.late_o.value) == 0


@cocotb.test()
async def test_overload_is_so_many_samples_in_a_row_at_the_level_or_clipped(dut):
    rng = seeded(dut)
    await start(dut)
    count, allowed, level = [0], [5], [100]

    def drive(clock):
        if clock % 300 == 0:
            allowed[0], level[0] = rng.choice([1, 2, 5, 9]), rng.choice([-5, 0, 100, 32767])
        high = clock % 300 > 150
        return {"sample_valid_i": int(rng.random() < 0.5), "samples_i": allowed[0], "level_i": level[0],
                "sample_i": min(32767, level[0] + (rng.choice([0, 0, 0, 1, 3]) if high else rng.choice([-1, -1, 0]))),
                "sample_clipped_i": int(rng.random() < 0.2)}

    def model(inputs):
        if inputs["sample_valid_i"]:
            over = inputs["sample_clipped_i"] or inputs["sample_i"] >= inputs["level_i"]
            count[0] = count[0] + 1 if over else 0
        return int(count[0] >= inputs["samples_i"])
    await check(dut, "overload_o", drive, model)


@cocotb.test()
async def test_overload_of_0_samples_is_always_and_of_65535_never(dut):
    await start(dut, samples_i=ALWAYS, level_i=32767)
    for _ in range(10):
        await edge(dut)
        assert int(dut.overload_o.value) == 1
    dut.samples_i.value, dut.sample_valid_i.value, dut.sample_clipped_i.value = NEVER, 1, 1
    await edge(dut)
    dut.above_q.value = 0xFFFC
    for _ in range(10):
        await edge(dut)
        await settle()
        assert int(dut.overload_o.value) == 0
    dut.samples_i.value = NEVER - 1
    await settle()
    assert int(dut.overload_o.value) == 1, "the largest number that is watched"


@cocotb.test()
async def test_blanker_fails_when_the_detector_stays_above_its_pedestal(dut):
    rng = seeded(dut)
    await start(dut)
    low, count, length = [0], [0], [0]
    lit = [1]

    def drive(clock):
        length[0] -= 1
        if length[0] < 0:
            lit[0], length[0] = 1 - lit[0], rng.choice([1, 5, 30, 80])
        stuck = clock // 500 % 2
        return {"permit_i": lit[0], "settle_i": (0, 1, 7, 20)[clock // 700 % 4], "samples_i": (1, 3)[clock // 900 % 2],
                "limit_i": (-3, 40)[clock // 1100 % 2], "sample_valid_i": int(rng.random() < 0.6),
                "sample_i": rng.choice([39, 40, 41, 500] if stuck else [-4, -3, -2, -10, 40])}

    def model(inputs):
        if inputs["permit_i"]:
            low[0] = count[0] = 0
        else:
            if inputs["sample_valid_i"] and low[0] >= inputs["settle_i"]:
                count[0] = count[0] + 1 if inputs["sample_i"] > inputs["limit_i"] else 0
            low[0] += 1
        return int(count[0] >= inputs["samples_i"])
    await check(dut, "failed_o", drive, model, 6000)


@cocotb.test()
async def test_blanker_of_0_samples_always_fails_and_of_65535_never(dut):
    await start(dut, samples_i=ALWAYS)
    assert int(dut.failed_o.value) == 1
    dut.samples_i.value, dut.sample_valid_i.value, dut.sample_i.value = NEVER, 1, 32767
    await edge(dut)
    dut.above_q.value = 0xFFFC
    for _ in range(10):
        await edge(dut)
        await settle()
        assert int(dut.failed_o.value) == 0


@cocotb.test()
async def test_blanker_waits_as_long_as_it_can_count(dut):
    await start(dut, settle_i=0xFFFFFFFF, samples_i=1, sample_valid_i=1, sample_i=32767)
    await edge(dut)
    dut.blanked_q.value = 0xFFFFFFFC
    failed = []
    for _ in range(6):
        await edge(dut)
        await settle()
        failed.append(int(dut.failed_o.value))
    assert failed == [0, 0, 0, 1, 1, 1], "it does not wrap"
