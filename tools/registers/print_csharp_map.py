"""CardRegisterMap.cs: the map as a table that a program can walk."""
from print_constants import ORIGIN
from register_map import RegisterMap

ACCESS = {"read": "Read", "read_write": "ReadWrite", "write": "Write", "window": "Window", "command": "Command",
          "constant": "Constant", "write_1_to_clear": "WriteOneToClear"}
COMMIT = {"": "AtOnce", "run": "Run", "arm": "Arm"}


def _string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _field(one):
    values = "[" + ", ".join(f"({_string(name)}, {value})" for name, value in one.values.items()) + "]"
    signed = "true" if one.signed else "false"
    return f"new({_string(one.name)}, {one.high}, {one.low}, Signed: {signed}, {_string(one.unit)}, " \
           f"{_string(one.description)}, {values})"


def print_csharp_map(map_: RegisterMap) -> str:
    out = [f"// {ORIGIN}", "namespace Edge.Appliance.Cards;", "",
           "/// <summary>Every register of the card, by address.</summary>",
           "public static class CardRegisterMap", "{",
           "    public static IReadOnlyList<CardRegister> Registers { get; } =", "    ["]
    for r in map_.registers:
        reset = r.value if r.access == "constant" else r.reset
        varies = "true" if r.varies else "false"
        out.append(f"        new({_string(r.name)}, 0x{r.address:04X}, RegisterAccess.{ACCESS[r.access]}, "
                   f"Width: {r.width}, Count: {r.count}, Reset: 0x{reset:X}, Mask: 0x{r.mask:X}, Varies: {varies}, "
                   f"RegisterCommit.{COMMIT[r.commit]}, {_string(r.unit)}, {_string(r.description)},")
        fields = ["            " + _field(f) for f in r.fields if f.name or f.values or f.signed or f.width not in (32, 64)]
        if fields:
            out += ["        ["] + [line + "," for line in fields] + ["        ]),"]
        else:
            out[-1] += " []),"
    return "\n".join(out + ["    ];", "}", ""])
