import cocotb
from bench import edge, pattern, seeded, signed, start
from ingress_model import IngressSettings, vectors
from simulator import Bench

BENCHES = [Bench("adc_ingress", ["rtl/ingress/adc/adc_ingress.sv", "rtl/ingress/adc/marker_delay.sv",
                                 "rtl/ingress/adc/dwell_sums.sv", "rtl/common/saturate/saturate.sv"])]


class Recorder:
    """Drives the ingress clock by clock, and keeps what went in and what came out with its edge."""

    def __init__(self, dut, settings):
        self.dut, self.settings, self.clock = dut, settings, 0
        self.strobes, self.markers, self.seen = [], [], []
        settings.drive(dut)

    async def step(self, adc=None, marker=None, clear=0):
        dut = self.dut
        dut.time_i.value = self.clock
        dut.adc_valid_i.value = int(adc is not None)
        dut.adc_data_i.value = adc if adc is not None else 0xDEAD
        dut.start_i.value = int(marker is not None)
        dut.start_site_i.value = marker if marker is not None else 0xBAD
        dut.clear_i.value = clear
        await edge(dut)
        if adc is not None:
            self.strobes.append((self.clock, adc))
        if marker is not None:
            self.markers.append((self.clock, marker))
        if int(dut.vector_valid_o.value):
            data = int(dut.vector_data_o.value)
            features = tuple(signed(data >> 16 * i, 16) for i in range(6))
            self.seen.append((self.clock, int(dut.vector_site_o.value), int(dut.vector_samples_o.value),
                              dut.vector_sum_o.value.to_signed(), int(dut.vector_events_o.value),
                              int(dut.vector_clipped_o.value), features, int(dut.vector_time_o.value),
                              bool(int(dut.pixel_valid_o.value))))
        else:
            assert not int(dut.pixel_valid_o.value)
        self.clock += 1

    async def finish(self):
        for _ in range(4):
            await self.step()

    def check(self):
        """Against the model, with exact edges: a vector shows after the second edge from its sample's."""
        expected = [(self.strobes[v.strobe][0] + 3, v.site, v.samples, v.sum, v.events, v.clipped, v.features,
                     self.strobes[v.strobe][0], v.last)
                    for v in vectors(self.strobes, self.markers, self.settings)]
        for got, wanted in zip(self.seen, expected):
            assert got == wanted, f"got {got}, expected {wanted}"
        assert len(self.seen) == len(expected)
        return expected


@cocotb.test()
async def test_sample_one_is_the_first_strobe_after_the_delayed_marker(dut):
    rng = seeded(dut)
    await start(dut)
    for align in range(64):
        recorder = Recorder(dut, IngressSettings(align_samples=align))
        await recorder.step(clear=1)
        at = rng.randrange(4, 9)  # with a strobe or between two
        for clock in range(2 * (align + 12)):
            strobe = clock % 2 == 0
            await recorder.step(adc=1000 + clock if strobe else None, marker=7 if clock == at else None)
        await recorder.finish()
        expected = recorder.check()
        first = at // 2 + 1 + align
        assert expected[0][7] == recorder.strobes[first][0], "the definition, counted by hand"


@cocotb.test()
async def test_nothing_comes_before_the_first_marker(dut):
    await start(dut)
    recorder = Recorder(dut, IngressSettings())
    for _ in range(50):
        await recorder.step(adc=5000)
    assert recorder.seen == []
    assert int(dut.busy_o.value) == 0


