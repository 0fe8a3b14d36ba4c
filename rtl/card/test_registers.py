import cocotb
from bench import edge, seeded, settle, start
from card_driver import MAP, words
from simulator import Bench

BENCHES = [Bench("registers", ["rtl/card/registers.sv"])]


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


def mask_of(register, suffix=""):
    if register.width == 64:
        return 0xFFFFFFFF
    return sum(one.mask for one in register.fields)


def stored():
    return [(r, suffix, address) for r in MAP.registers if r.access == "read_write" for suffix, address in words(r)]


@cocotb.test()
async def test_every_setting_has_its_reset_value(dut):
    await start(dut)
    for register, suffix, address in stored():
        shift = 32 if suffix == "_high" else 0
        assert await read(dut, address) == register.reset >> shift & 0xFFFFFFFF, register.name
    for register in (r for r in MAP.registers if r.access == "constant"):
        assert await read(dut, register.address) == register.value


@cocotb.test()
async def test_every_setting_keeps_its_own_bits_and_reaches_its_port(dut):
    rng = seeded(dut)
    await start(dut)
    values = {}
    for register, suffix, address in stored():
        value = rng.getrandbits(32)
        await write(dut, address, value)
        values[address] = value & mask_of(register, suffix)
    for register, suffix, address in stored():
        assert await read(dut, address) == values[address], register.name + suffix
    for register in (r for r in MAP.registers if r.access == "read_write"):
        for one in register.fields:
            port = int(getattr(dut, register.port(one) + "_o").value)
            if register.width == 64:
                wanted = values[register.address] | values[register.address + 4] << 32
            else:
                wanted = sum((values[register.address + 4 * i] & one.mask) >> one.low << one.width * i
                             for i in range(register.count))
            assert port == wanted, register.name


@cocotb.test()
async def test_every_status_shows_its_port(dut):
    rng = seeded(dut)
    await start(dut)
    for register in (r for r in MAP.registers if r.access in ("read", "window") and r.width == 32):
        expected = [0] * register.count
        if register.whole:
            expected[0] = rng.getrandbits(register.used_bits)
            getattr(dut, register.name + "_i").value = expected[0]
        else:
            for one in register.fields:
                value = rng.getrandbits(one.width * register.count)
                getattr(dut, register.port(one) + "_i").value = value
                for i in range(register.count):
                    expected[i] |= (value >> one.width * i & (1 << one.width) - 1) << one.low
        for i in range(register.count):
            assert await read(dut, register.address + 4 * i) == expected[i], register.name


@cocotb.test()
async def test_reading_the_low_word_latches_the_high_one(dut):
    await start(dut)
    for register in (r for r in MAP.registers if r.access == "read" and r.width == 64):
        port = getattr(dut, register.name + "_i")
        port.value = 0x11111111_FFFFFFFF
        assert await read(dut, register.address) == 0xFFFFFFFF
        port.value = 0x11111112_00000000
        assert await read(dut, register.address + 4) == 0x11111111, register.name


@cocotb.test()
async def test_commands_and_writes_pulse_with_their_bus_write_and_read_zero(dut):
    rng = seeded(dut)
    await start(dut)
    pulses = {r.port(one): (r.address, one.mask) for r in MAP.registers if r.access == "command" for one in r.fields}
    pulses |= {r.name + "_write": (r.address, 0xFFFFFFFF) for r in MAP.registers if r.access in ("write", "window")}
    for address in sorted({address for address, _ in pulses.values()}):
        for value in [0xFFFFFFFF] + [rng.getrandbits(32) | 1 << bit for bit in range(7)]:
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
    assert await read(dut, MAP["command"].address) == 0


@cocotb.test()
async def test_other_addresses_read_zero_and_take_no_writes(dut):
    rng = seeded(dut)
    await start(dut)
    known = {address for r in MAP.registers for _, address in words(r)}
    unknown = [a for a in range(0, 0x400) if a not in known] + [0x400, 0x8000, 0xFFFC]
    for address in rng.sample(unknown, 150) + [a + 1 for a in sorted(known)][:20]:
        await write(dut, address, 0xFFFFFFFF)
        assert await read(dut, address) == 0, hex(address)
    for register, suffix, address in stored():
        shift = 32 if suffix == "_high" else 0
        assert await read(dut, address) == register.reset >> shift & 0xFFFFFFFF, "nothing has changed"
