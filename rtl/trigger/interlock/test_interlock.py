import cocotb
from bench import edge, seeded, settle, start
from simulator import Bench

BENCHES = [Bench("interlock", ["rtl/trigger/interlock/interlock.sv", "rtl/common/cdc/synchronizer.sv"],
                 {"KeepAliveClocks": 8}, netlist=True)]

TRIPPED, PASS_THROUGH, ENGAGED = 0, 1, 2
RESET, HEARTBEAT, ADC, NETWORK, FRAME_CAP, EXTERNAL, INTERNAL = (1 << bit for bit in range(7))
NEVER = 0xFFFFFFFF


class Harness:
    def __init__(self, dut):
        self.dut = dut

    async def power_on(self, **inputs):
        """Healthy surroundings: nothing would trip, nothing runs."""
        await start(self.dut, **{
            "heartbeat_timeout_i": NEVER, "adc_timeout_i": NEVER, "network_deadline_i": NEVER, "pixel_cap_i": NEVER,
            "frame_cap_i": NEVER, "external_interlock_i": 1, **inputs})
        await edge(self.dut, 3)  # through the synchronisers

    async def pulse(self, *names):
        for name in names:
            getattr(self.dut, name).value = 1
        await edge(self.dut)
        for name in names:
            getattr(self.dut, name).value = 0

    async def engage(self, **inputs):
        await self.power_on(**inputs)
        await self.pulse("heartbeat_i", "adc_valid_i")
        await self.pulse("rearm_i")
        await edge(self.dut)
        assert self.state == ENGAGED
        assert self.causes == 0

    async def begin_dwell(self):
        self.dut.dwell_start_i.value = self.dut.dwell_next_i.value = 1
        await edge(self.dut)
        self.dut.dwell_start_i.value = 0

    async def beam_on(self, **inputs):
        await self.engage(**inputs)
        await self.begin_dwell()
        await settle()
        assert self.permit == 1

    @property
    def permit(self):
        return int(self.dut.permit_beam_o.value)

    @property
    def state(self):
        return int(self.dut.state_o.value)

    @property
    def causes(self):
        return int(self.dut.trip_causes_o.value)

    async def next(self):
        """The next edge, and a look at what it did."""
        await edge(self.dut)
        await settle()


@cocotb.test()
async def test_reset_blanks_without_a_clock_and_leaves_it_tripped(dut):
    harness = Harness(dut)
    await harness.beam_on()
    dut.rst_ni.value = 0
    await settle()
    assert harness.permit == 0, "asynchronously"
    for _ in range(5):
        await harness.next()
        assert harness.permit == 0, "during reset"
    dut.rst_ni.value = 1
    for _ in range(20):
        await harness.next()
        assert (harness.permit, harness.state) == (0, TRIPPED), "after reset"
    assert harness.causes == RESET


@cocotb.test()
async def test_engage_and_disarm_do_nothing_while_tripped(dut):
    harness = Harness(dut)
    await harness.power_on(dwell_next_i=1)
    await harness.pulse("heartbeat_i", "adc_valid_i")
    for command in ("engage_i", "disarm_i"):
        await harness.pulse(command)
        await edge(dut, 2)
        assert (harness.state, harness.causes, harness.permit) == (TRIPPED, RESET, 0)


@cocotb.test()
async def test_the_three_states_and_their_commands(dut):
    harness = Harness(dut)
    await harness.engage()
    for command, state in (("engage_i", ENGAGED), ("rearm_i", ENGAGED), ("disarm_i", PASS_THROUGH),
                           ("rearm_i", PASS_THROUGH), ("disarm_i", PASS_THROUGH), ("engage_i", ENGAGED)):
        await harness.pulse(command)
        await edge(dut)
        assert harness.state == state, command


@cocotb.test()
async def test_pass_through_follows_the_microscope_alone(dut):
    harness = Harness(dut)
    await harness.engage()
    await harness.pulse("disarm_i")
    dut.heartbeat_timeout_i.value = dut.adc_timeout_i.value = dut.frame_cap_i.value = dut.pixel_cap_i.value = 0
    dut.decided_i.value = 1
    for blank in (0, 1, 0):
        dut.microscope_blank_i.value = blank
        await edge(dut, 4)
        assert (harness.permit, harness.state) == (1 - blank, PASS_THROUGH)


