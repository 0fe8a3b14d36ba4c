import cocotb
from bench import edge, seeded, signed, start
from simulator import Bench

SOURCES = [f"rtl/trigger/{unit}/{unit}.sv" for unit in ("decision", "vote", "hysteresis")]
BENCHES = [Bench("decision", SOURCES,
                 {"OutputCount": count, "OutputWidth": width, "NoteBits": 16},
                 netlist=count <= 4)
           for count, width in ((4, 20), (1, 16), (16, 40), (5, 14))]

NONE, SURE, MAXIMUM, ABORTED = 0, 1, 2, 4


def judge(y, rule, thresholds):
    """(class, sure) of outputs."""
    if rule == 2:
        return (y[0], True) if 0 <= y[0] < 255 else (255, False)
    best = y.index(max(y))
    if rule == 0:
        return best, all(y[best] - other >= thresholds[best] for j, other in enumerate(y) if j != best)
    return best, rule == 1 and y[best] >= thresholds[best]


class Harness:
    def __init__(self, dut):
        self.dut = dut
        self.count, self.width = int(dut.OutputCount.value), int(dut.OutputWidth.value)
        self.thresholds = [0] * 16

    async def start(self, **settings):
        await start(self.dut, **{"result_live_i": 1, "decide_i": 1, "max_samples_i": 65535, **settings})
        self.set_thresholds(self.thresholds)

    def set_thresholds(self, values):
        self.thresholds = values
        self.dut.thresholds_i.value = sum((v & 0xFFFFFFFF) << 32 * k for k, v in enumerate(values))

    def offer(self, y, site=0, samples=1, host=0, live=1, note=0):
        dut = self.dut
        mask = (1 << self.width) - 1
        dut.result_valid_i.value = 1
        dut.result_data_i.value = sum((v & mask) << self.width * k for k, v in enumerate(y))
        dut.result_site_i.value, dut.result_samples_i.value = site, samples
        dut.result_host_i.value, dut.result_live_i.value, dut.result_note_i.value = host, live, note

    async def step(self):
        """One clock; what was offered is taken. Returns what is decided in this clock, or None."""
        dut = self.dut
        await edge(dut)
        dut.result_valid_i.value = 0
        dut.result_data_i.value = 0
        if not int(dut.decision_valid_o.value):
            return None
        return {"class": int(dut.decision_class_o.value), "cause": int(dut.decision_cause_o.value),
                "sure": int(dut.decision_sure_o.value), "site": int(dut.decision_site_o.value),
                "samples": int(dut.decision_samples_o.value), "host": int(dut.decision_host_o.value),
                "note": int(dut.decision_note_o.value), "closed": int(dut.decision_closed_o.value)}

    async def begin_dwell(self, site):
        dut = self.dut
        dut.dwell_boundary_i.value = 1
        await self.step()
        dut.dwell_boundary_i.value, dut.dwell_active_i.value, dut.dwell_site_i.value = 0, 1, site

    def certain(self, k=0):
        """Outputs that make class k sure by a wide margin under rules 0 and 1."""
        return [100 if j == k else -100 for j in range(self.count)]

    def unsure(self):
        return [0] * self.count

    def random_outputs(self, rng):
        span = rng.choice([3, 100, 1 << (self.width - 1)])
        return [signed(rng.randrange(-span, span), self.width) for _ in range(self.count)]


@cocotb.test()
async def test_class_and_certainty_equal_the_model_for_host_vectors_of_every_rule(dut):
    rng, harness = seeded(dut), Harness(dut)
    await harness.start()
    for rule in range(4):
        dut.rule_i.value = rule
        for _ in range(6):
            span = rng.choice([2, 50, 1 << 31])
            harness.set_thresholds([rng.randrange(-span, span) for _ in range(16)])
            expected, seen = [], []
            for number in range(40):
                y = harness.random_outputs(rng)
                if rule == 2 and rng.random() < 0.7:
                    y[0] = rng.choice([0, 1, 254, 255, 256, -1])
                if rng.random() < 0.8:
                    harness.offer(y, site=number, samples=0, host=1, note=number)
                    expected.append((number, *judge(y, rule, harness.thresholds)))
                decision = await harness.step()
                if decision:
                    seen.append(decision)
            for _ in range(3):
                decision = await harness.step()
                if decision:
                    seen.append(decision)
            assert [(d["site"], d["class"], bool(d["sure"])) for d in seen] == expected, f"rule {rule}"
            assert all(d["host"] and d["cause"] == (SURE if d["sure"] else NONE) for d in seen)


@cocotb.test()
async def test_a_decision_shows_after_exactly_two_edges(dut):
    harness = Harness(dut)
    await harness.start(rule_i=1)
    await harness.begin_dwell(5)
    harness.offer(harness.certain(), site=5, samples=3, note=77)
    assert await harness.step() is None
    assert await harness.step() is None
    assert int(dut.decided_o.value) == 0
    decision = await harness.step()
    assert decision == {"class": 0, "cause": SURE, "sure": 1, "site": 5, "samples": 3, "host": 0, "note": 77,
                        "closed": 0}
    assert int(dut.decided_o.value) == 1


