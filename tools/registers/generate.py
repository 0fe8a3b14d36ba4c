#!/usr/bin/env python3
"""Makes what follows from rtl/card/registers.yaml.

generate.py          write the files
generate.py --check  write nothing; exit 1 and name them when any is stale
"""
import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from print_constants import print_c, print_csharp, print_python
from print_csharp_map import print_csharp_map
from print_markdown import print_markdown
from print_systemverilog import print_systemverilog
from register_map import MapError, load

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "rtl/card/registers.yaml"
PRODUCTS = {
    "rtl/card/registers.sv": print_systemverilog,
    "host/Edge.Appliance/Cards/CardRegisters.cs": print_csharp,
    "host/Edge.Appliance/Cards/CardRegisterMap.cs": print_csharp_map,
    "rtl/card/card_registers.h": print_c,
    "tests/rtl/card_registers.py": print_python,
    "docs/register-map.md": print_markdown,
}


def main(arguments=None, root=ROOT):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say whether the files are up to date")
    check = parser.parse_args(arguments).check
    try:
        register_map = load(root / SOURCE)
    except MapError as mistake:
        print(f"{SOURCE}: {mistake}", file=sys.stderr)
        return 2
    stale = 0
    for name, printer in PRODUCTS.items():
        path, text = root / name, printer(register_map)
        if path.exists() and path.read_text() == text:
            continue
        stale += 1
        if check:
            print(f"{name} is stale: run tools/registers/generate.py", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"wrote {name}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