@cocotb.test()
async def test_the_microscope_blanks_after_its_synchroniser_in_every_state(dut):
    harness = Harness(dut)
    await harness.beam_on()
    dut.microscope_blank_i.value = 1
    for wanted in (1, 1, 0):
        await harness.next()
        assert harness.permit == wanted
    dut.microscope_blank_i.value = 0
    await edge(dut, 4)
    assert (harness.permit, harness.state) == (1, ENGAGED), "it does not trip"


@cocotb.test()
async def test_the_pin_rises_at_the_edge_at_which_the_dwell_starts(dut):
    harness = Harness(dut)
    await harness.engage()
    dut.dwell_start_i.value = dut.dwell_next_i.value = 1
    await settle()
    assert harness.permit == 0
    await harness.next()
    assert harness.permit == 1


@cocotb.test()
async def test_a_decision_reaches_the_pin_at_the_next_edge_and_holds_until_the_next_dwell(dut):
    harness = Harness(dut)
    await harness.beam_on()
    dut.decided_i.value = 1
    await settle()
    assert (harness.permit, int(dut.pin_falls_o.value)) == (1, 1)
    await harness.next()
    assert harness.permit == 0
    for _ in range(10):
        await harness.next()
        assert harness.permit == 0
    dut.dwell_start_i.value = 1  # next pixel of the line: decided_i still speaks of the one before
    await harness.next()
    assert harness.permit == 1


@cocotb.test()
async def test_without_a_dwell_the_beam_is_off(dut):
    harness = Harness(dut)
    await harness.beam_on()
    dut.dwell_next_i.value = 0
    await harness.next()
    assert harness.permit == 0
    assert int(dut.hold_causes_o.value) & 1


@cocotb.test()
async def test_the_pixel_cap_allows_exactly_that_many_clocks(dut):
    harness = Harness(dut)
    await harness.engage()
    for cap in (0, 1, 2, 17):
        dut.pixel_cap_i.value = cap
        for following in (0, 1):  # the next dwell of a line follows without a pause
            dut.dwell_start_i.value = dut.dwell_next_i.value = 1
            on = 0
            for _ in range(25):
                await harness.next()
                dut.dwell_start_i.value = 0
                on += harness.permit
            assert on == cap
            assert int(dut.unblanked_position_o.value) == cap
            assert int(dut.cap_reached_o.value) == 1
        dut.dwell_next_i.value = 0
        await harness.next()
        assert int(dut.cap_reached_o.value) == 0
    assert harness.state == ENGAGED, "it does not trip"


@cocotb.test()
async def test_the_frame_cap_allows_exactly_that_many_clocks_then_trips(dut):
    harness = Harness(dut)
    await harness.engage(frame_cap_i=30)
    on = 0
    for clock in range(60):
        dut.dwell_next_i.value = int(clock % 3 != 0)
        await harness.next()
        on += harness.permit
    assert on == 30
    assert int(dut.unblanked_run_o.value) == 30
    assert (harness.state, harness.causes) == (TRIPPED, FRAME_CAP)
    await harness.pulse("rearm_i")
    await edge(dut)
    assert harness.state == TRIPPED, "the dose is still there"
    await harness.pulse("clear_dose_i")
    await harness.pulse("rearm_i")
    await edge(dut)
    assert harness.state == ENGAGED


@cocotb.test()
async def test_limits_of_zero_allow_nothing(dut):
    harness = Harness(dut)
    await harness.power_on()
    for limit in ("heartbeat_timeout_i", "adc_timeout_i", "frame_cap_i"):
        for other in ("heartbeat_timeout_i", "adc_timeout_i", "frame_cap_i"):
            getattr(dut, other).value = 0 if other == limit else NEVER
        await harness.pulse("heartbeat_i", "adc_valid_i")
        await harness.pulse("rearm_i")
        await edge(dut)
        assert harness.state == TRIPPED, limit


