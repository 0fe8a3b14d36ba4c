import cocotb
from bench import PERIOD_NS, edge, seeded, settle, start, stop_clock
from board_model import Board
from cocotb.triggers import Timer
from simulator import Bench

BENCHES = [Bench("interlock", [f"rtl/trigger/interlock/{unit}.sv" for unit in
                            ("interlock", "watchdog", "detector_watch", "overload", "blanker_watch")]
                 + ["rtl/common/cdc/synchronizer.sv"],
                 {"KeepAliveClocks": 8}, netlist=True)]

TRIPPED, PASS_THROUGH, ENGAGED = 0, 1, 2
RESET, HEARTBEAT, DETECTOR, NETWORK, FRAME_CAP, EXTERNAL, INTERNAL, OVERLOAD, BLANKER, STOP, TEST_VECTOR, \
    SCAN_CLOCK = (1 << bit for bit in range(12))
WITHIN = 4  # core clocks from a cause at the ports to the pin
NEVER = 0xFFFFFFFF


class Harness:
    def __init__(self, dut):
        self.dut = dut

    async def power_on(self, **inputs):
        """Healthy surroundings: nothing would trip, nothing runs."""
        await start(self.dut, **{
            "heartbeat_timeout_i": NEVER, "detector_timeout_i": NEVER, "network_deadline_i": NEVER, "pixel_cap_i": NEVER,
            "frame_cap_i": NEVER, "overload_level_i": 0x7FFF, "overload_samples_i": 0xFFFF, "blanker_samples_i": 0xFFFF,
            "external_interlock_i": 1, **inputs})
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
    dut.heartbeat_timeout_i.value = dut.detector_timeout_i.value = dut.frame_cap_i.value = dut.pixel_cap_i.value = 0
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
    for limit in ("heartbeat_timeout_i", "detector_timeout_i", "frame_cap_i"):
        for other in ("heartbeat_timeout_i", "detector_timeout_i", "frame_cap_i"):
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
        "detector": (DETECTOR, lambda: setattr(dut.detector_timeout_i, "value", 1),
                     lambda: setattr(dut.detector_timeout_i, "value", NEVER)),
        "detector watched by nothing": (DETECTOR, lambda: setattr(dut.detector_source_i, "value", 3),
                                        lambda: setattr(dut.detector_source_i, "value", 0)),
        "frame cap": (FRAME_CAP, lambda: setattr(dut.frame_cap_i, "value", 1),
                      lambda: setattr(dut.frame_cap_i, "value", NEVER)),
        "internal": (INTERNAL, lambda: setattr(dut.internal_error_i, "value", 1),
                     lambda: setattr(dut.internal_error_i, "value", 0)),
        "test vector": (TEST_VECTOR, lambda: setattr(dut.test_failed_i, "value", 1),
                        lambda: setattr(dut.test_failed_i, "value", 0)),
        "scan clock": (SCAN_CLOCK, lambda: setattr(dut.scan_lost_i, "value", 1),
                       lambda: setattr(dut.scan_lost_i, "value", 0)),
        "stop": (STOP, lambda: setattr(dut.stop_i, "value", 1), lambda: setattr(dut.stop_i, "value", 0)),
        "overload watched as never allowed": (OVERLOAD, lambda: setattr(dut.overload_samples_i, "value", 0),
                                              lambda: setattr(dut.overload_samples_i, "value", 0xFFFF)),
        "blanker watched as never right": (BLANKER, lambda: setattr(dut.blanker_samples_i, "value", 0),
                                           lambda: setattr(dut.blanker_samples_i, "value", 0xFFFF)),
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
    await harness.engage(detector_timeout_i=12)
    for _ in range(10):
        await harness.pulse("adc_valid_i")
        await edge(dut, 11)
    assert harness.state == ENGAGED
    await edge(dut, 4)
    assert (harness.state, harness.causes) == (TRIPPED, DETECTOR)
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
async def test_overload_trips_one_clock_after_its_last_sample(dut):
    for clipped in (0, 1):
        harness = Harness(dut)
        await harness.beam_on(overload_level_i=500, overload_samples_i=3)
        dut.sample_valid_i.value = 1
        for sample in (499, 500, 600, 499, 700, 500):  # never three in a row
            dut.sample_i.value = sample
            await harness.next()
            assert harness.permit == 1
        if clipped:
            dut.sample_i.value, dut.sample_clipped_i.value = -7, 1
        await harness.next()  # the third
        assert harness.permit == 1
        await harness.next()
        assert (harness.permit, harness.state, harness.causes) == (0, TRIPPED, OVERLOAD)
        await harness.pulse("rearm_i")
        await edge(dut)
        assert harness.state == TRIPPED, "it is still too bright"