@cocotb.test()
async def test_features_sums_and_flags_equal_the_model_for_random_dwells(dut):
    rng = seeded(dut)
    await start(dut)
    for trial in range(14):
        settings = IngressSettings(
            align_samples=rng.choice([0, 1, 2, 8, 63]), offset=rng.choice([0, 400, 60000]),
            gain=rng.choice([0, 1, 3495, 16384, 65535]), full_scale=rng.choice([65535, 3000]),
            elapsed_step=rng.choice([0, 1, 255, 256, 300, 4095]), event_threshold=rng.choice([-100, 0, 32, 3000]),
            clip=rng.choice([-5, 100, 32767]), fixed_dwell=rng.getrandbits(1), dwell_samples=rng.randrange(1, 30))
        recorder = Recorder(dut, settings)
        await recorder.step(clear=1)
        spacing = rng.choice([pattern("1"), pattern("10000"), pattern("1110"), lambda _: rng.random() < 0.3])
        high = rng.choice([1, 2000, 65535])
        site = 0
        for clock in range(300):
            marker = None
            if rng.random() < 0.05:
                marker, site = site, site + 1
            adc = rng.choice([rng.randrange(high + 1), rng.randrange(high + 1), 0, 65535]) if spacing(clock) else None
            await recorder.step(adc=adc, marker=marker)
        await recorder.finish()
        recorder.check()


@cocotb.test()
async def test_a_marker_takes_over_from_a_dwell_that_still_collects(dut):
    await start(dut)
    for align in (0, 3):
        recorder = Recorder(dut, IngressSettings(align_samples=align))
        await recorder.step(clear=1)
        for clock in range(60):
            marker = {10: 1, 31: 2, 33: 3, 34: 4}.get(clock)
            await recorder.step(adc=100 + clock if clock % 5 == 0 else None, marker=marker)
        await recorder.finish()
        sites = [seen[1] for seen in recorder.seen]
        assert 1 in sites and 4 in sites and 2 not in sites and 3 not in sites, "the newest before a strobe counts"
        assert recorder.seen[sites.index(4)][2] == 1, "it starts anew"
        recorder.check()


@cocotb.test()
async def test_a_fixed_dwell_ends_by_itself_and_pixels_follow_without_a_gap(dut):
    rng = seeded(dut)
    await start(dut)
    for align, spacing in ((0, 5), (8, 5), (63, 1), (5, 1)):
        settings = IngressSettings(align_samples=align, fixed_dwell=1, dwell_samples=4)
        recorder = Recorder(dut, settings)
        await recorder.step(clear=1)
        strobe = 0
        for clock in range(spacing * (4 * 20 + align + 10)):
            adc = marker = None
            if clock % spacing == 0:
                adc = rng.randrange(65536)
                if strobe % 4 == 0 and strobe < 80:
                    marker = strobe // 4  # with the strobe, as the scan does
                strobe += 1
            await recorder.step(adc=adc, marker=marker)
        await recorder.finish()
        recorder.check()
        pixels = [seen for seen in recorder.seen if seen[8]]
        assert [pixel[1] for pixel in pixels] == list(range(20))
        assert len(recorder.seen) == 80
        assert int(dut.busy_o.value) == 0


@cocotb.test()
async def test_clear_drops_markers_samples_under_way_and_the_dwell(dut):
    await start(dut)
    for align in (0, 2):
        recorder = Recorder(dut, IngressSettings(align_samples=align))
        await recorder.step(marker=1)
        for _ in range(4):
            await recorder.step(adc=10)
        await recorder.step(adc=11, marker=2)
        await recorder.step(adc=12, clear=1)
        assert int(dut.busy_o.value) == 1
        seen = len(recorder.seen)
        for _ in range(align + 6):
            await recorder.step(adc=13)
        assert len(recorder.seen) <= seen + 1, "only what was already in its register when clear came"
        assert int(dut.busy_o.value) == 0


@cocotb.test()
async def test_counts_stand_still_after_65535_samples(dut):
    await start(dut)
    recorder = Recorder(dut, IngressSettings(elapsed_step=4095, gain=65535))
    dut.adc_valid_i.value = 1
    await recorder.step(adc=65535, marker=9)
    await recorder.step(adc=65535)
    dut.adc_data_i.value, dut.start_i.value, dut.adc_valid_i.value = 65535, 0, 1
    await edge(dut, 65540)
    assert int(dut.vector_samples_o.value) == 65535
    assert dut.vector_sum_o.value.to_signed() == 65535 * 32767, "nothing has wrapped"
    data = int(dut.vector_data_o.value)
    assert [signed(data >> 16 * i, 16) for i in range(6)] == [32767, 16, 32767, 32767, 8191, 8191]
    assert int(dut.vector_clipped_o.value) == 1