@cocotb.test()
async def test_each_trip_blanks_at_once_latches_and_survives_commands_while_its_cause_lasts(dut):
    harness = Harness(dut)

    async def age(clocks):
        await edge(dut, clocks)

    cases = {
        "heartbeat": (HEARTBEAT, lambda: setattr(dut.heartbeat_timeout_i, "value", 1),
                      lambda: setattr(dut.heartbeat_timeout_i, "value", NEVER)),
        "adc": (ADC, lambda: setattr(dut.adc_timeout_i, "value", 1),
                lambda: setattr(dut.adc_timeout_i, "value", NEVER)),
        "frame cap": (FRAME_CAP, lambda: setattr(dut.frame_cap_i, "value", 1),
                      lambda: setattr(dut.frame_cap_i, "value", NEVER)),
        "internal": (INTERNAL, lambda: setattr(dut.internal_error_i, "value", 1),
                     lambda: setattr(dut.internal_error_i, "value", 0)),
    }
    await harness.engage()
    for name, (cause, make, unmake) in cases.items():
        await harness.begin_dwell()
        await age(4)
        assert harness.permit == 1, name
        make()
        await harness.next()
        assert (harness.permit, harness.state, harness.causes) == (0, TRIPPED, cause), name
        assert int(dut.trip_o.value) == 1
        await harness.next()
        assert int(dut.trip_o.value) == 0, "one clock"
        for command in ("disarm_i", "engage_i", "rearm_i", "disarm_i"):
            await harness.pulse(command)
            await harness.next()
            assert (harness.permit, harness.state, harness.causes) == (0, TRIPPED, cause), f"{name} {command}"
        unmake()
        await age(3)
        assert (harness.permit, harness.state, harness.causes) == (0, TRIPPED, cause), f"{name}: latched"
        await harness.pulse("rearm_i")
        dut.dwell_next_i.value = 0
        await harness.next()
        assert (harness.state, harness.causes) == (ENGAGED, 0), name


@cocotb.test()
async def test_an_open_external_interlock_trips_in_every_state_but_needs_its_synchroniser(dut):
    harness = Harness(dut)
    for disarmed in (False, True):
        if not disarmed:
            await harness.beam_on()
        else:
            dut.external_interlock_i.value = 1
            await edge(dut, 3)
            await harness.pulse("rearm_i")
            await harness.pulse("disarm_i")
            await edge(dut)
            assert (harness.state, harness.permit) == (PASS_THROUGH, 1)
        dut.external_interlock_i.value = 0
        for wanted in (1, 1, 0):
            await harness.next()
            assert harness.permit == wanted
        assert (harness.state, harness.causes) == (TRIPPED, EXTERNAL)
        await harness.pulse("rearm_i")
        await edge(dut)
        assert harness.state == TRIPPED


@cocotb.test()
async def test_a_late_heartbeat_trips_after_exactly_its_timeout(dut):
    harness = Harness(dut)
    await harness.power_on()
    for timeout in (1, 10):
        dut.heartbeat_timeout_i.value = timeout
        dut.heartbeat_i.value = 1  # arrives every clock
        await harness.pulse("adc_valid_i")
        await harness.pulse("rearm_i")
        await edge(dut, 50)
        assert harness.state == ENGAGED
        dut.heartbeat_i.value = 0
        for clock in range(timeout + 1):
            await harness.next()
            assert harness.state == (TRIPPED if clock == timeout else ENGAGED), clock
        assert harness.causes == HEARTBEAT


@cocotb.test()
async def test_missing_adc_strobes_trip_only_when_engaged(dut):
    harness = Harness(dut)
    await harness.engage(adc_timeout_i=12)
    for _ in range(10):
        await harness.pulse("adc_valid_i")
        await edge(dut, 11)
    assert harness.state == ENGAGED
    await edge(dut, 4)
    assert (harness.state, harness.causes) == (TRIPPED, ADC)
    await harness.pulse("adc_valid_i")
    await harness.pulse("rearm_i")
    await harness.pulse("disarm_i")
    await edge(dut, 100)
    assert harness.state == PASS_THROUGH


