import cocotb
from bench import edge, seeded, start
from simulator import Bench

BENCHES = [Bench("latency", ["rtl/card/latency.sv"])]


@cocotb.test()
async def test_statistics_equal_those_of_the_measurements(dut):
    rng = seeded(dut)
    await start(dut)
    for _ in range(2):
        measured = []
        for _ in range(300):
            clocks = rng.choice([rng.randrange(40), rng.randrange(65536), 65535, 30, 31, 32])
            measure = rng.getrandbits(1)
            dut.measure_i.value, dut.clocks_i.value = measure, clocks
            await edge(dut)
            measured += [clocks] if measure else []
        dut.measure_i.value = 0
        await edge(dut)
        assert int(dut.last_o.value) == measured[-1]
        assert (int(dut.min_o.value), int(dut.max_o.value)) == (min(measured), max(measured))
        assert (int(dut.count_o.value), int(dut.sum_o.value)) == (len(measured), sum(measured))
        histogram = int(dut.histogram_o.value)
        bins = [histogram >> 32 * k & 0xFFFFFFFF for k in range(32)]
        assert bins == [sum(min(m, 31) == k for m in measured) for k in range(32)]
        dut.clear_i.value = 1
        await edge(dut)
        dut.clear_i.value = 0
        await edge(dut)
        assert (int(dut.min_o.value), int(dut.count_o.value), int(dut.histogram_o.value)) == (65535, 0, 0)
