"""The register map as Python objects: reading and checking registers.yaml."""
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ACCESSES = ("read", "read_write", "write", "window", "command", "constant", "write_1_to_clear")
COMMITS = ("run", "arm")
REGISTER_KEYS = {"name", "address", "access", "description", "unit", "width", "count", "reset",
                 "signed", "values", "bits", "fields", "value", "whole", "commit", "varies"}
FIELD_KEYS = {"name", "bits", "description", "unit", "reset", "signed", "values"}


class MapError(Exception):
    """A mistake in registers.yaml: which register, what was found, what is allowed."""


@dataclass(frozen=True)
class Field:
    name: str            # "" when the register is one field
    high: int
    low: int
    description: str
    unit: str = ""
    reset: int = 0
    signed: bool = False
    values: dict = field(default_factory=dict)

    @property
    def width(self):
        return self.high - self.low + 1

    @property
    def mask(self):
        """Of the field at its place."""
        return ((1 << self.width) - 1) << self.low


@dataclass(frozen=True)
class Register:
    name: str
    address: int
    access: str
    description: str
    unit: str
    width: int           # 32 or 64
    count: int           # 1, or the length of an array
    reset: int
    value: int | None    # of a constant
    fields: tuple
    whole: bool          # the hardware gives the register as one vector, not field by field
    commit: str = ""     # what freezes the value in use: "run", "arm" or nothing
    varies: bool = False  # what it reads after reset depends on the network, the pins or the time

    @property
    def is_readable(self):
        return self.access not in ("write", "command")

    @property
    def mask(self):
        """Bits of a word that mean something; the others read 0."""
        return 0xFFFFFFFF if self.width == 64 else sum(f.mask for f in self.fields)

    @property
    def words(self):
        return self.count * self.width // 32

    @property
    def is_single_field(self):
        return self.fields[0].name == ""

    @property
    def used_bits(self):
        return max(f.high for f in self.fields) + 1

    def port(self, one):
        """Name of the port of a field, without its suffix."""
        return self.name + ("_" + one.name if one.name else "")


@dataclass(frozen=True)
class RegisterMap:
    title: str
    registers: tuple
    hash: int

    def __getitem__(self, name):
        return next(r for r in self.registers if r.name == name)


def _field(where, entry, low_bits):
    unknown = set(entry) - FIELD_KEYS
    if unknown:
        raise MapError(f"{where}: unknown key {sorted(unknown)[0]!r}; known are {sorted(FIELD_KEYS)}")
    bits = entry["bits"]
    high, low = bits if isinstance(bits, list) else (bits, bits)
    if not 0 <= low <= high < low_bits:
        raise MapError(f"{where}: bits {bits}; allowed are [high, low] within {low_bits - 1} to 0")
    made = Field(entry["name"], high, low, entry["description"], entry.get("unit", ""),
                 entry.get("reset", 0), entry.get("signed", False), entry.get("values", {}))
    if not 0 <= made.reset < 1 << made.width:
        raise MapError(f"{where}: reset {made.reset} does not fit {made.width} bits")
    return made


def _register(entry, value_of_hash):
    where = f"register {entry.get('name')!r}"
    unknown = set(entry) - REGISTER_KEYS
    if unknown:
        raise MapError(f"{where}: unknown key {sorted(unknown)[0]!r}; known are {sorted(REGISTER_KEYS)}")
    for key in ("name", "address", "access", "description"):
        if key not in entry:
            raise MapError(f"{where}: {key!r} is missing")
    if entry["access"] not in ACCESSES:
        raise MapError(f"{where}: access {entry['access']!r}; allowed are {', '.join(ACCESSES)}")
    width = entry.get("width", 32)
    if entry["address"] % 4 or not 0 <= entry["address"] < 0x10000:
        raise MapError(f"{where}: address {entry['address']:#x}; allowed are multiples of 4 below 0x10000")
    if width not in (32, 64) or (width == 64 and ("count" in entry or "fields" in entry)):
        raise MapError(f"{where}: width {width}; allowed are 32, and 64 without count and fields")
    commit = entry.get("commit", "")
    if commit and (commit not in COMMITS or entry["access"] != "read_write"):
        raise MapError(f"{where}: commit {commit!r} of a {entry['access']} register; allowed are "
                       f"{' and '.join(COMMITS)}, of read_write registers")
    if entry["access"] == "write_1_to_clear" and (width == 64 or "count" in entry):
        raise MapError(f"{where}: write_1_to_clear takes neither width 64 nor count")
    if entry.get("whole", False) and entry["access"] not in ("read", "write_1_to_clear"):
        raise MapError(f"{where}: whole is for read and write_1_to_clear registers")
    if entry.get("varies", False) and entry["access"] not in ("read", "window"):
        raise MapError(f"{where}: varies is for read and window registers")
    if "fields" in entry:
        fields = [_field(f"{where}, field {f.get('name')!r}", f, 32) for f in entry["fields"]]
    else:
        whole = {key: entry[key] for key in ("description", "unit", "reset", "signed", "values") if key in entry}
        fields = [_field(where, {"name": "", "bits": entry.get("bits", [width - 1, 0]), **whole}, width)]
    for a in fields:
        for b in fields:
            if a is not b and a.mask & b.mask:
                raise MapError(f"{where}: fields {a.name!r} and {b.name!r} overlap")
    reset = entry.get("reset", 0) if "fields" in entry else fields[0].reset << fields[0].low
    reset |= sum(f.reset << f.low for f in fields if f.name)
    value = entry.get("value")
    return Register(entry["name"], entry["address"], entry["access"], entry["description"],
                    entry.get("unit", ""), width, entry.get("count", 1), reset,
                    value_of_hash if value == "map_hash" else value, tuple(fields),
                    entry.get("whole", False), commit, entry.get("varies", False))


def load(path: Path) -> RegisterMap:
    """Reads a map. Raises MapError, naming the register, where it is wrong."""
    source = yaml.safe_load(path.read_text())
    # Descriptions may be mended without a host noticing; anything else is another map.
    def essence(entry):
        return {key: [essence(f) for f in value] if key == "fields" else value
                for key, value in entry.items() if key not in ("description", "unit", "whole", "varies")}
    canonical = json.dumps([essence(r) for r in source["registers"]], sort_keys=True, separators=(",", ":"))
    map_hash = int(hashlib.sha256(canonical.encode()).hexdigest()[:8], 16)
    registers = tuple(sorted((_register(r, map_hash) for r in source["registers"]), key=lambda r: r.address))
    names = [r.name for r in registers]
    for name in names:
        if names.count(name) > 1:
            raise MapError(f"register {name!r} occurs twice")
    for before, after in zip(registers, registers[1:]):
        if before.address + 4 * before.words > after.address:
            raise MapError(f"registers {before.name!r} and {after.name!r} overlap at {after.address:#06x}")
    return RegisterMap(source["title"], registers, map_hash)


def words(register):
    """(suffix, address) of every 32-bit word: 64-bit registers have _low and _high."""
    if register.width == 64:
        return [("_low", register.address), ("_high", register.address + 4)]
    return [("", register.address + 4 * i) for i in range(register.count)]
