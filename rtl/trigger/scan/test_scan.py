from dataclasses import dataclass

import cocotb
from bench import edge, pattern, seeded, signed
from bench import start as start_bench
from simulator import Bench

BENCHES = [Bench("scan", ["rtl/trigger/scan/scan.sv", "rtl/trigger/scan/position_memory.sv"],
                 {"PositionDepth": depth}) for depth in (64, 48)]



async def start(dut, **inputs):
    """Without the clocks of another scan generator a dwell may always start; no maximum unless one is given."""
    await start_bench(dut, **{"go_i": 1, "max_samples_i": 0xFFFF, **inputs})


IDLE, LEAVE, SETTLE, DWELL, DRAIN = range(5)


@dataclass
class Clock:
    """What one edge took, and what it left behind."""
    strobe: int
    start: int
    start_site: int
    boundary: int
    active: int      # before the edge
    next: int        # after it
    x: int
    y: int
    advance: int
    state: int
    end: int


class Harness:
    def __init__(self, dut, strobes=pattern("10000")):
        self.dut, self.strobes, self.log = dut, strobes, []

    async def step(self, **inputs):
        dut = self.dut
        strobe = int(self.strobes(len(self.log)))
        dut.adc_valid_i.value = strobe
        for name, value in inputs.items():
            getattr(dut, name).value = value
        await edge(dut)
        for name in inputs:
            getattr(dut, name).value = 0
        assert int(dut.error_o.value) == 0
        self.log.append(Clock(strobe, int(dut.start_o.value), int(dut.start_site_o.value), int(dut.boundary_o.value),
                              int(dut.dwell_active_o.value), int(dut.dwell_next_o.value), int(dut.scan_x_o.value),
                              int(dut.scan_y_o.value), int(dut.pixel_advance_o.value), int(dut.state_o.value),
                              int(dut.end_o.value)))
        return self.log[-1]

    async def run_until_done(self, limit=20000):
        await self.step(start_i=1)
        for _ in range(limit):
            clock = await self.step()
            if clock.end:
                return
        raise AssertionError("the run does not end")

    async def write_positions(self, positions):
        await self.step(index_write_i=1, write_data_i=0)
        for x, y in positions:
            await self.step(data_write_i=1, write_data_i=(y << 16) | x)

    def starts(self):
        return [(i, clock) for i, clock in enumerate(self.log) if clock.start]


def raster(columns, rows, dwell, **more):
    return {"columns_i": columns, "rows_i": rows, "dwell_samples_i": dwell, "x_step_i": 1 << 16, "y_step_i": 1 << 16,
            **more}


@cocotb.test()
async def test_a_raster_visits_every_pixel_in_order_at_its_position(dut):
    rng = seeded(dut)
    await start(dut)
    for columns, rows, dwell in ((1, 1, 1), (4, 3, 2), (1, 5, 3), (6, 1, 1)):
        x_start, y_start = rng.getrandbits(32), rng.getrandbits(32)
        x_step, y_step = signed(rng.getrandbits(24), 24), signed(rng.getrandbits(24), 24)
        for name, value in raster(columns, rows, dwell, x_start_i=x_start, y_start_i=y_start,
                                  x_step_i=x_step & 0xFFFFFFFF, y_step_i=y_step & 0xFFFFFFFF).items():
            getattr(dut, name).value = value
        harness = Harness(dut)
        await harness.run_until_done()
        visited = [(clock.start_site, harness.log[i + 1].x, harness.log[i + 1].y) for i, clock in harness.starts()]
        expected = [(row * columns + column, (x_start + column * x_step) % 2**32 >> 16,
                     (y_start + row * y_step) % 2**32 >> 16) for row in range(rows) for column in range(columns)]
        assert visited == expected
        assert sum(clock.advance for clock in harness.log) == rows * columns
        assert int(dut.done_o.value) == 1 and int(dut.aborted_o.value) == 0


@cocotb.test()
async def test_raster_dwells_start_and_end_at_strobes_and_last_their_samples(dut):
    await start(dut, **raster(4, 3, 7, line_settle_clocks_i=23, blank_clocks_i=4))
    harness = Harness(dut)
    await harness.run_until_done()
    starts = [i for i, _ in harness.starts()]
    assert all(harness.log[i].strobe for i in starts)
    for line in range(3):
        assert [b - a for a, b in zip(starts[4 * line:], starts[4 * line + 1:4 * line + 4])] == [35] * 3
    active = [clock.active for clock in harness.log]
    assert sum(active) == 12 * 7 * 5, "the beam is on along a line and nowhere else"
    assert all(harness.log[i].next == harness.log[i + 1].active for i in range(len(harness.log) - 1))


