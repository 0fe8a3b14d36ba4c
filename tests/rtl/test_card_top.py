"""The top of the card with clocks that drift, jitter and stop: power-on, registers through AXI4-Lite, runs
whose records come out gapless, the way of a sample to the pin in time, and what stops the beam."""
import cocotb
from axi_lite_driver import SLAVE_ERROR
from bench import seeded
from board_model import Board
from card_driver import DECISION, END, ENGAGED, FLAG_PIN, TRIP, TRIPPED, VECTOR, bit_of
from card_registers import ADDRESS, MAP_HASH, MASK
from card_top_driver import PERIODS, TopCard
from card_world import judge, set_decision, set_ingress
from clocks import edges
from cocotb.triggers import FallingEdge, RisingEdge, Timer
from cocotb.utils import get_sim_time
from ingress_model import IngressSettings
from simulator import Bench, card_sources

KEEP_ALIVE, SCAN_STOPPED, BUS_TIMEOUT = 16, 200, 500
BENCHES = [Bench("card", card_sources("narrow"),
                 {"PositionDepth": 64, "EventDepth": 32, "KeepAliveClocks": KEEP_ALIVE, "BusTimeoutClocks": BUS_TIMEOUT,
                  "ScanStoppedClocks": SCAN_STOPPED, "BuildId": 0x0B01DE57, "ClockKilohertz": 100000})]
HOLD_PS = 2 * KEEP_ALIVE * PERIODS["core"]  # of the board's circuit: one edge of keep_alive may be late
INGRESS = IngressSettings(align_samples=0, offset=400, gain=3495, full_scale=16383, event_threshold=32, clip=640)
# The cause of a detector that falls silent.
DETECTOR = next(name for name in ("detector", "adc") if f"trip_causes.{name}" in MASK)
# Which clock is fast and which is slow, beside the usual.
OTHERS = [{}, {"core": 4000, "bus": 10000, "scan": 4000}, {"core": 5000, "bus": 5000, "adc": 5000, "scan": 5000},
          {"bus": 1500, "adc": 2100, "scan": 90000}]


async def prepared(dut, periods=None, positions=12, minimum=2, maximum=25, **registers):
    """An engaged card with a list of sites and a detector that sees electrons while the beam is on."""
    rng = seeded(dut, str(periods))
    card = TopCard(dut, rng, periods)
    card.pause = lambda channel: rng.random() < 0.2
    card.signal = lambda: 400 + (300 * rng.choice([0, 0, 1, 1, 2, 3]) if dut.permit_beam_o.value == 1 else 0)
    await card.power_on()
    await set_ingress(card, INGRESS)
    await set_decision(card, 1, [160, 700, 160, 400] + [0] * 12, minimum, maximum)
    await card.configure(scan_mode=1, settle_clocks=40, blank_clocks=3)
    card.list = [(rng.getrandbits(16), rng.getrandbits(16)) for _ in range(positions)]
    await card.write_positions(card.list)
    await card.engage(**registers)
    return card, rng


async def trip_of(card):
    """Waits for the record of a trip; returns its causes, as the register shows them."""
    for _ in range(100):
        if card.kinds(TRIP):
            return await card.read("trip_causes")
        await Timer(1, "us")
    raise AssertionError("it did not trip")


@cocotb.test()
async def test_power_on_permits_no_beam_with_any_clock_missing(dut):
    rng = seeded(dut)
    names = list(PERIODS)
    for running in ([], names[1:], names, *([other for other in names if other != name] for name in names)):
        card = TopCard(dut, rng)
        board = Board(dut, HOLD_PS / 1000)
        dut.rst_ni.value = 0
        await Timer(1, "ns")
        assert dut.permit_beam_o.value == 0 and dut.keep_alive_o.value == 0, "reset needs no clock"
        await card.power_on(running=running, ring=False)
        for _ in range(100):
            await Timer(50, "ns")
            assert dut.permit_beam_o.value == 0 and not board.beam
        if running == names:
            assert await card.field("status", "interlock") == TRIPPED
            assert await card.read("trip_causes") == bit_of("trip_causes", "reset")
        card.halt()
        board.task.cancel()


