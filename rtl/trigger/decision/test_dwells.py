"""Dwells: votes, hysteresis, rules on the sums, places where nothing is decided, and cuts, all against a model."""
from dataclasses import dataclass, field

import cocotb
from bench import edge, seeded
from simulator import Bench
from test_decision import ABORTED, MAXIMUM, NONE, SOURCES, SURE, Harness, judge

BENCHES = [Bench("decision", SOURCES, {"OutputCount": 4, "OutputWidth": 20, "NoteBits": 16}, "dwells", netlist=True)]

LOWEST = -(1 << 31)


@dataclass
class Model:
    """What the decision must do, from its page: one step a clock."""
    rule: int
    thresholds: list
    amount: int = 0
    carry: int = 0
    needed: int = 1
    window: int = 1
    minimum: int = 0
    maximum: int = 0xFFFF
    by_rule: int = 0
    held: int | None = None
    decided: bool = False
    named: bool = False
    results: list = field(default_factory=list)
    compared: tuple | None = None  # the result taken at the edge before

    def step(self, now):
        """now: inputs of this clock by name. Returns the decision that its edge makes, or None."""
        result, self.compared = self.compared, None
        if now.get("y"):
            lowered = [max(LOWEST, t - self.amount) if k == self.held else t for k, t in enumerate(self.thresholds)]
            self.compared = (judge(now["y"], self.rule, lowered), now)
        over = now["boundary"] or not now["active"]
        decision, sure = None, False
        host = result and result[1]["host"]
        if host:
            (k, is_sure), taken = result
            decision = (k, SURE if is_sure else NONE, int(is_sure), taken["site"], taken["samples"])
        found = None
        if self.by_rule and not host and now.get("sums"):
            found = now["sums"]
        elif not self.by_rule and result and not host:
            found = (*result[0], result[1]["site"], result[1]["samples"])
        open_ = now["active"] and not now["boundary"] and not self.decided
        ends = False
        if found and open_ and not now["abort"] and found[2] == now["site_now"]:
            k, is_sure, site, samples = found
            sure = is_sure and samples >= self.minimum and not now["forbidden"]
            self.results.append(k if sure else None)
            agreed = sure and self.results[-self.window:].count(k) >= self.needed
            if agreed or samples >= self.maximum:
                ends = True
                decision = (k, SURE, 1, site, samples) if agreed else (255, MAXIMUM, 0, site, samples)
                named = bool(agreed)
        if not ends and open_ and not host and (now["abort"] or now["cap"]):
            decision = (255, ABORTED if now["abort"] else MAXIMUM, 0, now["site_now"], 0)
        closed = decision and not host and not ends
        if over and not (self.carry and self.named):
            self.held = None
        elif sure and not over and not self.by_rule:
            self.held = found[0] if self.amount else None
        if over:
            self.results.clear()
        if now["boundary"]:
            self.named = False
        elif ends:
            self.named = named
        self.decided = False if over else self.decided or ends or bool(closed)
        return decision


async def live(harness, model, rng, clocks):
    """A random life; returns its decisions."""
    dut, site, active, samples, made = harness.dut, 0, 0, 0, []
    await harness.start(rule_i=model.rule, hysteresis_i=model.amount, hysteresis_carry_i=model.carry,
                        votes_needed_i=model.needed, votes_window_i=model.window, min_samples_i=model.minimum,
                        max_samples_i=model.maximum, by_rule_i=model.by_rule)
    harness.set_thresholds(model.thresholds)
    await edge(dut)  # the lowered thresholds follow a clock later
    expected = [None]
    for _ in range(clocks):
        boundary, ending = int(rng.random() < 0.05), int(rng.random() < 0.02)
        now = {"boundary": boundary, "active": active, "site_now": site, "abort": int(rng.random() < 0.02),
               "cap": int(rng.random() < 0.02), "forbidden": int(rng.random() < 0.1)}
        for name in ("abort", "cap", "forbidden"):
            getattr(dut, name + "_i").value = now[name]
        dut.dwell_boundary_i.value, dut.dwell_active_i.value, dut.dwell_site_i.value = boundary, active, site
        samples += 1
        about = site if rng.random() < 0.9 else site + rng.choice([-1, 1]) & 0xFFFFFFFF
        if rng.random() < 0.6:
            now |= {"y": [rng.randrange(-60, 60) for _ in range(4)], "host": int(rng.random() < 0.05), "site": about,
                    "samples": samples}
            if model.rule == 2:
                now["y"][0] = rng.choice([-1, 0, 1, 1, 254, 255])
            harness.offer(now["y"], about, samples, now["host"])
        dut.sums_valid_i.value = 0
        if rng.random() < 0.6:
            sure = int(rng.random() < 0.5)
            now["sums"] = (rng.randrange(3), sure, about, samples)
            dut.sums_valid_i.value, dut.sums_class_i.value = 1, now["sums"][0]
            dut.sums_sure_i.value, dut.sums_site_i.value, dut.sums_samples_i.value = sure, about, samples
        expected.append(model.step(now))
        got = await harness.step()
        # What an edge decides shows at the next: compare with the clock before.
        told = got and (got["class"], got["cause"], got["sure"], got["site"], got["samples"])
        assert told == expected[-2], (len(expected), now)
        made += [told] if told else []
        if boundary:
            site, active, samples = site + 1, 1, 0
        elif ending:
            active = 0
    return made