@cocotb.test()
async def test_a_blanker_that_does_not_act_trips_and_cannot_be_armed(dut):
    harness = Harness(dut)
    await harness.beam_on(blanker_settle_i=6, blanker_samples_i=2, pedestal_limit_i=40)
    dut.sample_valid_i.value, dut.sample_i.value = 1, 900
    await edge(dut, 30)
    assert (harness.permit, harness.state) == (1, ENGAGED), "light with the beam on is right"
    dut.decided_i.value = 1
    await harness.next()
    assert harness.permit == 0
    for clock in range(1, 12):
        await harness.next()
        # 6 clocks to settle, 2 samples, and the edge that trips
        assert harness.state == (TRIPPED if clock >= 6 + 2 + 1 else ENGAGED), clock
    assert harness.causes == BLANKER
    await harness.pulse("rearm_i")
    await edge(dut)
    assert harness.state == TRIPPED, "the beam is still on the detector"
    dut.sample_i.value = 40
    await edge(dut, 2)
    await harness.pulse("rearm_i")
    await edge(dut)
    assert harness.state == ENGAGED


@cocotb.test()
async def test_a_blanker_that_acts_in_time_does_not_trip(dut):
    harness = Harness(dut)
    await harness.beam_on(blanker_settle_i=20, blanker_samples_i=1, pedestal_limit_i=40)
    dut.sample_valid_i.value = 1
    for _ in range(8):
        dut.decided_i.value, dut.dwell_start_i.value = 0, 1
        await harness.next()
        dut.sample_i.value, dut.dwell_start_i.value = 900, 0
        await edge(dut, 10)
        dut.decided_i.value = 1
        await edge(dut, 15)     # the light decays
        dut.sample_i.value = 40
        await edge(dut, 30)     # the last of them long after it must be dark
    assert harness.state == ENGAGED


@cocotb.test()
async def test_stop_trips_at_once_in_every_state(dut):
    harness = Harness(dut)
    for state in (ENGAGED, PASS_THROUGH):
        await harness.beam_on()
        if state == PASS_THROUGH:
            await harness.pulse("disarm_i")
        await edge(dut, 2)
        assert (harness.permit, harness.state) == (1, state)
        dut.stop_i.value = 1
        await harness.next()
        dut.stop_i.value = 0
        assert (harness.permit, harness.state, harness.causes) == (0, TRIPPED, STOP)
    await harness.power_on()
    await harness.pulse("stop_i")
    await settle()
    assert (harness.state, harness.causes) == (TRIPPED, RESET | STOP), "told to whoever re-arms"


@cocotb.test()
async def test_stop_wins_over_every_command_that_comes_with_it(dut):
    harness = Harness(dut)
    for command in ("rearm_i", "engage_i", "disarm_i"):
        await harness.engage()
        await harness.pulse("stop_i", command)
        await settle()
        assert harness.state == TRIPPED
        await harness.pulse("stop_i", command)
        await edge(dut)
        assert (harness.state, harness.causes) == (TRIPPED, STOP)


