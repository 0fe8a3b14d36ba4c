import cocotb
from bench import edge, seeded, start
from simulator import Bench, stand_in
from stand_in_model import SHAPES

BENCHES = [Bench("network_pins", stand_in(name) + ["rtl/network/pins/network_pins.sv", "rtl/common/fifo/fifo.sv"],
                 {}, name) for name in ("narrow", "wide", "tiny")]


def shape(dut):
    return next(s for s in SHAPES.values() if s.in_bits == len(dut.vector_q))


async def send(dut, vector, bits):
    for k in reversed(range(bits)):
        dut.serial_i.value, dut.start_i.value = vector >> k & 1, int(k == 0)
        await edge(dut)
    dut.start_i.value = 0


async def receive(dut, bits):
    """(clocks waited, result)"""
    waited = 0
    while True:
        await edge(dut)
        waited += 1
        if int(dut.valid_o.value):
            break
        assert waited < 100, "no result"
    result = 0
    for k in range(bits):
        result = result << 1 | int(dut.serial_o.value)
        if k < bits - 1:
            await edge(dut)
            assert not int(dut.valid_o.value), "valid_o lasts one clock"
    return waited, result


@cocotb.test()
async def test_a_vector_goes_in_bit_by_bit_and_its_result_comes_out(dut):
    rng, network = seeded(dut), shape(dut)
    await start(dut)
    for pause in (0, 1, 5, 0, 0):
        x = network.random_inputs(rng)
        await edge(dut, pause)
        await send(dut, network.pack(x), network.in_bits)
        waited, result = await receive(dut, network.outputs * network.output_width)
        assert waited == network.latency + 2
        assert network.unpack(result) == network.compute(x)


@cocotb.test()
async def test_ready_rises_after_reset_and_stays(dut):
    await start(dut)
    await edge(dut, 2)
    for _ in range(3):
        assert int(dut.ready_o.value)
        await send(dut, 1, 1)
        await edge(dut, 3)


@cocotb.test()
async def test_nothing_comes_out_without_a_start(dut):
    rng, network = seeded(dut), shape(dut)
    await start(dut)
    for _ in range(200):
        dut.serial_i.value = rng.getrandbits(1)
        await edge(dut)
        assert not int(dut.valid_o.value)
