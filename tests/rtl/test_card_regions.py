"""Regions where the beam may never be or nothing is decided, and positions with their own dwell."""
import cocotb
from bench import seeded
from card_driver import DECISION, MAXIMUM, PIXEL, SURE, Card
from card_world import Detector, set_ingress
from ingress_model import IngressSettings
from simulator import Bench, card_sources
from test_card_rules import COUNT, INGRESS, poisson_light

BENCHES = [Bench("card_core", card_sources("narrow"), {"PositionDepth": 64, "EventDepth": 256}, "regions")]

DECIDE, BEAM = 1, 2


async def prepared(dut, forbidden, period=5, positions=(), **registers):
    """forbidden: {(column, row) of a cell: bits}."""
    card = Card(dut, period)
    card.signal = Detector(poisson_light(seeded(dut)))
    await card.power_on()
    await set_ingress(card, IngressSettings(**INGRESS))
    await card.configure(**{"decision": 1, "decision_source": 1, "threshold_rules": COUNT, "threshold_count": 1,
                            "max_samples": 40, "settle_clocks": 9, "region_enable": 1, **registers})
    await card.write("region_index", 0)
    for word in range(256):
        bits = sum(forbidden.get((word % 4 * 16 + k, word // 4), 0) << 2 * k for k in range(16))
        await card.write("region_data", bits)
    assert await card.read("region_index") == 256
    await card.write_positions(positions)
    await card.engage()
    return card


def at(card, n):
    return card.log[n].x >> 10, card.log[n].y >> 10


@cocotb.test()
async def test_no_clock_has_beam_where_it_may_never_be(dut):
    """Rasters of half a cell a pixel, down to a pixel every clock, and a list."""
    rng = seeded(dut)
    forbidden = {(c, r): rng.choice([0, 0, DECIDE, BEAM]) for c in range(64) for r in range(64)}
    shapes = [(5, 3, {}), (1, 1, {}), (1, 2, {"pixel_settle_clocks": 4}), (5, 1, {})]
    for period, dwell, more in shapes:
        card = await prepared(dut, forbidden, period, decision=0, columns=16, rows=5, dwell_samples=dwell, x_step=512 << 16,
                              y_step=900 << 16, x_start=3000 << 16, y_start=700 << 16, line_settle_clocks=3, **more)
        await card.run()
        on = [n for n, pins in enumerate(card.log) if pins.permit]
        assert all(forbidden[at(card, n)] != BEAM for n in on)
        assert len(card.kinds(PIXEL)) == 80, "the scan itself goes on"
        pixels = [(n, at(card, n)) for n, pins in enumerate(card.log) if pins.advance]
        lit = {card.log[n].x * 65536 + card.log[n].y for n in on}
        dark = [place for n, place in pixels if card.log[n].x * 65536 + card.log[n].y not in lit]
        assert dark and all(forbidden[place] == BEAM for place in dark), "and nothing else is dark"
    places = [(rng.getrandbits(16), rng.getrandbits(16)) for _ in range(60)]
    card = await prepared(dut, forbidden, positions=places, scan_mode=1)
    await card.run()
    assert all(forbidden[at(card, n)] != BEAM for n, pins in enumerate(card.log) if pins.permit)
    dwells = card.kinds(DECISION)
    assert len(dwells) == 60
    for event in dwells:
        bits = forbidden[places[event.site][0] >> 10, places[event.site][1] >> 10]
        assert bits == 0 or (event.cause, event.class_number, event.samples) == (MAXIMUM, 255, 40), "nothing is decided"
    assert any(event.cause == SURE for event in dwells)


@cocotb.test()
async def test_the_status_tells_what_is_forbidden_where_the_last_dwell_began(dut):
    for bits, (decision, beam) in ((0, (0, 0)), (DECIDE, (1, 0)), (BEAM, (1, 1))):
        card = await prepared(dut, {(2, 3): bits}, positions=[(2 * 1024 + 5, 3 * 1024 + 7)], scan_mode=1)
        await card.run()
        assert await card.field("region_status", "no_decision") == decision
        assert await card.field("region_status", "no_beam") == beam
        assert bool(card.rises()) == (not beam)


@cocotb.test()
async def test_positions_have_their_own_dwell(dut):
    own = [0, 3, 17, 0, 1, 25]
    for decision in (0, 1):
        card = await prepared(dut, {}, positions=[(k, k) for k in range(6)], scan_mode=1, decision=decision,
                              threshold_rules=0, dwell_samples=7, max_samples=9, dwell_map=1)
        await card.write("dwell_index", 0)
        for value in own:
            await card.write("dwell_data", value)
        assert await card.read("dwell_index") == 6
        await card.run()
        records = card.kinds(DECISION if decision else PIXEL)
        assert [event.samples for event in records] == [value or (9 if decision else 7) for value in own]
        card.events.clear()
        await card.write("dwell_map", 0)
        await card.run()
        assert {event.samples for event in card.kinds(DECISION if decision else PIXEL)} == {9 if decision else 7}