@cocotb.test()
async def test_reconfiguration_trips_in_every_state_and_keeps_it_tripped(dut):
    harness = Harness(dut)
    for state in (ENGAGED, PASS_THROUGH, TRIPPED):
        await harness.beam_on()
        if state == PASS_THROUGH:
            await harness.pulse("disarm_i")
            await edge(dut)
        if state == TRIPPED:
            await harness.pulse("stop_i")
        dut.reconfigure_i.value = 1
        await harness.next()
        await harness.next()
        assert harness.permit == int(state != TRIPPED), "two flip-flops"
        await harness.next()
        assert (harness.permit, harness.state) == (0, TRIPPED)
        assert harness.causes == (RESET | STOP if state == TRIPPED else RESET)
        for command in ("rearm_i", "engage_i", "disarm_i"):
            await harness.pulse(command)
            await harness.next()
            assert harness.state == TRIPPED
        dut.reconfigure_i.value = 0
        await edge(dut, 10)
        assert harness.state == TRIPPED and harness.causes & RESET, "and after"
        await harness.pulse("rearm_i")
        dut.dwell_next_i.value = 0
        await edge(dut)
        assert (harness.state, harness.causes) == (ENGAGED, 0)


@cocotb.test()
async def test_what_concerns_an_engaged_card_only_leaves_pass_through_alone(dut):
    harness = Harness(dut)
    await harness.engage()
    await harness.pulse("disarm_i")
    for name, value in {"heartbeat_timeout_i": 0, "detector_timeout_i": 0, "frame_cap_i": 0, "overload_samples_i": 0,
                        "blanker_samples_i": 0, "test_failed_i": 1, "scan_lost_i": 1}.items():
        getattr(dut, name).value = value
        await edge(dut, 3)
        assert (harness.permit, harness.state) == (1, PASS_THROUGH), name
    assert int(dut.live_causes_o.value) == HEARTBEAT | DETECTOR | FRAME_CAP | OVERLOAD | BLANKER | TEST_VECTOR | SCAN_CLOCK
    await harness.pulse("engage_i")
    for _ in range(4):
        await harness.next()
        assert harness.permit == 0, "not for a clock once it is engaged"
    assert harness.state == TRIPPED


@cocotb.test()
async def test_a_dark_silent_event_detector_with_keep_alive_words_is_no_stall(dut):
    harness = Harness(dut)
    await harness.engage(detector_timeout_i=20, detector_source_i=2)
    for clock in range(400):
        dut.keep_alive_word_i.value = int(clock % 19 == 0)  # not one strobe
        await harness.next()
        assert harness.state == ENGAGED
    dut.keep_alive_word_i.value = 0
    await edge(dut, 22)
    assert (harness.state, harness.causes) == (TRIPPED, DETECTOR)


@cocotb.test()
async def test_the_pin_is_low_within_four_clocks_of_every_cause_at_the_ports(dut):
    """What the card must keep for every cause, however it comes in; the tests above have the exact edges."""
    harness = Harness(dut)
    causes = {
        HEARTBEAT: {"heartbeat_timeout_i": 0}, DETECTOR: {"detector_timeout_i": 0}, FRAME_CAP: {"frame_cap_i": 0},
        EXTERNAL: {"external_interlock_i": 0}, INTERNAL: {"internal_error_i": 1}, RESET: {"reconfigure_i": 1},
        OVERLOAD: {"sample_valid_i": 1, "sample_clipped_i": 1}, STOP: {"stop_i": 1}, TEST_VECTOR: {"test_failed_i": 1},
        SCAN_CLOCK: {"scan_lost_i": 1}, NETWORK: {"network_deadline_i": 0}}
    for cause, inputs in causes.items():
        await harness.beam_on(overload_samples_i=1)
        if cause == NETWORK:
            dut.network_watch_i.value = dut.vector_i.value = 1
            await harness.next()
        for name, value in inputs.items():
            getattr(dut, name).value = value
        await edge(dut, WITHIN)
        await settle()
        assert (harness.permit, harness.causes) == (0, cause)


