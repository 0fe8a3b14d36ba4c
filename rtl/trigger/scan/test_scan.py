from dataclasses import dataclass

import cocotb
from bench import edge, pattern, seeded, signed, start
from simulator import Bench

BENCHES = [Bench("scan", ["rtl/trigger/scan/scan.sv", "rtl/trigger/scan/position_memory.sv"],
                 {"PositionDepth": depth}) for depth in (64, 48)]

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