@cocotb.test()
async def test_move_and_settle_take_the_clocks_they_are_set_to(dut):
    await start(dut, adc_valid_i=0)
    for settle, blank in ((0, 0), (1, 1), (2, 3), (50, 20)):
        for strobes in (pattern("1"), pattern("10000")):
            for name, value in raster(1, 3, 1, line_settle_clocks_i=settle, blank_clocks_i=blank).items():
                getattr(dut, name).value = value
            harness = Harness(dut, strobes)
            await harness.run_until_done()
            starts = [i for i, _ in harness.starts()]
            # An advance shows in the clock after the edge that moved.
            moves = [i - 1 for i, clock in enumerate(harness.log) if clock.advance]
            ends = [i for i, clock in enumerate(harness.log) if clock.active and not clock.next]
            assert len(starts) == len(moves) == len(ends) == 3
            assert [move - end for end, move in zip(ends, moves[1:])] == [max(blank, 1)] * 2
            for move, begin in zip(moves, starts):
                earliest = move + max(settle, 1)
                assert begin == next(i for i in range(earliest, len(harness.log)) if harness.log[i].strobe)


@cocotb.test()
async def test_a_list_goes_on_when_the_dwell_is_decided(dut):
    rng = seeded(dut)
    await start(dut, list_i=1, decide_i=1, settle_clocks_i=9, blank_clocks_i=2)
    for count in (1, 2, 30, 48):
        harness = Harness(dut)
        positions = [(rng.getrandbits(16), rng.getrandbits(16)) for _ in range(count)]
        await harness.write_positions(positions)
        dut.position_count_i.value = count
        await harness.step(start_i=1)
        decided = []
        while not harness.log[-1].end:
            now = harness.log[-1].next  # a dwell is under way in the coming clock
            advance = int(now and rng.random() < 0.05)
            decided += [len(harness.log)] if advance else []
            await harness.step(advance_i=advance)
        visited = [(clock.start_site, harness.log[i + 1].x, harness.log[i + 1].y) for i, clock in harness.starts()]
        assert visited == [(i, *position) for i, position in enumerate(positions)]
        assert len(decided) == count
        for at in decided:
            assert harness.log[at].active == 1 and harness.log[at].next == 0, "over at the edge of the decision"
        assert sum(clock.advance for clock in harness.log) == count


@cocotb.test()
async def test_a_list_without_decisions_has_fixed_dwells_and_ignores_advance(dut):
    await start(dut, list_i=1, position_count_i=3, dwell_samples_i=6)
    harness = Harness(dut)
    await harness.write_positions([(1, 2), (3, 4), (5, 6)])
    await harness.step(start_i=1)
    while not harness.log[-1].end:
        await harness.step(advance_i=1)
    assert [(harness.log[i + 1].x, harness.log[i + 1].y) for i, _ in harness.starts()] == [(1, 2), (3, 4), (5, 6)]
    assert sum(clock.active for clock in harness.log) == 3 * 6 * 5


@cocotb.test()
async def test_raster_ignores_advance(dut):
    await start(dut, decide_i=1, **raster(3, 2, 4))
    harness = Harness(dut)
    await harness.step(start_i=1)
    while not harness.log[-1].end:
        await harness.step(advance_i=1)
    assert sum(clock.active for clock in harness.log) == 6 * 4 * 5


@cocotb.test()
async def test_abort_ends_any_state_at_once(dut):
    await start(dut, list_i=1, decide_i=1, position_count_i=2, settle_clocks_i=20, blank_clocks_i=20)
    harness = Harness(dut)
    await harness.write_positions([(1, 2), (3, 4)])
    for state in (SETTLE, DWELL, LEAVE, DRAIN):
        dut.ingress_busy_i.value = 1
        dut.position_count_i.value = 1 if state == DRAIN else 2
        clock = await harness.step(start_i=1)
        for _ in range(200):
            clock = await harness.step(advance_i=int(clock.next and state in (LEAVE, DRAIN)))
            if clock.state == state:
                break
        assert clock.state == state
        clock = await harness.step(abort_i=1)
        assert clock.next == 0 and clock.start == 0
        clock = await harness.step()
        assert (clock.state, clock.end) == (IDLE, 1)
        assert (int(dut.done_o.value), int(dut.aborted_o.value), int(dut.refused_o.value)) == (1, 1, 0)
        clock = await harness.step()
        assert clock.end == 0
    await harness.step(abort_i=1)
    clock = await harness.step()
    assert clock.end == 0, "idle: nothing to abort"