@cocotb.test()
async def test_without_power_without_a_clock_or_tripped_the_board_blanks(dut):
    harness = Harness(dut)
    board = Board(dut, hold_ns=3 * 8 * PERIOD_NS)  # three of its edges
    await Timer(100, "ns")
    assert not board.beam, "power-on: no reset yet, no clock"
    dut.rst_ni.value = 0
    await Timer(100, "ns")
    assert not board.beam and harness.permit == 0, "reset, without a clock"
    for state in ("engaged", "pass-through"):
        await harness.beam_on()
        if state == "pass-through":
            await harness.pulse("disarm_i")
        await edge(dut, 40)
        assert board.beam and harness.permit == 1
        stop_clock()
        await Timer(2 * 8 * PERIOD_NS, "ns")
        assert harness.permit == 1, "a flip-flop without a clock knows nothing"
        await Timer(8 * PERIOD_NS + 1, "ns")
        assert not board.beam, f"{state}: the circuit on keep_alive does"
        await Timer(10000, "ns")
        assert not board.beam
        await harness.beam_on()
        await edge(dut, 40)
        assert board.beam
        await harness.pulse("stop_i")
        await settle()
        assert not board.beam, "at once, by the pin"
        await edge(dut, 40)
        assert not board.beam and not board.alive, "and by the circuit, if the pin hung"


@cocotb.test()
async def test_the_beam_is_never_on_without_every_reason_for_it(dut):
    """Random life: whenever the pin is high, the clock before allowed it, by this table alone."""
    rng, harness = seeded(dut), Harness(dut)
    await harness.power_on(frame_cap_i=150, pixel_cap_i=40, heartbeat_timeout_i=30, detector_timeout_i=12,
                           network_deadline_i=18, detector_source_i=2, overload_level_i=100, overload_samples_i=4,
                           blanker_settle_i=2, blanker_samples_i=3, pedestal_limit_i=20)
    blanks, closed, configured = [0] * 3, [1] * 3, [1] * 3
    on = tripped_by = 0
    for clock in range(60000):
        if clock > 12000 and tripped_by == 0xFFF:
            break
        values = {"engage_i": 0.05, "disarm_i": 0.01, "rearm_i": 0.05, "heartbeat_i": 0.15, "adc_valid_i": 0.4,
                  "clear_dose_i": 0.005, "run_start_i": 0.002, "dwell_start_i": 0.1, "decided_i": 0.1,
                  "network_watch_i": 0.99, "vector_i": 0.2, "result_i": 0.15, "internal_error_i": 0.001,
                  "microscope_blank_i": 0.02, "reconfigure_i": 0.002, "stop_i": 0.002, "test_failed_i": 0.001,
                  "scan_lost_i": 0.001, "keep_alive_word_i": 0.1, "sample_valid_i": 0.4, "sample_clipped_i": 0.05}
        drawn = {name: int(rng.random() < share) for name, share in values.items()}
        drawn["dwell_next_i"] = int(drawn["dwell_start_i"] or rng.random() < 0.8)
        drawn["external_interlock_i"] = int(rng.random() > 0.002)
        drawn["sample_i"] = rng.choice([-3, 5, 19, 20, 21, 99, 100, 150]) if harness.permit else rng.choice([0, 20, 25])
        for name, value in drawn.items():
            getattr(dut, name).value = value
        state = harness.state
        await settle()
        live, position = int(dut.live_causes_o.value), int(dut.unblanked_position_o.value)
        was_on = harness.permit
        await harness.next()
        blanks, closed = blanks[1:] + [drawn["microscope_blank_i"]], closed[1:] + [drawn["external_interlock_i"]]
        configured = configured[1:] + [1 - drawn["reconfigure_i"]]
        tripped_by |= int(dut.new_causes_o.value)
        if harness.permit:
            on += 1
            assert state in (PASS_THROUGH, ENGAGED)
            assert blanks[0] == 0 and closed[0] == 1 and configured[0] == 1
            assert not drawn["internal_error_i"] and not drawn["stop_i"]
            if state == ENGAGED:
                assert live == 0 and not drawn["test_failed_i"] and not drawn["scan_lost_i"]
                assert drawn["dwell_next_i"]
                assert not drawn["decided_i"] or drawn["dwell_start_i"]
                assert drawn["dwell_start_i"] or position + was_on < 40
    assert on > 100, "the beam was on often enough to say something"
    assert tripped_by == 0xFFF, "and went off for every cause"
