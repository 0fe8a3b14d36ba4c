import cocotb
from bench import edge, settle, start
from simulator import Bench

BENCHES = [Bench("slave_clock", ["rtl/trigger/slave_clock/slave_clock.sv", "rtl/common/cdc/synchronizer.sv"])]

RISING, FALLING = 1, 2


class Unit:
    def __init__(self, dut):
        self.dut, self.clock, self.went, self.late, self.lost = dut, 0, [], [], None

    async def step(self, count=1, **inputs):
        for name, value in inputs.items():
            getattr(self.dut, name + "_i").value = value
        for _ in range(count):
            await settle()
            if int(self.dut.go_o.value):
                self.went.append(self.clock)
            if int(self.dut.late_o.value):
                self.late.append(self.clock)
            if self.lost is None and int(self.dut.lost_o.value):
                self.lost = self.clock
            await edge(self.dut)
            self.clock += 1

    async def pulse(self, *pins, length=3):
        await self.step(length, **{pin + "_clock": 1 for pin in pins})
        await self.step(1, **{pin + "_clock": 0 for pin in pins})

    async def take(self, **then):
        """The next dwell starts at this edge."""
        await self.step(1, take=1)
        await self.step(0, take=0, **then)
        self.went.clear()


async def unit(dut, **settings):
    await start(dut, **{name + "_i": value for name, value in settings.items()})
    made = Unit(dut)
    await made.step(3)
    await made.step(2, running=1)
    made.went.clear()
    return made


IN_LINE = dict(line_start=0, frame_start=0)


@cocotb.test()
async def test_with_all_pins_off_the_scan_may_always_go(dut):
    one = await unit(dut)
    await one.step(5)
    await one.pulse("pixel", "line", "frame")
    assert len(one.went) == 9 and one.lost is None and int(dut.pixel_clocked_o.value) == 0


@cocotb.test()
async def test_the_chosen_edge_opens_three_clocks_and_the_wait_after_it(dut):
    for edges, wait in ((RISING, 0), (RISING, 1), (RISING, 7), (FALLING, 0), (FALLING, 5)):
        one = await unit(dut, pixel_edge=edges, pixel_wait=wait, pixel_clock=int(edges == FALLING))
        await one.take(**IN_LINE)
        at = one.clock
        await one.step(20, pixel_clock=int(edges == RISING), ready=1)
        assert one.went[0] == at + 3 + wait, "waiting"
        await one.take()
        await one.step(20, pixel_clock=int(edges == FALLING))
        assert one.went == [] and one.lost is None, "the other edge says nothing"


@cocotb.test()
async def test_edges_during_the_wait_are_ignored(dut):
    one = await unit(dut, pixel_edge=RISING, pixel_wait=20)
    await one.take(**IN_LINE)
    for _ in range(3):
        await one.pulse("pixel", length=2)
    await one.step(30)
    assert one.went and one.lost is None


@cocotb.test()
async def test_frame_line_and_pixel_must_come_in_order(dut):
    one = await unit(dut, pixel_edge=RISING, line_edge=RISING, frame_edge=RISING, line_start=1, frame_start=1, ready=1)
    for pins in (("pixel",), ("line",), ("pixel",), ("frame",), ("pixel",), ("line",)):
        await one.pulse(*pins)
        await one.step(6)
        assert one.went == [], pins
    await one.pulse("pixel")
    await one.step(6)
    assert one.went and one.lost is None
    await one.take(**IN_LINE)
    await one.step(6)
    assert one.went == [], "each dwell has its own clock"
    await one.pulse("pixel")
    await one.step(4)
    assert one.went


@cocotb.test()
async def test_clocks_of_a_frame_at_the_same_moment_count_together(dut):
    one = await unit(dut, pixel_edge=RISING, line_edge=RISING, frame_edge=RISING, line_start=1, frame_start=1, ready=1)
    await one.pulse("frame", "line", "pixel")
    await one.step(3)
    assert one.went and one.lost is None


@cocotb.test()
async def test_a_line_clock_may_come_during_the_last_pixel_and_is_an_error_before(dut):
    one = await unit(dut, line_edge=RISING, line_start=1, frame_start=1)
    await one.pulse("line")
    await one.step(2)
    await one.take(dwell=1, line_start=1, frame_start=0)
    await one.pulse("line")
    await one.step(4)
    assert one.went and one.lost is None
    await one.take(dwell=1, **IN_LINE)
    at = one.clock
    await one.pulse("line")
    await one.step(4)
    assert one.lost == at + 3 and int(dut.timed_out_o.value) == 0
    await one.step(3, running=0)
    assert int(dut.lost_o.value) == 0, "until the run is over"


@cocotb.test()
async def test_pixel_clocks_of_the_flyback_are_ignored_and_a_second_one_waiting_is_an_error(dut):
    one = await unit(dut, pixel_edge=RISING, line_edge=RISING, line_start=1, frame_start=1, ready=1)
    for _ in range(4):
        await one.pulse("pixel")
    assert one.went == [] and one.lost is None
    await one.pulse("line")
    await one.step(3)
    await one.pulse("pixel")
    await one.step(3)
    assert one.went and one.lost is None
    await one.pulse("pixel")
    await one.step(3)
    assert one.lost is not None


@cocotb.test()
async def test_a_late_pixel_clock_is_told_once_and_a_missing_one_is_lost(dut):
    one = await unit(dut, pixel_edge=RISING, late_clocks=20, timeout_clocks=50, line_start=1, frame_start=1, ready=1)
    await one.step(200)
    assert one.late == [] and one.lost is None, "the first of a run may take its time"
    await one.pulse("pixel")
    await one.step(2)
    await one.take(ready=0, dwell=1, **IN_LINE)
    await one.step(100)
    assert one.late == [] and one.lost is None, "during the dwell nothing is awaited"
    at = one.clock
    await one.step(100, ready=1, dwell=0)
    assert one.late == [at + 20] and one.lost == at + 51 and int(dut.timed_out_o.value) == 1


@cocotb.test()
async def test_a_mains_clock_may_run_on_as_frame_clock(dut):
    one = await unit(dut, frame_edge=RISING, line_start=1, frame_start=1, ready=1)
    await one.pulse("frame")
    await one.step(3)
    assert one.went
    await one.take(dwell=1, **IN_LINE)
    for _ in range(5):
        await one.pulse("frame")
    assert one.lost is None and one.went, "within a frame it is not needed"
    await one.step(5, frame_start=1, line_start=1, dwell=0)
    one.went.clear()
    await one.step(5)
    assert one.went == [], "a new frame waits for a new one"