@cocotb.test()
async def test_a_dwell_has_one_decision_and_later_results_are_stale(dut):
    harness = Harness(dut)
    await harness.start(rule_i=1)
    await harness.begin_dwell(5)
    decisions = stale = 0
    for clock in range(10):
        if clock < 6:
            harness.offer(harness.certain(), site=5, samples=clock)
        decisions += await harness.step() is not None
        stale += int(dut.stale_o.value)
    assert (decisions, stale) == (1, 5)


@cocotb.test()
async def test_stale_results_never_end_another_dwell(dut):
    """At every distance between a certain result of site 5 and the start of site 6."""
    harness = Harness(dut)
    await harness.start(rule_i=1)
    for boundary in range(8):
        for _ in range(3):
            await harness.step()
        dut.dwell_active_i.value = 0
        await harness.begin_dwell(5)
        for clock in range(8):
            if clock == 2:
                harness.offer(harness.certain(), site=5)
            dut.dwell_boundary_i.value = int(clock == boundary)
            decision = await harness.step()
            if clock > boundary:
                # After the boundary's edge the dwell is site 6: whatever is decided now must not hold it.
                assert int(dut.decided_o.value) == 0, f"boundary {boundary}, clock {clock}"
                assert decision is None, f"boundary {boundary}, clock {clock}"
            if clock == boundary:
                dut.dwell_site_i.value = 6
        dut.dwell_boundary_i.value = 0
        harness.offer(harness.certain(), site=6)
        for _ in range(2):
            await harness.step()
        assert (await harness.step())["site"] == 6


@cocotb.test()
async def test_results_of_other_sites_dead_runs_or_no_dwell_are_stale(dut):
    harness = Harness(dut)
    await harness.start(rule_i=1)
    harness.offer(harness.certain(), site=0)  # no dwell yet
    for _ in range(3):
        assert await harness.step() is None
    assert int(dut.stale_o.value) == 1
    await harness.begin_dwell(5)
    for wrong in ({"site": 4}, {"site": 6}, {"site": 5, "live": 0}):
        harness.offer(harness.certain(), **wrong)
        for _ in range(3):
            assert await harness.step() is None
        assert int(dut.stale_o.value) == 1
    dut.decide_i.value = 0
    harness.offer(harness.certain(), site=5)
    for _ in range(3):
        assert await harness.step() is None


@cocotb.test()
async def test_sure_before_min_samples_does_not_count(dut):
    harness = Harness(dut)
    await harness.start(rule_i=1, min_samples_i=7, max_samples_i=20)
    await harness.begin_dwell(1)
    for samples in range(1, 7):
        harness.offer(harness.certain(), site=1, samples=samples)
        assert await harness.step() is None
    harness.offer(harness.certain(), site=1, samples=7)
    decisions = [await harness.step() for _ in range(5)]
    assert [d["samples"] for d in decisions if d] == [7]


@cocotb.test()
async def test_not_sure_at_max_samples_is_undecided(dut):
    harness = Harness(dut)
    await harness.start(rule_i=3, min_samples_i=2, max_samples_i=9)
    await harness.begin_dwell(1)
    decisions = []
    for samples in range(1, 15):
        harness.offer(harness.unsure(), site=1, samples=samples)
        decisions.append(await harness.step())
    (decision,) = [d for d in decisions if d]
    assert (decision["class"], decision["cause"], decision["sure"], decision["samples"]) == (255, MAXIMUM, 0, 9)


@cocotb.test()
async def test_sure_at_max_samples_is_sure_unless_min_is_later(dut):
    harness = Harness(dut)
    await harness.start(rule_i=1, max_samples_i=9)
    for minimum, cause in ((9, SURE), (10, MAXIMUM)):
        dut.min_samples_i.value, dut.dwell_active_i.value = minimum, 0
        await harness.begin_dwell(1)
        harness.offer(harness.certain(), site=1, samples=9)
        decisions = [d for d in [await harness.step() for _ in range(4)] if d]
        assert [d["cause"] for d in decisions] == [cause]


@cocotb.test()
async def test_cap_and_abort_close_a_dwell_without_a_class(dut):
    harness = Harness(dut)
    await harness.start(rule_i=1)
    for site, pin, cause in ((1, dut.cap_i, MAXIMUM), (2, dut.abort_i, ABORTED)):
        dut.dwell_active_i.value = 0
        await harness.begin_dwell(site)
        dut.dwell_samples_i.value, dut.dwell_note_i.value = 12, 99
        pin.value = 1
        assert await harness.step() is None
        decision = await harness.step()
        pin.value = 0
        assert decision == {"class": 255, "cause": cause, "sure": 0, "site": site, "samples": 12, "host": 0,
                            "note": 99, "closed": 1}
        assert int(dut.decided_o.value) == 1
        assert await harness.step() is None, "once"


@cocotb.test()
async def test_host_vectors_know_no_minimum_or_maximum_and_no_dwell(dut):
    harness = Harness(dut)
    await harness.start(rule_i=1, min_samples_i=5, max_samples_i=0, decide_i=0)
    harness.offer(harness.certain(), host=1, live=0)
    for _ in range(2):
        await harness.step()
    decision = await harness.step()
    assert (decision["class"], decision["sure"], decision["cause"]) == (0, 1, SURE)
    assert int(dut.decided_o.value) == 0 and int(dut.stale_o.value) == 0
