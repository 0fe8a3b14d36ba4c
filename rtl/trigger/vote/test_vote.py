import cocotb
from bench import edge, patterns, seeded, settle, start
from simulator import Bench

BENCHES = [Bench("vote", ["rtl/trigger/vote/vote.sv"])]


async def result(dut, sure, class_number):
    dut.valid_i.value, dut.sure_i.value, dut.class_i.value = 1, sure, class_number
    await settle()
    agreed = int(dut.agreed_o.value)
    await edge(dut)
    dut.valid_i.value = 0
    return agreed


async def forget(dut):
    dut.clear_i.value = 1
    await edge(dut)
    dut.clear_i.value = 0


@cocotb.test()
async def test_every_k_of_every_n_equals_the_list_of_results(dut):
    rng = seeded(dut)
    await start(dut)
    for needed in range(10):
        for window in range(1, 9):
            dut.needed_i.value, dut.window_i.value = needed, window
            await forget(dut)
            results = []
            for clock in range(40):
                sure, class_number = int(rng.random() < 0.8), rng.choice([0, 0, 0, 255, 7])
                results.append((sure, class_number))
                agree = results[-window:].count((1, class_number)) >= max(needed, 1) and bool(sure)
                assert await result(dut, sure, class_number) == agree, (needed, window, results)
                while rng.random() < 0.3:  # between results nothing changes, whatever the inputs say
                    dut.sure_i.value, dut.class_i.value = rng.getrandbits(1), rng.getrandbits(8)
                    await edge(dut)


@cocotb.test()
async def test_votes_of_one_dwell_do_not_count_in_the_next(dut):
    await start(dut)
    dut.needed_i.value, dut.window_i.value = 3, 8
    for _ in range(3):
        assert [await result(dut, 1, 4) for _ in range(4)] == [0, 0, 1, 1]
        await forget(dut)


@cocotb.test()
async def test_with_one_of_one_every_sure_result_passes(dut):
    rng = seeded(dut)
    await start(dut)
    dut.needed_i.value, dut.window_i.value = 1, 1
    for gap in patterns(rng).values():
        for clock in range(20):
            sure = rng.getrandbits(1)
            assert await result(dut, sure, rng.getrandbits(8)) == sure
            if not gap(clock):
                await edge(dut)