@cocotb.test()
async def test_it_says_who_it_is_through_the_bus(dut):
    rng = seeded(dut)
    for periods in OTHERS:
        card = TopCard(dut, rng, periods, pause=lambda channel: rng.random() < 0.3)
        await card.power_on()
        assert (await card.read("id")).to_bytes(4, "little") == b"EDGE"
        assert await card.read("map_hash") == MAP_HASH
        assert await card.read("build_id") == 0x0B01DE57
        assert await card.read("clock_kilohertz") == 100000
        written = {}
        for name in (*(f"threshold{k}" for k in range(16)), "x_start", "y_start", "x_step", "y_step", "columns"):
            written[name] = rng.getrandbits(16)
            await card.write(name, written[name])
        for name, value in written.items():
            assert await card.read(name) & 0xFFFF == value, name
        assert (await card.axi.read(0x1000))[1] == SLAVE_ERROR
        assert await card.axi.write(ADDRESS["columns"] + 1, 0) == SLAVE_ERROR
        before = await card.read("columns")
        assert await card.axi.write(ADDRESS["columns"], ~before, strobe=1) == SLAVE_ERROR
        assert await card.read("columns") == before
        card.halt()


@cocotb.test()
async def test_a_run_brings_every_record_once_whatever_the_clocks_do(dut):
    for periods in OTHERS:
        card, rng = await prepared(dut, periods)
        for share in (1.0, 0.02):  # a host in time, and one that is late: records wait on the card
            card.take = lambda: rng.random() < share
            first = await card.read("events_numbered")
            await card.run()
            assert [event.number for event in card.events] == list(range(first, first + len(card.events)))
            assert [event.site for event in card.kinds(DECISION)] == list(range(len(card.list)))
            assert [event.kind for event in card.events] == [DECISION] * len(card.list) + [END]
            assert await card.read("events_dropped") == 0
            await Timer(1, "us")
            assert await card.read("events_waiting") == 0
        assert card.positions == card.list[:] * 2 or set(card.positions) <= set(card.list), "X and Y of one position"
        assert len(card.positions) >= 2 * len(card.list) - 2
        card.halt()


@cocotb.test()
async def test_the_way_from_adc_to_pin_is_the_cores_and_two_to_three_clocks(dut):
    for periods in OTHERS[:3]:
        card, _ = await prepared(dut, periods, positions=20)
        taken, falls = {}, {}  # edge of the core: when its sample left the ADC; when the pin moved

        now = 0

        async def watch_core():
            nonlocal seen, now
            while True:
                await RisingEdge(dut.core_clk_i)
                now = int(dut.u_core.cycle_q.value)
                if int(dut.u_core.adc_valid_i.value):
                    taken[now] = card.sample_times[seen]
                    seen += 1

        async def watch_pin():
            while True:
                await FallingEdge(dut.permit_beam_o)
                falls[now] = get_sim_time("ps")

        # Between two samples nothing is on its way.
        while int(dut.u_inputs.u_samples.read_gray_q.value) != int(dut.u_inputs.u_samples.write_gray_q.value):
            await RisingEdge(dut.core_clk_i)
        seen = len(card.sample_times)
        tasks = [cocotb.start_soon(watch_core()), cocotb.start_soon(watch_pin())]
        await card.run()
        moved = [event for event in card.kinds(DECISION) if event.flags & FLAG_PIN]
        assert len(moved) > 10
        clocks = card.shape.latency + 5
        period = {**PERIODS, **periods}["core"]
        for event in moved:
            assert event.latency == clocks
            passed = falls[event.time] - taken[event.time - event.latency]
            assert (clocks + 2) * period * 0.95 < passed < (clocks + 3) * period * 1.05, passed / period
        for task in tasks:
            task.cancel()
        card.halt()