@cocotb.test()
async def test_a_missing_network_result_trips_after_the_deadline(dut):
    harness = Harness(dut)
    await harness.beam_on(network_deadline_i=20, network_watch_i=1)
    await edge(dut, 100)
    assert harness.state == ENGAGED, "no vector, nothing to wait for"
    for _ in range(5):
        await harness.pulse("vector_i")
        await edge(dut, 17)
        await harness.pulse("result_i")
    await edge(dut, 100)
    assert harness.state == ENGAGED, "every vector had its result"
    for clock in range(21):
        dut.vector_i.value = int(clock % 5 == 0)  # vectors go on, results do not come
        await harness.next()
    assert harness.state == ENGAGED
    await harness.next()
    assert (harness.state, harness.causes) == (TRIPPED, NETWORK)


@cocotb.test()
async def test_an_impossible_state_trips(dut):
    harness = Harness(dut)
    await harness.power_on()
    await harness.pulse("heartbeat_i", "adc_valid_i")
    for upset in [code for code in range(16) if code not in (0b1000, 0b0011, 0b0101)]:
        await harness.pulse("rearm_i")
        await edge(dut)
        assert harness.state == ENGAGED
        await harness.begin_dwell()
        dut.state_q.value = upset
        await settle()
        await harness.next()
        assert (harness.permit, harness.state, harness.causes) == (0, TRIPPED, INTERNAL), bin(upset)
        dut.dwell_next_i.value = 0


@cocotb.test()
async def test_keep_alive_toggles_while_nothing_has_tripped(dut):
    harness = Harness(dut)
    await harness.power_on()
    before = int(dut.keep_alive_o.value)
    await edge(dut, 40)
    assert int(dut.keep_alive_o.value) == before, "tripped: still"
    await harness.pulse("heartbeat_i", "adc_valid_i")
    await harness.pulse("rearm_i")
    for _ in range(2):  # engaged, then passing through
        levels = []
        for _ in range(64):
            await harness.next()
            levels.append(int(dut.keep_alive_o.value))
        toggles = [i for i in range(1, 64) if levels[i] != levels[i - 1]]
        assert all(b - a == 8 for a, b in zip(toggles, toggles[1:])) and len(toggles) >= 7
        await harness.pulse("disarm_i")
    dut.internal_error_i.value = 1
    await edge(dut, 2)
    before = int(dut.keep_alive_o.value)
    await edge(dut, 40)
    assert int(dut.keep_alive_o.value) == before


@cocotb.test()
async def test_the_beam_is_never_on_without_every_reason_for_it(dut):
    """Random life: whenever the pin is high, the clock before allowed it, by this table alone."""
    rng, harness = seeded(dut), Harness(dut)
    await harness.power_on(frame_cap_i=500, pixel_cap_i=40, heartbeat_timeout_i=30, adc_timeout_i=12,
                           network_deadline_i=15)
    blanks, closed = [0] * 3, [1] * 3
    on = 0
    for _ in range(6000):
        values = {"engage_i": 0.05, "disarm_i": 0.01, "rearm_i": 0.05, "heartbeat_i": 0.2, "adc_valid_i": 0.4,
                  "clear_dose_i": 0.005, "run_start_i": 0.002, "dwell_start_i": 0.1, "decided_i": 0.1,
                  "network_watch_i": 0.9, "vector_i": 0.2, "result_i": 0.3, "internal_error_i": 0.001,
                  "microscope_blank_i": 0.02}
        drawn = {name: int(rng.random() < share) for name, share in values.items()}
        drawn["dwell_next_i"] = int(drawn["dwell_start_i"] or rng.random() < 0.8)
        drawn["external_interlock_i"] = int(rng.random() > 0.002)
        for name, value in drawn.items():
            getattr(dut, name).value = value
        state = harness.state
        await settle()
        live, position = int(dut.live_causes_o.value), int(dut.unblanked_position_o.value)
        was_on = harness.permit
        await harness.next()
        blanks, closed = blanks[1:] + [drawn["microscope_blank_i"]], closed[1:] + [drawn["external_interlock_i"]]
        if harness.permit:
            on += 1
            assert state in (PASS_THROUGH, ENGAGED)
            assert blanks[0] == 0 and closed[0] == 1 and not drawn["internal_error_i"]
            if state == ENGAGED:
                assert live == 0
                assert drawn["dwell_next_i"]
                assert not drawn["decided_i"] or drawn["dwell_start_i"]
                assert drawn["dwell_start_i"] or position + was_on < 40
    assert on > 100, "the beam was on often enough to say something"