@cocotb.test()
async def test_a_start_without_a_dwell_in_its_settings_is_refused_and_ends(dut):
    good = dict(raster(2, 2, 2), list_i=0, decide_i=0, position_count_i=2, blocked_i=0)
    depth = int(dut.PositionDepth.value)
    await start(dut)
    for wrong in ({"columns_i": 0}, {"rows_i": 0}, {"dwell_samples_i": 0}, {"blocked_i": 1},
                  {"list_i": 1, "position_count_i": 0}, {"list_i": 1, "position_count_i": depth + 1},
                  {"list_i": 1, "dwell_samples_i": 0}):
        for name, value in {**good, **wrong}.items():
            getattr(dut, name).value = value
        harness = Harness(dut)
        await harness.step(start_i=1)
        clock = await harness.step()
        assert (clock.state, clock.end) == (IDLE, 1), wrong
        assert int(dut.refused_o.value) == 1 and int(dut.aborted_o.value) == 1
    for name, value in {**good, "list_i": 1, "decide_i": 1, "dwell_samples_i": 0}.items():
        getattr(dut, name).value = value
    await harness.step(start_i=1)
    clock = await harness.step()
    assert clock.state == SETTLE, "a list with decisions needs no fixed dwell"
    assert int(dut.refused_o.value) == 0


@cocotb.test()
async def test_a_run_ends_when_the_ingress_has_seen_its_last_sample(dut):
    await start(dut, **raster(1, 1, 2))
    harness = Harness(dut)
    await harness.step(start_i=1)
    dut.ingress_busy_i.value = 1
    for _ in range(100):
        clock = await harness.step()
        assert not clock.end
    assert clock.state == DRAIN
    dut.ingress_busy_i.value = 0
    await harness.step()
    assert (await harness.step()).end == 1


@cocotb.test()
async def test_the_position_window_moves_on_and_stops_at_its_end(dut):
    depth = int(dut.PositionDepth.value)
    await start(dut)
    harness = Harness(dut)
    await harness.step(index_write_i=1, write_data_i=depth - 2)
    for expected in (depth - 2, depth - 1, depth, depth):
        await harness.step(data_write_i=1, write_data_i=0)
        assert int(dut.index_o.value) == expected
    await harness.step()
    assert int(dut.index_o.value) == depth