@cocotb.test()
async def test_the_beam_goes_off_when_the_cores_clock_stops(dut):
    card, _ = await prepared(dut, minimum=60000, maximum=60000)
    board = Board(dut, HOLD_PS / 1000)
    for _ in range(3):
        await card.step(KEEP_ALIVE)
    await card.command("start")
    await card.until_beam(1)
    await Timer(2 * HOLD_PS, "ps")
    assert board.beam, "a card that runs keeps the beam"
    card.clocks["core"].stop()
    await Timer(HOLD_PS + 1000, "ps")
    assert not board.beam
    assert dut.permit_beam_o.value == 1, "this rule holds by the board alone"
    assert (await card.axi.read(ADDRESS["status"]))[1] == SLAVE_ERROR, "the host is told, and its bus does not hang"
    assert await card.axi.write(ADDRESS["columns"], 1) == SLAVE_ERROR
    dut.rst_ni.value = 0
    await Timer(1, "ns")
    assert dut.permit_beam_o.value == 0, "reset needs no clock"
    card.halt()


@cocotb.test()
async def test_reset_blanks_at_once_and_every_domain_begins_anew(dut):
    for _ in range(5):
        card, rng = await prepared(dut)
        await card.command("start")
        await card.until_beam(1)
        await Timer(rng.randrange(1, 300000), "ps")
        dut.rst_ni.value = 0
        await Timer(1, "ps")
        assert dut.permit_beam_o.value == 0
        await Timer(rng.randrange(100, 100000), "ps")
        dut.rst_ni.value = 1
        await Timer(1, "us")
        card.halt()
        card, _ = await prepared(dut)
        assert await card.field("status", "interlock") == ENGAGED
        await card.run()
        assert [event.number for event in card.events] == list(range(len(card.list) + 1))
        card.halt()


@cocotb.test()
async def test_a_clock_that_stops_trips_the_card(dut):
    for name, registers, cause in (("adc", {}, DETECTOR), ("scan", {}, "scan_clock"),
                                   ("bus", {"heartbeat_timeout": 2000}, "heartbeat")):
        card, _ = await prepared(dut, minimum=200, maximum=200, **registers)
        await card.write("heartbeat", 0)
        await card.command("start")
        await card.until_beam(1)
        card.clocks[name].stop()
        await card.until_beam(0)
        if name == "bus":
            await Timer(2, "us")
            card.clocks["bus"].go()
        assert await trip_of(card) & bit_of("trip_causes", cause)
        assert dut.permit_beam_o.value == 0
        card.halt()


@cocotb.test()
async def test_samples_faster_than_the_core_trip_the_card(dut):
    card, _ = await prepared(dut, {"core": 7500}, minimum=60000, maximum=60000)
    await card.command("start")
    await card.until_beam(1)
    card.strobe = 1
    await Timer(20, "us")
    assert dut.permit_beam_o.value == 1, "a sample nearly every clock of the core: none is lost"
    card.clocks["adc"].period_ps = 3000
    await card.until_beam(0)
    assert await trip_of(card) & bit_of("trip_causes", "internal")
    card.halt()


@cocotb.test()
async def test_vectors_of_the_link_come_one_by_one_with_records_in_order(dut):
    for periods in ({}, {"link": 2500}, {"link": 40000}):
        rng = seeded(dut, str(periods))
        card = TopCard(dut, rng, periods)
        card.take = lambda: rng.random() < 0.5
        await card.power_on()
        await card.configure(vector_source=3)
        thresholds = [0] * 16
        vectors = [card.shape.random_inputs(rng) for _ in range(80)]
        await card.send_over_link(vectors)
        await edges(card.clocks["core"], 300)
        records = card.kinds(VECTOR)
        assert [event.number for event in records] == list(range(80))
        for event, vector in zip(records, vectors):
            y = card.shape.compute(vector)
            assert list(event.outputs[:len(y)]) == y
            assert event.latency == card.shape.latency + 2
            assert event.class_number in (judge(y, 0, thresholds)[0], 255)
        card.halt()
