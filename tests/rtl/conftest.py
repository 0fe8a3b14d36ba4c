import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simulator import pytest_configure, pytest_pycollect_makeitem  # noqa: E402, F401