@cocotb.test()
async def test_random_lives_with_votes_hysteresis_and_rules_on_sums_equal_the_model(dut):
    rng, harness, causes = seeded(dut), Harness(dut), set()
    for rule in (0, 1, 2):
        for by_rule in (0, 1):
            for carry in (0, 1):
                for needed, window in ((1, 1), (2, 3), (3, 3), (2, 8)):
                    model = Model(rule, [rng.randrange(0, 60) for _ in range(4)], rng.choice([0, 30, 100]), carry,
                                  needed, window, rng.choice([0, 3]), rng.choice([12, 0xFFFF]), by_rule)
                    causes |= {(d[1], by_rule) for d in await live(harness, model, rng, 300)}
    assert causes >= {(cause, way) for cause in (SURE, MAXIMUM, ABORTED) for way in (0, 1)}


@cocotb.test()
async def test_sums_are_decided_one_edge_after_they_are_known(dut):
    harness = Harness(dut)
    await harness.start(by_rule_i=1)
    await harness.begin_dwell(5)
    dut.sums_valid_i.value = dut.sums_sure_i.value = 1
    dut.sums_class_i.value, dut.sums_site_i.value, dut.sums_samples_i.value, dut.sums_note_i.value = 1, 5, 3, 77
    assert await harness.step() is None
    dut.sums_valid_i.value = 0
    decision = await harness.step()
    assert decision == {"class": 1, "cause": SURE, "sure": 1, "site": 5, "samples": 3, "host": 0, "note": 77, "closed": 0}
    assert int(dut.decided_o.value) == 1 and int(dut.decision_data_o.value) == 0


@cocotb.test()
async def test_an_abort_at_any_distance_from_a_certain_result_leaves_one_decision(dut):
    for by_rule in (0, 1):
        harness, causes = Harness(dut), []
        await harness.start(rule_i=1, by_rule_i=by_rule)
        for distance in range(6):
            dut.dwell_active_i.value = 0
            await harness.begin_dwell(distance)
            decisions = []
            for clock in range(10):
                if clock == 2:
                    harness.offer(harness.certain(), site=distance)
                dut.sums_valid_i.value = dut.sums_sure_i.value = int(clock == 3)
                dut.sums_site_i.value = distance
                dut.abort_i.value = int(clock == distance)
                decisions.append(await harness.step())
            dut.abort_i.value = 0
            made = [d["cause"] for d in decisions if d]
            assert len(made) == 1
            causes += made
        # The result is judged at the edge of clock 3: an abort up to that very edge wins.
        assert causes == [ABORTED] * 4 + [SURE] * 2


@cocotb.test()
async def test_where_it_is_forbidden_a_dwell_runs_to_its_maximum(dut):
    harness = Harness(dut)
    await harness.start(rule_i=1, max_samples_i=9, forbidden_i=1)
    await harness.begin_dwell(1)
    decisions = []
    for samples in range(1, 14):
        harness.offer(harness.certain(), site=1, samples=samples)
        decisions.append(await harness.step())
    (decision,) = [d for d in decisions if d]
    assert (decision["class"], decision["cause"], decision["samples"]) == (255, MAXIMUM, 9)


@cocotb.test()
async def test_a_carried_class_makes_the_next_dwell_easier_until_one_has_no_class(dut):
    harness = Harness(dut)
    await harness.start(rule_i=1, max_samples_i=9, hysteresis_i=50, hysteresis_carry_i=1)
    harness.set_thresholds([100] * 16)
    story = [(80, None), (120, 0), (80, 0), (60, 0), (40, None), (80, None), (101, 0), (50, 0)]
    for site, (level, expected) in enumerate(story):
        await harness.begin_dwell(site)
        harness.offer([level, -90, -90, -90], site=site, samples=2)
        decisions = [d for d in [await harness.step() for _ in range(4)] if d]
        assert [d["class"] for d in decisions] == ([expected] if expected is not None else []), (site, level)
