import cocotb
from bench import edge, pattern, seeded, settle, start
from simulator import Bench

BENCHES = [Bench("spy_buffer", ["rtl/trigger/spy_buffer/spy_buffer.sv"], {"Depth": depth}) for depth in (4, 32)]


class Unit:
    """Feeds samples and keeps what a capture must hold."""

    def __init__(self, dut, strobes):
        self.dut, self.strobes, self.clock, self.samples, self.words = dut, strobes, 0, [], []
        self.rng = seeded(dut)

    async def step(self, count=1, **inputs):
        dut = self.dut
        for _ in range(count):
            strobe = int(self.strobes(self.clock))
            sample = self.rng.getrandbits(1) << 31 | self.rng.getrandbits(16)
            dut.adc_valid_i.value, dut.adc_data_i.value, dut.permit_i.value = strobe, sample & 0xFFFF, sample >> 31
            dut.time_i.value = self.clock
            for name, value in inputs.items():
                getattr(dut, name + "_i").value = value
            await settle()
            taken = int(dut.taken_o.value)
            if int(dut.word_valid_o.value):
                self.words.append((int(dut.word_o.value), int(dut.word_first_o.value), int(dut.word_last_o.value)))
            else:
                assert not int(dut.word_first_o.value) and not int(dut.word_last_o.value)
            await edge(dut)
            if strobe:
                self.samples.append(sample)
            self.clock += 1
            for name in inputs:
                getattr(dut, name + "_i").value = 0
            await settle()
        return taken

    async def capture(self, pre, post, recorded, number=7):
        """Triggers now. What must be held: `recorded` samples have come since recording began."""
        before = len(self.samples)
        assert await self.step(trigger=1, number=number) == 1
        depth = int(self.dut.Depth.value)
        post = min(max(post, 1), depth - 1)
        kept = min(pre, depth - 1 - post, recorded, depth - 1)
        for _ in range(40 * depth):
            if len(self.samples) >= before + post:
                break
            await self.step()
        return kept, self.samples[before - kept:before + post]

    async def window(self):
        held = []
        for index in range(int(self.dut.count_o.value)):
            self.dut.index_i.value = index
            await self.step()
            held.append(int(self.dut.sample_o.value))
        return held


async def unit(dut, strobes="1", **settings):
    await start(dut, **{"enable_i": 1, **{name + "_i": value for name, value in settings.items()}})
    return Unit(dut, pattern(strobes))


@cocotb.test()
async def test_a_capture_holds_the_samples_before_and_after_its_trigger(dut):
    depth = int(dut.Depth.value)
    for strobes in ("1", "10000", "110"):
        for pre, post in ((0, 1), (1, 1), (2, 0), (depth - 2, 1), (depth, depth), (depth // 2, depth // 2 - 1), (0, depth - 1)):
            one = await unit(dut, strobes, pre=pre, post=post)
            for recorded in (depth * 3, 1, 0):
                while recorded and len(one.samples) < recorded:
                    await one.step()
                if recorded == 0:
                    one = await unit(dut, strobes, pre=pre, post=post)
                kept, expected = await one.capture(pre, post, len(one.samples))
                await one.step()
                assert int(dut.held_o.value) == 1 and int(dut.capturing_o.value) == 0
                assert (int(dut.before_o.value), int(dut.count_o.value)) == (kept, len(expected))
                assert await one.window() == expected, (strobes, pre, post, recorded)
                one = await unit(dut, strobes, pre=pre, post=post)


@cocotb.test()
async def test_after_a_release_it_records_anew_and_nothing_old_is_kept(dut):
    one = await unit(dut, "10", pre=2, post=1)
    await one.step(40)
    for _ in range(3):
        await one.capture(2, 1, 99)
        await one.step(3)
        await one.step(release=1)
        began = len(one.samples)
        await one.step(1)
        kept, expected = await one.capture(2, 1, len(one.samples) - began)
        await one.step()
        assert kept < 2 and await one.window() == expected
        await one.step(release=1)
        await one.step(20)


@cocotb.test()
async def test_triggers_during_and_after_a_capture_are_missed_and_counted(dut):
    one = await unit(dut, "100", pre=1, post=2)
    assert await one.step(trigger=1, number=5) == 1
    for _ in range(4):
        assert await one.step(trigger=1, number=6) == 0
    await one.step(20)
    assert await one.step(trigger=1) == 0
    assert int(dut.number_o.value) == 5
    assert (int(dut.captured_o.value), int(dut.missed_o.value)) == (1, 5)
    await one.step(clear_counters=1)
    assert (int(dut.captured_o.value), int(dut.missed_o.value)) == (0, 0)
    dut.enable_i.value = 0
    await one.step(3)
    assert await one.step(trigger=1) == 0
    assert int(dut.held_o.value) == 0 and int(dut.missed_o.value) == 0, "off: nothing is missed"


@cocotb.test()
async def test_a_streamed_capture_is_the_block_that_its_page_draws_and_recording_goes_on(dut):
    depth = int(dut.Depth.value)
    for strobes in ("1", "1000"):
        for pre in range(0, min(depth - 1, 6)):
            for post in (1, 2, depth - 1 - pre):
                one = await unit(dut, strobes, pre=pre, post=post, stream=1)
                await one.step(depth * 5)
                for number in (9, 0xFFFFFFFF):
                    one.words.clear()
                    recorded, at = len(one.samples), one.clock
                    kept, expected = await one.capture(pre, post, recorded if number == 9 else depth, number)
                    await one.step(depth + 10)
                    words, firsts, lasts = zip(*one.words)
                    assert words[:2] == (number << 32 | 3, at)
                    pairs = [expected[k] | (expected[k + 1] if k + 1 < len(expected) else 0) << 32
                             for k in range(0, len(expected), 2)]
                    assert list(words[2:]) == pairs, (strobes, pre, post)
                    assert firsts == (1,) + (0,) * (len(words) - 1) and lasts == (0,) * (len(words) - 1) + (1,)
                    assert int(dut.held_o.value) == 0
                    await one.step(depth * 5)
