"""The card decided without a network, by rules on the running sums; votes, hysteresis and the auxiliary output
through the registers; and what is recorded of a dwell that is cut."""
import cocotb
from bench import seeded
from card_driver import (ABORTED, DECISION, FLAG_KEPT, FLAG_PIN, FLAG_SURE, MAXIMUM, PIXEL, SURE, TRIP, Card, bit_of)
from card_world import Detector, judge, set_decision, set_ingress
from ingress_model import DwellModel, IngressSettings
from simulator import Bench, card_sources

BENCHES = [Bench("card_core", card_sources(shape), {"PositionDepth": 64, "EventDepth": 64}, shape, tests)
           for shape, tests in (("narrow", ".*"), ("wide", ".*rule.*"))]  # wide: the ADC cannot feed that network

INGRESS = dict(offset=400, gain=3495, full_scale=16383, event_threshold=32, clip=640)
COUNT, RATE, SUM = 1, 2, 4
RULE_LATENCY = 4  # ingress 2, decision 1, pin 1


def poisson_light(rng):
    def light(x, _y, _sample):
        mean, count, product = 0.1 + (x % 4) * 0.2, 0, rng.random()
        while product > 2.718281828 ** -mean:
            count, product = count + 1, product * rng.random()
        return min(16383, max(0, 400 + 300 * count + rng.randrange(-40, 41)))
    return light


async def prepared(dut, positions=12, pipeline=0, limits=None, **registers):
    card = Card(dut)
    card.signal = Detector(poisson_light(seeded(dut)), pipeline=pipeline)
    ingress = IngressSettings(align_samples=pipeline, **INGRESS)
    await card.power_on()
    await set_ingress(card, ingress)
    await card.configure(**{"scan_mode": 1, "settle_clocks": 12, "blank_clocks": 3, "decision": 1, "decision_source": 1,
                            "max_samples": 60, **registers})
    await card.write_positions([(7 * i + 1, 1000 + i) for i in range(positions)])
    await card.engage(**(limits or {}))
    return card, ingress


def expected(card, rise, ingress, met, minimum=1, maximum=60):
    """(edge of the deciding sample, class or 255, vector) of the dwell that started at edge rise."""
    dwell, at = DwellModel(0, ingress), []
    first = next(i for i, (edge, _) in enumerate(card.strobes) if edge > rise) + ingress.align_samples
    for edge, adc in card.strobes[first:]:
        before = dwell.events
        vector = dwell.feed(adc)
        at += [vector.samples] if vector.events > before else []
        chosen = met(vector, at)
        if chosen is not None and vector.samples >= minimum:
            return edge, chosen, vector
        if vector.samples >= maximum:
            return edge, 255, vector
    raise AssertionError("the stream ended before the dwell")


RULES = {
    COUNT: ({"threshold_count": 4}, lambda v, at: 0 if v.events >= 4 else None),
    RATE: ({"threshold_rate": 3 | 9 << 16}, lambda v, at: 1 if sum(v.samples - s < 9 for s in at) >= 3 else None),
    SUM: ({"threshold_sum": 350}, lambda v, at: 2 if v.sum >= 350 else None),
}


@cocotb.test()
async def test_each_rule_blanks_exactly_four_clocks_after_its_sample(dut):
    for pipeline in (0, 8):
        classes = set()
        for rules in (COUNT, RATE, SUM, COUNT | RATE | SUM):
            used = [RULES[bit] for bit in (COUNT, RATE, SUM) if rules & bit]
            registers = {name: value for settings, _ in used for name, value in settings.items()}
            card, ingress = await prepared(dut, pipeline=pipeline, threshold_rules=rules, **registers)
            await card.run()

            def met(vector, at):
                return next((k for k in (m(vector, at) for _, m in used) if k is not None), None)
            rises, falls, decisions = card.rises(), card.falls(), card.kinds(DECISION)
            assert len(rises) == len(falls) == len(decisions) == 12
            for site, (rise, fall, event) in enumerate(zip(rises, falls, decisions)):
                taken, chosen, vector = expected(card, rise, ingress, met)
                assert fall == taken + RULE_LATENCY, "as the pins saw it"
                assert (event.site, event.class_number, event.cause) == (site, chosen, SURE if chosen < 255 else MAXIMUM)
                assert (event.samples, event.sum, event.events) == (vector.samples, vector.sum, vector.events)
                assert (event.latency, event.network_latency, set(event.outputs)) == (RULE_LATENCY, 0, {0})
                assert event.flags & ~2 == (FLAG_SURE if chosen < 255 else 0) | FLAG_PIN
                classes.add(chosen)
            # The card's own measure of it: min, max, mean and histogram say what the pins showed.
            assert await card.read("latency_min") == await card.read("latency_max") == RULE_LATENCY
            assert await card.read("latency_count") == 12 and await card.read64("latency_sum") == 12 * RULE_LATENCY
            for k in range(32):
                assert await card.read(f"latency_histogram{k}") == 12 * (k == RULE_LATENCY)
            assert await card.read("vectors_taken") == 0, "no network is asked"
        assert classes >= {0, 1, 2}


