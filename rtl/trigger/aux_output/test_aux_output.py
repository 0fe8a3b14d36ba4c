import cocotb
from bench import edge, seeded, settle, start
from simulator import Bench

BENCHES = [Bench("aux_output", ["rtl/trigger/aux_output/aux_output.sv"])]


class Model:
    """The clocks in which the pin is high, from the clocks of the keeps."""

    def __init__(self, prescale=1, refractory=0, delay=0, width=1):
        self.prescale, self.refractory, self.delay, self.width = max(prescale, 1), refractory, delay, max(width, 1)
        self.count, self.quiet_until, self.due, self.high = 0, -1, -1, set()

    def keep(self, clock):
        if clock <= self.quiet_until:
            return "refractory"
        self.count += 1
        if self.count < self.prescale:
            return "prescaled"
        self.count = 0
        if self.due >= 0 and clock < self.due:
            return "missed"
        self.quiet_until = clock + self.refractory
        self.due = clock + self.delay if self.delay else -1
        self.high |= set(range(clock + 1 + self.delay, clock + 1 + self.delay + self.width))
        return "pulse"


async def play(dut, model, keeps, clocks):
    """Every clock against the model. Returns what became of each keep."""
    await start(dut, prescale_i=model.prescale, refractory_clocks_i=model.refractory,
                delay_clocks_i=model.delay, width_clocks_i=model.width)
    told, high = [], []
    for clock in range(clocks):
        dut.keep_i.value = int(clock in keeps)
        await settle()
        said = [name for name in ("pulse", "refractory", "prescaled", "missed")
                if int(getattr(dut, name + "_o").value)]
        if clock in keeps:
            assert said == [model.keep(clock)], clock
            told += said
        else:
            assert said == []
        if int(dut.aux_trigger_o.value):
            high.append(clock)
        await edge(dut)
    assert high == sorted(c for c in model.high if c < clocks)
    return told


@cocotb.test()
async def test_after_reset_every_keep_is_a_pulse_of_one_clock_in_the_next(dut):
    keeps = {3, 4, 5, 9, 20}
    assert await play(dut, Model(), keeps, 30) == ["pulse"] * 5
    assert await play(dut, Model(prescale=0, width=0), keeps, 30) == ["pulse"] * 5


@cocotb.test()
async def test_prescale_lets_every_nth_through(dut):
    assert await play(dut, Model(prescale=3), set(range(2, 11)), 20) == ["prescaled", "prescaled", "pulse"] * 3


@cocotb.test()
async def test_refractory_time_is_exact(dut):
    told = await play(dut, Model(refractory=5), {2, 3, 7, 8, 13, 14}, 30)
    assert told == ["pulse", "refractory", "refractory", "pulse", "refractory", "pulse"]


@cocotb.test()
async def test_delay_and_width_are_exact_and_a_second_waiting_pulse_is_missed(dut):
    assert await play(dut, Model(delay=4, width=3), {2, 5, 6, 30}, 50) == ["pulse", "missed", "pulse", "pulse"]
    assert await play(dut, Model(width=6), {2, 5, 20}, 50) == ["pulse"] * 3, "lengthened"
    assert await play(dut, Model(delay=1), {2, 3, 4}, 50) == ["pulse"] * 3


@cocotb.test()
async def test_random_settings_and_keeps_equal_the_model(dut):
    rng, told = seeded(dut), []
    for _ in range(40):
        model = Model(rng.choice([1, 2, 5]), rng.choice([0, 1, 4, 20]), rng.choice([0, 0, 1, 2, 9]), rng.choice([1, 2, 7]))
        keeps = {clock for clock in range(150) if rng.random() < rng.choice([0.05, 0.3, 0.9])}
        told += await play(dut, model, keeps, 180)
    assert set(told) == {"pulse", "refractory", "prescaled", "missed"}


@cocotb.test()
async def test_clear_starts_the_prescale_anew(dut):
    await start(dut, prescale_i=3, width_clocks_i=1)
    pulses = []
    for clock in range(8):
        dut.keep_i.value, dut.clear_i.value = int(clock != 3), int(clock == 3)
        await settle()
        pulses.append(int(dut.pulse_o.value))
        await edge(dut)
    assert pulses == [0, 0, 1, 0, 0, 0, 1, 0]
