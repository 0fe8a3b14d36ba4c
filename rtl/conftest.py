import sys
from pathlib import Path

# The helpers of all RTL tests live with the tests that span units.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "rtl"))
from simulator import pytest_configure, pytest_pycollect_makeitem  # noqa: E402, F401