@cocotb.test()
async def test_a_raster_is_guarded_by_a_rule_at_full_sample_rate(dut):
    for period in (1, 5):
        card, ingress = await prepared(dut, scan_mode=0, columns=6, rows=2, dwell_samples=20, threshold_rules=COUNT,
                                       threshold_count=3, line_settle_clocks=20)
        card.period = period
        await card.run()
        decided = {event.site for event in card.kinds(DECISION)}
        assert len(card.kinds(PIXEL)) == 12 and 0 < len(decided)
        for event in card.kinds(DECISION):
            assert (event.events, event.class_number) == (3, 0)
            assert event.latency == RULE_LATENCY


@cocotb.test()
async def test_minimum_and_maximum_dwell_hold_for_rules(dut):
    card, ingress = await prepared(dut, threshold_rules=SUM, threshold_sum=-0x8000_0000, min_samples=7, max_samples=9)
    await card.run()
    assert [event.samples for event in card.kinds(DECISION)] == [7] * 12
    card, ingress = await prepared(dut, threshold_rules=0, max_samples=9)
    await card.run()
    assert [(event.samples, event.cause) for event in card.kinds(DECISION)] == [(9, MAXIMUM)] * 12


@cocotb.test()
async def test_a_network_that_is_silent_trips_nothing_when_rules_decide(dut):
    card, _ = await prepared(dut, threshold_rules=COUNT, threshold_count=3, limits={"network_deadline": 8})
    card.stall = lambda clock: 1
    await card.run()
    assert card.kinds(TRIP) == [] and len(card.kinds(DECISION)) == 12


@cocotb.test()
async def test_a_trip_or_abort_around_the_decision_leaves_one_record_and_it_says_aborted(dut):
    """The external interlock opens, or the abort is written, at every distance around the deciding sample."""
    for way in ("trip", "abort"):
        seen = []
        for shift in range(-4, 9):
            card, _ = await prepared(dut, positions=2, threshold_rules=SUM, threshold_sum=-0x8000_0000, min_samples=10,
                                     max_samples=10)
            await card.command("start")
            while not card.log[-1].permit:
                await card.step()
            deciding = card.rises()[0] + 10 * 5
            await card.step(deciding + shift - card.clock)
            if way == "trip":
                dut.external_interlock_i.value = 0
                await card.step()
            else:
                await card.command("abort")
            await card.finish()
            fall = card.falls()[0]
            first, *others = card.kinds(DECISION)
            assert first.site == 0 and not others, "at most the dwell that was cut"
            by_decision = fall == deciding + RULE_LATENCY and first.cause == SURE
            if by_decision:
                assert first.flags & (FLAG_SURE | FLAG_PIN) == FLAG_SURE | FLAG_PIN
                assert await card.read("latency_count") == 1
            else:
                assert (first.cause, first.class_number, first.latency) == (ABORTED, 255, 0)
                assert first.flags & (FLAG_SURE | FLAG_PIN | FLAG_KEPT) == 0
                assert fall <= deciding + RULE_LATENCY and await card.read("latency_count") == 0
            seen.append(first.cause)
        assert seen == sorted(seen, reverse=True) and set(seen) == {SURE, ABORTED}, "cut early: aborted; late: decided"


@cocotb.test()
async def test_votes_hysteresis_and_the_auxiliary_output_work_through_their_registers(dut):
    thresholds = [160, 700, 160, 400] + [0] * 12
    for needed, window, amount in ((1, 1, 0), (3, 4, 0), (3, 4, 150)):
        card, ingress = await prepared(dut, decision_source=0, votes=needed | window << 4, hysteresis=amount,
                                       keep_classes=0xF, aux_prescale=2, aux_delay=3, aux_width=2)
        await set_decision(card, 1, thresholds, 2, 60)
        await card.run()
        await card.step(10)
        keeps = 0
        for rise, fall, event in zip(card.rises(), card.falls(), card.kinds(DECISION), strict=True):
            held, results = None, []

            def met(vector, at):
                nonlocal held
                lowered = [t - amount if k == held else t for k, t in enumerate(thresholds)]
                best, sure = judge(card.shape.compute(list(vector.features[:card.shape.inputs])), 1, lowered)
                sure = sure and vector.samples >= 2
                results.append(best if sure else None)
                held = best if sure else held
                return best if sure and results[-window:].count(best) >= needed else None
            taken, chosen, vector = expected(card, rise, ingress, met)
            assert fall == taken + card.shape.latency + 5, "no vote costs a clock"
            assert (event.class_number, event.samples) == (chosen, vector.samples)
            keeps += chosen < 255
            pulsed = chosen < 255 and keeps % 2 == 0
            assert bool(event.flags & FLAG_KEPT) == pulsed
            assert [card.log[fall + 1 + k].aux for k in range(7)] == [0, 0, 0, pulsed, pulsed, 0, 0]
        assert await card.read("aux_triggers") == keeps // 2
        assert await card.read("aux_prescaled") == keeps - keeps // 2
        assert await card.read("aux_in_refractory") == await card.read("aux_missed") == 0


@cocotb.test()
async def test_keeps_in_the_refractory_time_or_behind_a_waiting_pulse_are_counted(dut):
    for settings, counter in (({"aux_refractory": 0xFFFF}, "aux_in_refractory"), ({"aux_delay": 0xFFFF}, "aux_missed")):
        card, _ = await prepared(dut, threshold_rules=COUNT, threshold_count=1, keep_classes=1, **settings)
        await card.run()
        kept = sum(event.cause == SURE for event in card.kinds(DECISION))
        assert kept > 1 and await card.read("aux_triggers") == 1
        assert await card.read(counter) == kept - 1
        await card.command("clear_counters")
        assert await card.read(counter) == 0
