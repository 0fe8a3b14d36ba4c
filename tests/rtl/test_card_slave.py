"""The card behind another scan generator: its pixel, line and frame clocks on the pins."""
import cocotb
from bench import seeded
from card_driver import ABORTED, END, NONE, PIXEL, Card, bit_of
from card_world import set_ingress
from ingress_model import IngressSettings, normalised
from simulator import Bench, card_sources
from test_card_rules import INGRESS

BENCHES = [Bench("card_core", card_sources("narrow"), {"PositionDepth": 64, "EventDepth": 256}, "slave")]

COLUMNS, ROWS, DWELL, PERIOD = 5, 3, 6, 5
RISING, FALLING = 1, 2


class Generator:
    """A raster of another maker, of which Edge sees only the clocks: frames of rows of pixels, with flyback pixels and
    jitter. `signal` is what the detector gives at each of its places."""

    def __init__(self, dut, rng, falling=False, flyback=2, jitter=3, pixel_clocks=60, drop=None):
        self.dut, self.falling, self.place, self.served = dut, falling, None, []
        self.plan = self.clocks(rng, flyback, jitter, pixel_clocks, drop)
        self.left, self.now = 0, None

    def clocks(self, rng, flyback, jitter, pixel_clocks, drop):
        """(pins high, clocks) one after another."""
        yield (), 100
        for frame in range(50):
            yield ("frame",), 4
            yield (), 30
            for row in range(ROWS):
                yield ("line",), 3
                for column in range(COLUMNS + flyback):
                    self.place = (row, column) if column < COLUMNS else None
                    if (frame, row, column) != drop:
                        yield ("pixel",), 4
                    else:
                        yield (), 4
                    yield (), pixel_clocks - 4 + rng.randrange(-jitter, jitter + 1)
                self.place = None
                yield (), 90

    def step(self):
        if self.left == 0:
            self.now, self.left = next(self.plan)
        self.left -= 1
        for pin in ("pixel", "line", "frame"):
            getattr(self.dut, f"{pin}_clock_i").value = int((pin in self.now) != self.falling)


class Followed(Card):
    generator = None

    async def step(self, count=1):
        for _ in range(count):
            if self.generator:
                self.generator.step()
            await super().step()


async def prepared(dut, edges=RISING, **registers):
    card = Followed(dut, PERIOD)
    await card.power_on()
    await set_ingress(card, IngressSettings(**INGRESS))
    await card.configure(**{"scan_mode": 0, "columns": COLUMNS, "rows": ROWS, "dwell_samples": DWELL, "blank_clocks": 1,
                            "scan_clock_edges": edges * 0b010101, "scan_clock_timeout": 600, **registers})
    await card.engage()
    return card


def value(place, strobe):
    row, column = place
    return 500 + 1000 * row + 100 * column + strobe % 7


@cocotb.test()
async def test_every_pixel_lands_on_its_site_with_flyback_pixels_and_jitter(dut):
    rng = seeded(dut)
    for edges in (RISING, FALLING):
        card = await prepared(dut, edges)
        card.generator = Generator(dut, rng, falling=edges == FALLING)
        seen = {}

        def signal(one):
            place = one.generator.place
            if one.log[-1].permit and place:
                seen.setdefault(place, []).append(normalised(value(place, len(one.strobes)), IngressSettings(**INGRESS)))
                return value(place, len(one.strobes))
            return 60000  # blanked, or in flyback: must not be in any pixel
        card.signal = signal
        await card.command("start")
        await card.finish()
        pixels = card.kinds(PIXEL)
        assert [event.site for event in pixels] == list(range(COLUMNS * ROWS))
        for event in pixels:
            place = divmod(event.site, COLUMNS)
            assert event.samples == DWELL
            assert event.sum == sum(seen[place][:DWELL]), f"site {event.site} holds its own samples"
        assert card.kinds(END)[0].cause == NONE
        assert await card.read("pixel_clocks_late") == await card.read("pixel_clocks_early") == 0
        assert await card.field("scan_clock_status", "lost") == 0