@cocotb.test()
async def test_a_run_right_after_another_starts_at_the_first_position(dut):
    await start(dut, list_i=1, position_count_i=2, dwell_samples_i=1)
    harness = Harness(dut, pattern("1"))
    await harness.write_positions([(11, 12), (13, 14)])
    await harness.step(start_i=1)
    for _ in range(60):
        # A start while running is ignored, so this one acts in the very first idle clock.
        await harness.step(start_i=1)
    visited = [(harness.log[i + 1].x, clock.start_site) for i, clock in harness.starts()
               if i + 1 < len(harness.log)]
    assert len(visited) >= 6
    assert visited == [(11, 0), (13, 1)] * (len(visited) // 2) + [(11, 0)] * (len(visited) % 2)


@cocotb.test()
async def test_line_flyback_frame_retrace_and_frames_take_their_clocks(dut):
    await start(dut, **raster(2, 2, 1, line_settle_clocks_i=5, line_flyback_clocks_i=30, frame_retrace_clocks_i=70,
                              frames_i=3, blank_clocks_i=4))
    harness = Harness(dut, pattern("1"))
    await harness.run_until_done()
    starts = harness.starts()
    assert [clock.start_site for _, clock in starts] == list(range(12)), "sites go on from frame to frame"
    assert [(harness.log[i + 1].x, harness.log[i + 1].y) for i, _ in starts] == [(0, 0), (1, 0), (0, 1), (1, 1)] * 3
    begins = [i for i, _ in starts][::2]
    gaps = [later - earlier - 2 for earlier, later in zip(begins, begins[1:])]  # from the end of a line of two dwells
    assert gaps == [4 + 35, 4 + 75] * 2 + [4 + 35], "blank, then settle with flyback or retrace"
    assert begins[0] == 75, "the first frame is preceded by its retrace"


@cocotb.test()
async def test_pixel_settle_blanks_between_the_pixels_of_a_line(dut):
    await start(dut, **raster(3, 2, 2, pixel_settle_clocks_i=6, blank_clocks_i=2, line_settle_clocks_i=11))
    harness = Harness(dut, pattern("1"))
    await harness.run_until_done()
    starts = [i for i, _ in harness.starts()]
    assert [b - a for a, b in zip(starts, starts[1:])] == [2 + 2 + 6] * 2 + [2 + 2 + 11] + [2 + 2 + 6] * 2
    assert sum(clock.active for clock in harness.log) == 6 * 2
    assert [harness.log[i + 1].x for i in starts] == [0, 1, 2] * 2


@cocotb.test()
async def test_settle_by_jump_adds_the_clocks_of_the_distance(dut):
    rng = seeded(dut)
    table = [rng.randrange(0, 120) for _ in range(16)]
    await start(dut, list_i=1, dwell_samples_i=1, settle_clocks_i=7,
                settle_by_jump_i=sum(value << 20 * k for k, value in enumerate(table)))
    harness = Harness(dut, pattern("1"))
    positions = [(40000, 5)]
    for k in range(40):
        x, y = positions[-1]
        far = 1 << (k % 16) | rng.getrandbits(k % 16)
        step = far if k % 2 else rng.randrange(far + 1)
        move = lambda value, by: value + by if value + by <= 0xFFFF else value - by  # noqa: E731
        positions.append((move(x, far), move(y, step)) if k % 3 else (x, y))
    await harness.write_positions(positions)
    dut.position_count_i.value = len(positions)
    began = len(harness.log)
    await harness.run_until_done()
    starts = [i - began for i, _ in harness.starts()]
    assert len(starts) == 41
    for k in range(40):
        jump = max(abs(positions[k + 1][0] - positions[k][0]), abs(positions[k + 1][1] - positions[k][1]))
        added = table[jump.bit_length() - 1] if jump else 0
        assert starts[k + 1] - starts[k] == 1 + 1 + 7 + added, (k, jump)
    assert starts[0] == 7 + table[15], "the first jump counts as the longest"


@cocotb.test()
async def test_positions_have_their_own_dwell_and_zero_means_the_general_one(dut):
    rng = seeded(dut)
    depth = int(dut.PositionDepth.value)
    own = [rng.choice([0, rng.randrange(1, 30)]) for _ in range(depth)]
    for enabled, decide in ((1, 0), (0, 0), (1, 1), (0, 1)):
        await start(dut, list_i=1, decide_i=decide, dwell_samples_i=5, max_samples_i=9, position_count_i=depth)
        harness = Harness(dut, pattern("1"))
        await harness.write_positions([(k, k) for k in range(depth)])
        await harness.step(dwell_index_write_i=1, write_data_i=0)
        for value in own:
            await harness.step(dwell_data_write_i=1, write_data_i=value)
        await harness.step()
        assert int(dut.dwell_index_o.value) == depth
        dut.dwell_map_i.value = enabled
        await harness.step(start_i=1)
        limits = []
        while not harness.log[-1].end:
            clock = await harness.step(advance_i=int(decide and harness.log[-1].active))
            if clock.start:
                limits.append(int(dut.limit_samples_o.value))
        expected = [value if enabled and value else (9 if decide else 5) for value in own]
        assert limits == expected
        if not decide:
            assert sum(clock.active for clock in harness.log) == sum(expected)


@cocotb.test()
async def test_a_pixel_clock_starts_every_pixel_and_cuts_one_that_is_late(dut):
    await start(dut, pixel_clocked_i=1, go_i=0, **raster(3, 1, 8))
    harness = Harness(dut, pattern("1"))
    await harness.step(start_i=1)
    shorts = []
    for clock in range(90):
        dut.go_i.value = int(clock in (10, 30, 35))  # one in time, one after a gap, one that cuts
        await harness.step()
        shorts += [clock] if int(dut.short_o.value) else []
    starts = [i - 1 for i, _ in harness.starts()]
    assert starts == [10, 30, 35] and shorts == [35]
    active = [i - 1 for i, clock in enumerate(harness.log) if clock.active]
    assert active == [*range(11, 19), *range(31, 36), *range(36, 44)], "eight samples, unless it is cut"
    assert harness.log[-1].state == IDLE and [harness.log[i + 2].x for i in starts] == [0, 1, 2]


@cocotb.test()
async def test_what_is_looked_up_is_the_position_while_settling_and_the_next_pixel_in_a_dwell(dut):
    await start(dut, **raster(4, 2, 1, line_settle_clocks_i=3))
    harness = Harness(dut, pattern("1"))
    await harness.step(start_i=1)
    looked = (0, 0)
    for _ in range(60):
        clock = await harness.step()
        if clock.start:  # the dwell that starts was looked up one clock before
            assert looked == (int(dut.scan_x_o.value) + int(clock.active), int(dut.scan_y_o.value))
        looked = int(dut.lookup_x_o.value), int(dut.lookup_y_o.value)
