"""The rules against a model that keeps every event of the dwell."""
import cocotb
from bench import edge, patterns, seeded, settle, start
from simulator import Bench

BENCHES = [Bench("threshold", ["rtl/trigger/threshold/threshold.sv"])]


class Dwell:
    def __init__(self):
        self.samples, self.events, self.sum = 0, [], 0

    def feed(self, event, value):
        self.samples = min(self.samples + 1, 0xFFFF)
        self.sum += value
        if event:
            self.events.append(self.samples)

    def expected(self, rules, count, rate_events, rate_samples, limit):
        young = sum(self.samples - at < rate_samples for at in self.events)
        met = [len(self.events) >= count, young >= max(rate_events, 1), self.sum >= limit]
        chosen = [k for k in range(3) if rules >> k & 1 and met[k]]
        return (1, chosen[0]) if chosen else (0, 255)


def setting(dut, rules, count, rate_events, rate_samples, limit):
    dut.rules_i.value, dut.count_i.value = rules, count
    dut.rate_events_i.value, dut.rate_samples_i.value = rate_events, rate_samples
    dut.sum_limit_i.value = limit & 0xFFFFFFFF


async def feed(dut, dwell, event, value):
    """One vector; what the unit says of it."""
    dwell.feed(event, value)
    dut.vector_valid_i.value, dut.vector_samples_i.value = 1, dwell.samples
    dut.vector_events_i.value, dut.vector_sum_i.value = len(dwell.events), dwell.sum & 0xFFFFFFFF
    await settle()
    said = int(dut.met_o.value), int(dut.class_o.value)
    await edge(dut)
    dut.vector_valid_i.value = 0
    return said


@cocotb.test()
async def test_every_rule_equals_the_model_at_every_sample(dut):
    rng = seeded(dut)
    await start(dut)
    met = [0, 0, 0]
    for gap in patterns(rng).values():
        for _ in range(12):
            rules = (rng.randrange(8), rng.randrange(1, 40), rng.choice([0, 1, 2, 3, 5, 9]), rng.randrange(0, 30),
                     rng.randrange(-50, 400))
            setting(dut, *rules)
            for _ in range(3):
                dwell, density, before = Dwell(), rng.random(), False
                for clock in range(60):
                    event = not before and rng.random() < density  # a rise needs a fall before it
                    said = await feed(dut, dwell, event, rng.randrange(-20, 30))
                    assert said == dwell.expected(*rules), (rules, dwell.samples, dwell.events)
                    met = [m + (said[1] == k) for k, m in enumerate(met)]
                    before = event
                    while not gap(clock) and rng.random() < 0.7:
                        await edge(dut)
    assert all(met), met


@cocotb.test()
async def test_the_rate_window_is_exact_to_the_sample(dut):
    await start(dut)
    for needed, window in ((1, 1), (1, 7), (2, 3), (2, 4), (5, 20)):
        for apart in range(2, 8):
            setting(dut, 0b010, 0, needed, window, 0)
            dwell, said = Dwell(), []
            for sample in range(apart * (needed + 1)):
                said.append(await feed(dut, dwell, sample % apart == 0 and sample // apart < needed, 0))
                assert said[-1] == dwell.expected(0b010, 0, needed, window, 0)
            last = apart * (needed - 1)  # sample index of the Nth event
            assert (said[last] == (1, 1)) == (last < window), "met by its Nth event, if they are close enough"


@cocotb.test()
async def test_255_events_and_the_longest_window(dut):
    await start(dut)
    setting(dut, 0b010, 0, 255, 0xFFFF, 0)
    for _ in range(2):  # the second dwell finds the memory full of the first one's events
        dwell = Dwell()
        for sample in range(700):
            said = await feed(dut, dwell, sample % 2 == 0, 0)
            assert said == ((1, 1) if sample >= 2 * 254 else (0, 255)), sample


@cocotb.test()
async def test_events_of_the_dwell_before_do_not_count(dut):
    await start(dut)
    setting(dut, 0b010, 0, 3, 1000, 0)
    for _ in range(4):
        dwell = Dwell()
        for event in (1, 0, 1, 0):  # two events, again and again
            assert await feed(dut, dwell, event, 0) == (0, 255)


@cocotb.test()
async def test_the_first_rule_in_use_gives_the_class(dut):
    await start(dut)
    for rules in range(8):
        setting(dut, rules, 0, 1, 0xFFFF, -5)
        said = await feed(dut, Dwell(), 1, 0)
        assert said == ((1, (rules & -rules).bit_length() - 1) if rules else (0, 255))