@cocotb.test()
async def test_a_lost_pixel_clock_ends_the_run_and_trips(dut):
    for drop, timed_out in (((0, 1, 2), None), ((0, 2, 4), None)):
        card = await prepared(dut, scan_clock_timeout=90)
        card.generator = Generator(dut, seeded(dut), flyback=0, drop=drop)
        await card.command("start")
        await card.finish()
        await card.step(5)
        assert card.kinds(END)[0].cause == ABORTED
        assert await card.field("scan_clock_status", "lost") == 1
        assert await card.field("status", "interlock") == 0
        assert await card.read("trip_causes") == bit_of("trip_causes", "scan_clock")
        assert card.log[-1].permit == 0
        assert len(card.kinds(PIXEL)) <= drop[1] * COLUMNS + drop[2], "no pixel after the lost one"


@cocotb.test()
async def test_late_and_early_pixel_clocks_are_counted(dut):
    card = await prepared(dut, pixel_clock_late=40)
    card.generator = Generator(dut, seeded(dut), jitter=0, flyback=0, pixel_clocks=90)
    await card.command("start")
    await card.finish()
    assert await card.read("pixel_clocks_late") == (COLUMNS - 1) * ROWS
    card = await prepared(dut, dwell_samples=40)
    card.generator = Generator(dut, seeded(dut), jitter=0, flyback=1, pixel_clocks=90)
    await card.command("start")
    await card.finish()
    assert await card.read("pixel_clocks_early") == (COLUMNS - 1) * ROWS
    assert {event.site for event in card.kinds(PIXEL)} == {COLUMNS * row + COLUMNS - 1 for row in range(ROWS)}


@cocotb.test()
async def test_line_clocks_alone_start_lines_of_edge_s_own_pixels(dut):
    card = await prepared(dut, scan_clock_edges=RISING << 2 | RISING << 4)
    card.generator = Generator(dut, seeded(dut))
    await card.command("start")
    await card.finish()
    assert len(card.kinds(PIXEL)) == COLUMNS * ROWS
    for rise, fall in zip(card.rises(), card.falls(), strict=True):
        assert fall - rise == COLUMNS * DWELL * PERIOD


@cocotb.test()
async def test_settings_of_the_scan_work_through_their_registers(dut):
    card = await prepared(dut, scan_clock_edges=0, frames=2, pixel_settle_clocks=8, line_flyback_clocks=30,
                          frame_retrace_clocks=70, line_settle_clocks=4, blank_clocks=2, x_step=1 << 16, y_step=1 << 16,
                          affine=1, affine_xx=0x30000, affine_yy=0x10000, affine_x_offset=1000 << 12,
                          affine_y_offset=7 << 12)
    card.period = 1
    start = card.clock
    await card.run()
    assert len(card.kinds(PIXEL)) == 2 * COLUMNS * ROWS
    rises, falls = card.rises(), card.falls()
    assert rises[0] - start >= 74
    gaps = [b - a for a, b in zip(falls, rises[1:])]
    line = [10] * (COLUMNS - 1)
    frame = line + ([36] + line) * (ROWS - 1)
    assert gaps == frame + [76] + frame
    moves = [(card.log[n].x, card.log[n].y) for n in range(len(card.log)) if card.log[n].advance]
    expected = [(1000 - column, 7 + row) for row in range(ROWS) for column in range(COLUMNS)] * 2
    assert moves == expected, "the flipped DAC codes, three clocks later"
    card = await prepared(dut, scan_clock_edges=0, scan_mode=1, settle_clocks=3, settle_by_jump3=50, settle_by_jump4=90)
    card.period = 1
    await card.write_positions([(0, 0), (9, 3), (9, 30), (9, 30)])
    await card.run()
    gaps = [b - a for a, b in zip(card.falls(), card.rises()[1:])]
    assert gaps == [1 + 53, 1 + 93, 1 + 3]
