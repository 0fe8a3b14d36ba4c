"""Clocks that have nothing to do with each other: each drifts, jitters, and can be stopped."""
import cocotb
from cocotb.triggers import RisingEdge, Timer


class FreeClock:
    """A clock on one signal. period_ps drifts by up to `drift` (relative) as a random walk; each half
    period jitters by up to `jitter` of it. stop() leaves it at its level; go() lets it run on."""

    def __init__(self, signal, period_ps, rng, drift=0.02, jitter=0.1):
        self.signal, self.period_ps, self.rng = signal, period_ps, rng
        self.drift, self.jitter = drift, jitter
        self.task, self.walk = None, 0.0
        signal.value = 0

    def go(self):
        if self.task is None or self.task.done():
            self.task = cocotb.start_soon(self._run())
        return self

    def stop(self):
        if self.task:
            self.task.cancel()

    def half_ps(self):
        self.walk = max(-self.drift, min(self.drift, self.walk + self.rng.uniform(-0.1, 0.1) * self.drift))
        return max(1, round(self.period_ps / 2 * (1 + self.walk) * (1 + self.rng.uniform(-1, 1) * self.jitter)))

    async def _run(self):
        await Timer(self.rng.randrange(1, self.period_ps + 1), "ps")  # any phase
        while True:
            self.signal.value = 1
            await Timer(self.half_ps(), "ps")
            self.signal.value = 0
            await Timer(self.half_ps(), "ps")


async def edges(clock, count):
    for _ in range(count):
        await RisingEdge(clock.signal)


# Periods in ps of the two sides: much slower, a little slower, nearly the same, the same, and the other way.
PERIODS = [(4000, 19100), (4000, 7300), (4000, 4050), (4000, 4000), (7300, 4000), (19100, 4000)]
