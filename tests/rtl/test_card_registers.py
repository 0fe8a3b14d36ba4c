"""Every register of the map through the bus of the whole card: what it reads after reset, what it keeps, what it
refuses. All of it follows from registers.yaml, so that a new register is tested without a word here."""
import sys

import cocotb
from bench import seeded
from card_driver import ADDRESS, Card
from simulator import ROOT, Bench, card_sources

sys.path.insert(0, str(ROOT / "tools" / "registers"))
from register_map import load, words  # noqa: E402

BENCHES = [Bench("card_core", card_sources("narrow"), {"PositionDepth": 64, "EventDepth": 32}, "narrow")]
MAP = load(ROOT / "rtl" / "card" / "registers.yaml")


def addressed():
    """(register, name of the word, value after reset of the word), by address."""
    for register in MAP.registers:
        reset = register.value if register.access == "constant" else register.reset
        for i, (suffix, _) in enumerate(words(register)):
            name = register.name + (suffix if register.count == 1 else str(i))
            yield register, name, (reset >> 32 if suffix == "_high" else reset) & 0xFFFFFFFF


async def read_all(card):
    return {name: await card.read(name) for _, name, _ in addressed()}


async def fresh(dut):
    """A card that nothing has been told: no strobes, no microscope that blanks."""
    card = Card(dut, period=0)
    await card.power_on()
    return card


@cocotb.test()
async def test_every_register_reads_its_reset_value(dut):
    card = await fresh(dut)
    for register, name, reset in addressed():
        value = await card.read(name)
        assert value & ~register.mask == 0, f"{name}: bits without a meaning read {value:#x}"
        if not register.varies:
            assert value == (reset if register.is_readable else 0), name


@cocotb.test()
async def test_every_setting_keeps_what_it_means_and_no_other_changes(dut):
    rng = seeded(dut)
    card = await fresh(dut)
    expected = await read_all(card)
    settings = [(register, name) for register, name, _ in addressed() if register.access == "read_write"]
    for register, name in settings + rng.sample(settings, len(settings)):
        value = rng.choice([0, 0xFFFFFFFF, rng.getrandbits(32)])
        await card.write(name, value)
        expected[name] = value & register.mask
        assert await card.read(name) == expected[name], name
    for register, name in settings:
        assert await card.read(name) == expected[name], f"{name} was changed by the write of another"


@cocotb.test()
async def test_what_only_reads_takes_no_writes(dut):
    card = await fresh(dut)
    before = await read_all(card)
    for register, name, _ in addressed():
        if register.access in ("read", "constant"):
            await card.write(name, 0xFFFFFFFF)
            await card.write(name, 0)
    for register, name, _ in addressed():
        if not name.startswith(("cycle", "blanked_total")):
            assert await card.read(name) == before[name], name


@cocotb.test()
async def test_what_clears_by_1_clears_and_what_does_not_happen_does_not_come_back(dut):
    card = await fresh(dut)
    for register, name, reset in addressed():
        if register.access == "write_1_to_clear":
            await card.write(name, 0)
            assert await card.read(name) == reset, f"{name}: 0 clears nothing"
            await card.write(name, 0xFFFFFFFF)
            assert await card.read(name) == 0, name


@cocotb.test()
async def test_addresses_are_words_of_the_map(dut):
    await fresh(dut)
    assert sorted(ADDRESS[name] for _, name, _ in addressed()) == sorted(ADDRESS.values())
    assert all(address % 4 == 0 for address in ADDRESS.values())
