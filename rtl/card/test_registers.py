"""The generated register block against the map it was made from. Everything follows from registers.yaml: a new
register is tested here without a word."""
import sys

import cocotb
from bench import edge, seeded, settle, start
from card_registers import ADDRESS, MAP_HASH, MASK
from simulator import ROOT, Bench

sys.path.insert(0, str(ROOT / "tools" / "registers"))
from register_map import load, words  # noqa: E402

BENCHES = [Bench("registers", ["rtl/card/registers.sv"])]
MAP = load(ROOT / "rtl" / "card" / "registers.yaml")


async def write(dut, address, value):
    dut.bus_write_i.value, dut.bus_address_i.value, dut.bus_wdata_i.value = 1, address, value
    await edge(dut)
    dut.bus_write_i.value = 0


async def read(dut, address):
    dut.bus_read_i.value, dut.bus_address_i.value = 1, address
    await edge(dut)
    dut.bus_read_i.value = 0
    await edge(dut)
    return int(dut.bus_rdata_o.value)


def of_access(*accesses):
    return [r for r in MAP.registers if r.access in accesses]


def stored():
    return [(r, suffix, address) for r in of_access("read_write") for suffix, address in words(r)]


def at_ports(register, values):
    """{port: value} for the words written to a register, by address."""
    if register.width == 64:
        return {register.name: values[register.address] | values[register.address + 4] << 32}
    return {register.port(one): sum((values[register.address + 4 * i] & one.mask) >> one.low << one.width * i
                                    for i in range(register.count)) for one in register.fields}


def ports(register):
    if register.whole:
        return [(register.name, register.used_bits, 0)]
    return [(register.port(one), one.width * register.count, one.low) for one in register.fields]


def freeze(dut, commit):
    return getattr(dut, f"freeze_{commit}_i")


@cocotb.test()
async def test_every_setting_has_its_reset_value(dut):
    await start(dut)
    for register, suffix, address in stored():
        shift = 32 if suffix == "_high" else 0
        assert await read(dut, address) == register.reset >> shift & 0xFFFFFFFF, register.name
    for register in of_access("write_1_to_clear"):
        assert await read(dut, register.address) == register.reset, register.name
    for register in of_access("constant"):
        assert await read(dut, register.address) == register.value
    for register in of_access("read_write"):
        reset = {address: register.reset >> (32 if suffix == "_high" else 0) & 0xFFFFFFFF
                 for suffix, address in words(register)}
        for name, value in at_ports(register, reset).items():
            assert int(getattr(dut, name + "_o").value) == value, name


@cocotb.test()
async def test_every_setting_keeps_its_own_bits_and_reaches_its_port(dut):
    rng = seeded(dut)
    await start(dut)
    values = {}
    for register, suffix, address in stored():
        value = rng.getrandbits(32)
        await write(dut, address, value)
        values[address] = value & register.mask
    for register, suffix, address in stored():
        assert await read(dut, address) == values[address], register.name + suffix
    for register in of_access("read_write"):
        for name, wanted in at_ports(register, values).items():
            assert int(getattr(dut, name + "_o").value) == wanted, name


@cocotb.test()
async def test_a_setting_acts_at_the_edge_of_its_write(dut):
    rng = seeded(dut)
    await start(dut)
    for register in of_access("read_write"):
        values = {}
        for _, address in words(register):
            value = rng.getrandbits(32)
            await write(dut, address, value)
            values[address] = value & register.mask
        await settle()
        for name, wanted in at_ports(register, values).items():
            assert int(getattr(dut, name + "_o").value) == wanted, name


@cocotb.test()
async def test_64_bits_take_effect_with_their_high_word(dut):
    await start(dut)
    for register in (r for r in of_access("read_write") if r.width == 64):
        port = getattr(dut, register.name + "_o")
        for value in (0x1111111122222222, 0x3333333344444444):
            before = int(port.value)
            await write(dut, register.address, value & 0xFFFFFFFF)
            await settle()
            assert int(port.value) == before, register.name
            assert await read(dut, register.address) == value & 0xFFFFFFFF, "reads what was written"
            await write(dut, register.address + 4, value >> 32)
            await settle()
            assert int(port.value) == value, register.name


@cocotb.test()
async def test_a_frozen_setting_reads_what_was_written_and_takes_it_when_the_freeze_ends(dut):
    rng = seeded(dut)
    for commit in sorted({r.commit for r in MAP.registers if r.commit}):
        await start(dut)
        before, values = {}, {}
        for target in (before, values):
            for register, _, address in stored():
                value = rng.getrandbits(32)
                await write(dut, address, value)
                target[address] = value & register.mask
            freeze(dut, commit).value = 1
            await edge(dut)
        for register, suffix, address in stored():
            assert await read(dut, address) == values[address], register.name + suffix
        for register in of_access("read_write"):
            for name, wanted in at_ports(register, before if register.commit == commit else values).items():
                assert int(getattr(dut, name + "_o").value) == wanted, f"{name} while {commit} is frozen"
        freeze(dut, commit).value = 0
        await edge(dut)
        await settle()
        for register in of_access("read_write"):
            for name, wanted in at_ports(register, values).items():
                assert int(getattr(dut, name + "_o").value) == wanted, f"{name} after {commit} was frozen"


