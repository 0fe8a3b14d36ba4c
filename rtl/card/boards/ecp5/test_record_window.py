"""Covers: records in order and none lost with idle bus and slow taker; tails thrown away; one answer a burst, after its
last beat; nothing taken while a record waits."""
import cocotb
from bench import edge, seeded, start
from simulator import Bench

BENCHES = [Bench("record_window", ["rtl/card/boards/ecp5/record_window.sv"])]
ALL = (1 << 64) - 1


@cocotb.test()
async def test_records_come_out_in_order_and_tails_do_not(dut):
    rng = seeded(dut)
    await start(dut)
    bursts = []
    for _ in range(60):
        if rng.random() < 0.3:
            bursts.append([(rng.getrandbits(512), 0xF << 4 * rng.randrange(16))])
        else:
            bursts.append([(rng.getrandbits(512), ALL) for _ in range(rng.randrange(1, 6))])
    expected = [data for burst in bursts for data, strobes in burst if strobes == ALL]
    addresses, beats = len(bursts), [(d, s, k == len(b) - 1) for b in bursts for k, (d, s) in enumerate(b)]
    taken, answers, lasts = [], 0, 0
    for _ in range(5000):
        dut.awvalid_i.value = int(addresses > 0 and rng.random() < 0.6)
        dut.wvalid_i.value = int(bool(beats) and rng.random() < 0.7)
        data, strobes, last = beats[0] if beats else (0, 0, False)
        dut.wdata_i.value, dut.wstrb_i.value, dut.wlast_i.value = data, strobes, int(last)
        dut.bready_i.value = int(rng.random() < 0.5)
        dut.event_ready_i.value = int(rng.random() < 0.4)
        await edge(dut)
        if int(dut.awvalid_i.value) and int(dut.awready_o.value):
            addresses -= 1
        if int(dut.wvalid_i.value) and int(dut.wready_o.value):
            assert not int(dut.event_valid_o.value)
            lasts += beats.pop(0)[2]
        if int(dut.bvalid_o.value) and int(dut.bready_i.value):
            answers += 1
            assert answers <= lasts
        if int(dut.event_valid_o.value) and int(dut.event_ready_i.value):
            taken.append(int(dut.event_data_o.value))
    assert taken == expected
    assert answers == len(bursts) and not beats and addresses == 0
