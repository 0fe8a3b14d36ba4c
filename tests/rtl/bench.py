"""What cocotb tests share: clock and reset, random numbers with a seed, streams with pauses.

Convention: a test acts right after a rising edge. What it reads at `await edge(dut)` are the values
that this edge sampled; what it writes then is sampled by the next edge.
"""
import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge, Timer

PERIOD_NS = 4
SEED = int(os.environ.get("EDGE_SEED", "1"))


def seeded(dut, name=""):
    """Random numbers of a test. EDGE_SEED chooses others; the log names the seed."""
    cocotb.log.info("EDGE_SEED=%d %s", SEED, name)
    return random.Random(f"{SEED} {name}")


_clock = None


async def start(dut, **inputs):
    """Drives every input, starts the clock and releases reset; again in a test: a power cycle.
    Inputs not named are 0."""
    global _clock
    for handle in dut:
        if handle._name.endswith("_i") and handle._name != "clk_i":
            handle.value = inputs.get(handle._name, 0)
    dut.rst_ni.value = 0
    if _clock is None or _clock.done():  # a test's end stops its clock
        _clock = cocotb.start_soon(Clock(dut.clk_i, PERIOD_NS, unit="ns").start())
    for _ in range(2):
        await RisingEdge(dut.clk_i)
    dut.rst_ni.value = 1
    await RisingEdge(dut.clk_i)


def stop_clock():
    """Its level stays as it is; `start` starts it again."""
    _clock.cancel()


async def edge(dut, count=1):
    for _ in range(count):
        await RisingEdge(dut.clk_i)


async def settle():
    """Lets combinational logic follow what was just written."""
    await Timer(1, "ns")


def signed(value, width):
    value &= (1 << width) - 1
    return value - (1 << width) if value >> (width - 1) else value


def saturated(value, width=16):
    return max(-(1 << (width - 1)), min((1 << (width - 1)) - 1, value))


def pattern(text):
    """1 1 1 0, again and again."""
    def choose(clock):
        return int(text[clock % len(text)])
    return choose


def at_random(rng, share):
    return lambda clock: int(rng.random() < share)


def patterns(rng):
    """Idle and backpressure patterns that every stream test goes through."""
    return {"always": pattern("1"), "1110": pattern("1110"), "10": pattern("10"), "0001": pattern("0001"),
            "random": at_random(rng, 0.5), "rarely": at_random(rng, 0.1)}


async def stream(dut, items, offer, accept, limit=20000):
    """Sends items through in_*/out_* ports; offer and accept say for a clock whether to. Returns what came
    out. An offered item stays until it is taken, and an output must stay until it is taken."""
    received, sent, held, holding = [], 0, None, False
    for clock in range(limit):
        if not holding:
            holding = sent < len(items) and bool(offer(clock))
        dut.in_valid_i.value = int(holding)
        dut.in_data_i.value = items[sent] if holding else random.getrandbits(1)
        ready = accept(clock)
        dut.out_ready_i.value = ready
        await RisingEdge(dut.clk_i)
        if holding and int(dut.in_ready_o.value):
            sent, holding = sent + 1, False
        if int(dut.out_valid_o.value):
            data = int(dut.out_data_o.value)
            assert held is None or data == held, "an output changed before it was taken"
            held = None if ready else data
            if ready:
                received.append(data)
        else:
            assert held is None, "an output went away before it was taken"
        if len(received) == len(items):
            break
    dut.in_valid_i.value = 0
    return received