@cocotb.test()
async def test_every_status_shows_its_port(dut):
    rng = seeded(dut)
    await start(dut)
    for register in (r for r in of_access("read", "window") if r.width == 32):
        expected = [0] * register.count
        for name, width, low in ports(register):
            value = rng.getrandbits(width)
            getattr(dut, name + "_i").value = value
            one = width // register.count
            for i in range(register.count):
                expected[i] |= (value >> one * i & (1 << one) - 1) << low
        for i in range(register.count):
            assert await read(dut, register.address + 4 * i) == expected[i], register.name


@cocotb.test()
async def test_reading_the_low_word_latches_the_high_one(dut):
    await start(dut)
    for register in (r for r in of_access("read") if r.width == 64):
        port = getattr(dut, register.name + "_i")
        port.value = 0x11111111_FFFFFFFF
        assert await read(dut, register.address) == 0xFFFFFFFF
        port.value = 0x11111112_00000000
        assert await read(dut, register.address + 4) == 0x11111111, register.name


@cocotb.test()
async def test_bits_that_the_hardware_sets_stay_until_1_is_written_and_the_hardware_wins(dut):
    rng = seeded(dut)
    await start(dut)
    for register in of_access("write_1_to_clear"):
        held = register.reset
        for _ in range(200):
            drawn = {name: rng.getrandbits(width) & rng.getrandbits(width) for name, width, _ in ports(register)}
            for name, value in drawn.items():
                getattr(dut, name + "_set_i").value = value
            cleared = rng.getrandbits(32) if rng.random() < 0.5 else 0
            dut.bus_write_i.value, dut.bus_wdata_i.value = int(cleared != 0), cleared
            dut.bus_address_i.value = register.address
            await edge(dut)
            dut.bus_write_i.value = 0
            comes = sum(drawn[name] << low for name, _, low in ports(register))
            held = held & ~cleared | comes
            for name in drawn:
                getattr(dut, name + "_set_i").value = 0
            assert await read(dut, register.address) == held, register.name
            for name, width, low in ports(register):
                assert int(getattr(dut, name + "_o").value) == held >> low & (1 << width) - 1


@cocotb.test()
async def test_commands_and_writes_pulse_with_their_bus_write_and_read_zero(dut):
    rng = seeded(dut)
    await start(dut)
    pulses = {r.port(one): (r.address, one.mask) for r in of_access("command") for one in r.fields}
    pulses |= {r.name + "_write": (r.address, 0xFFFFFFFF) for r in of_access("write", "window")}
    for address in sorted({address for address, _ in pulses.values()}):
        for value in [0xFFFFFFFF] + [rng.getrandbits(32) | 1 << bit for bit in range(8)]:
            dut.bus_write_i.value, dut.bus_address_i.value, dut.bus_wdata_i.value = 1, address, value
            await settle()
            for name, (own, mask) in pulses.items():
                wanted = own == address and (value & mask != 0)
                assert int(getattr(dut, name + "_o").value) == wanted, f"{name} on a write to {address:#x}"
            assert int(dut.write_data_o.value) == value
            dut.bus_write_i.value = 0
            await settle()
            assert not any(int(getattr(dut, name + "_o").value) for name in pulses)
            await edge(dut)
    for register in of_access("command", "write"):
        assert await read(dut, register.address) == 0


@cocotb.test()
async def test_other_addresses_read_zero_and_take_no_writes(dut):
    rng = seeded(dut)
    await start(dut)
    known = {address for r in MAP.registers for _, address in words(r)}
    unknown = [a for a in range(0, 0x800) if a not in known] + [0x800, 0x8000, 0xFFFC]
    for address in rng.sample(unknown, 150) + [a + 1 for a in sorted(known)][:20]:
        await write(dut, address, 0xFFFFFFFF)
        assert await read(dut, address) == 0, hex(address)
    for register, suffix, address in stored():
        shift = 32 if suffix == "_high" else 0
        assert await read(dut, address) == register.reset >> shift & 0xFFFFFFFF, "nothing has changed"


@cocotb.test()
async def test_the_constants_of_cocotb_are_those_of_the_map(dut):
    await start(dut)
    assert MAP_HASH == MAP.hash
    wanted = {}
    for register in MAP.registers:
        for i, (suffix, address) in enumerate(words(register)):
            wanted[register.name + (suffix if register.count == 1 else str(i))] = address
    assert ADDRESS == wanted
    assert MASK == {f"{r.name}.{f.name}": f.mask for r in MAP.registers for f in r.fields if f.name}
