"""What the tools say of the RTL: nothing. And what is generated is up to date."""
import shutil
import subprocess
import sys

import pytest
from simulator import ROOT, card_sources

sys.path.insert(0, str(ROOT / "tools" / "registers"))
import generate  # noqa: E402
from register_map import MapError, load  # noqa: E402

SHAPES = ("narrow", "wide", "tiny")
MODULES = sorted(path for path in (ROOT / "rtl").rglob("*.sv"))


def run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("shape", SHAPES)
def test_verilator_has_no_warning_for_the_card(shape):
    assert run("verilator", "--lint-only", "-Wall", "-sv", "--top-module", "card", *card_sources(shape)) == (0, "")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_verilator_has_no_warning_for_the_unit_alone(module):
    """With the parameters of its declaration, which the card may not use. A unit need not use all that the
    package of the network says."""
    assert run("verilator", "--lint-only", "-Wall", "-Wno-UNUSEDPARAM", "-sv", "--top-module", module.stem,
               *card_sources("narrow")) == (0, "")


@pytest.mark.parametrize("shape", SHAPES)
def test_icarus_takes_the_card(shape):
    assert run("iverilog", "-g2012", "-s", "card", "-o", "/dev/null", *card_sources(shape)) == (0, "")


@pytest.mark.parametrize("shape", SHAPES)
def test_yosys_takes_the_card_and_finds_nothing_wrong(shape):
    sources = " ".join(card_sources(shape))
    script = f"read_verilog -sv -defer {sources}; hierarchy -check -top card; proc; check -assert"
    assert run("yosys", "-q", "-p", script) == (0, "")


@pytest.mark.parametrize("module, wrong, message", [
    ("fifo", {"Depth": 0}, "fifo_needs_Width_and_Depth_of_at_least_1"),
    ("async_fifo", {"Depth": 12}, "async_fifo_needs_Depth_a_power_of_two"),
    ("word_crossing", {"Width": 0}, "word_crossing_needs_Width_of_at_least_1"),
    ("axi_lite", {"Bytes": 0}, "axi_lite_needs_Bytes_4_to_65536_and_TimeoutClocks_of_at_least_1"),
    ("fabric_flow", {"Latency": -1}, "fabric_flow_needs_Latency_of_at_least_0"),
    ("saturate", {"OutWidth": 1}, "saturate_needs_2_le_OutWidth_lt_InWidth"),
    ("decision", {"OutputCount": 17}, "decision_needs_OutputCount_1_to_16"),
    ("position_memory", {"Depth": 1}, "position_memory_needs_Depth_2_to_65536"),
    ("payload_ring", {"StoreWords": 100}, "payload_ring_needs_StoreWords_a_power_of_two_of_at_least_4"),
    ("host_stream", {"BufferLines": 8}, "host_stream_needs_BusWidth_128_256_or_512_and_reads_that_fit"),
    ("ring_writer", {"BusWidth": 64}, "ring_writer_needs_BusWidth_128_256_or_512_and_bursts_that_fit"),
    ("event_ring", {"BufferRecords": 8}, "ring_writer_needs_BusWidth_128_256_or_512_and_bursts_that_fit"),
    ("interlock", {"KeepAliveClocks": 0}, "interlock_needs_KeepAliveClocks_of_at_least_1"),
    ("card_core", {"EventDepth": 4}, "card_core_needs_EventDepth_8_to_16384"),
])
def test_a_wrong_parameter_is_refused_by_name(module, wrong, message):
    (name, value), = wrong.items()
    sources = card_sources("narrow")
    icarus, said = run("iverilog", "-g2012", "-s", module, f"-P{module}.{name}={value}", "-o", "/dev/null", *sources)
    assert icarus != 0 and message in said
    verilator, said = run("verilator", "--lint-only", "-sv", "--top-module", module, f"-G{name}={value}", *sources)
    assert verilator != 0 and message in said


def test_generated_files_are_up_to_date():
    assert generate.main(["--check"]) == 0


def test_the_c_header_compiles_and_its_macros_do_what_they_say(tmp_path):
    program = tmp_path / "program.c"
    program.write_text("""
        #include "card_registers.h"
        int main(void) {
          uint32_t status = 0xFFFFFFFFu;
          if (CARD_FIELD(STATUS_INTERLOCK, status) != 3) return 1;
          if (CARD_TO_FIELD(DECISION_RULE, 2) != 0x20u) return 2;
          if (CARD_TO_FIELD(DECISION_RULE, 7) != CARD_DECISION_RULE_MASK) return 3;
          if (CARD_FRAME_CAP_HIGH_ADDRESS != CARD_FRAME_CAP_LOW_ADDRESS + 4) return 4;
          return CARD_ID == 0x45474445u ? 0 : 5;
        }""")
    for compiler in (["cc", "-std=c99"], ["c++", "-x", "c++", "-std=c++17"]):
        assert run(*compiler, "-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{ROOT}/rtl/card", str(program), "-o",
                   str(tmp_path / "program")) == (0, "")
        assert run(str(tmp_path / "program")) == (0, "")


def test_check_names_stale_files_and_fails(tmp_path, capsys):
    source = tmp_path / generate.SOURCE
    source.parent.mkdir(parents=True)
    shutil.copy(ROOT / generate.SOURCE, source)
    assert generate.main(["--check"], tmp_path) == 1
    assert generate.main([], tmp_path) == 0
    assert generate.main(["--check"], tmp_path) == 0
    source.write_text(source.read_text().replace("reset: 1000\n", "reset: 1001\n", 1))
    capsys.readouterr()
    assert generate.main(["--check"], tmp_path) == 1
    assert "rtl/card/registers.sv is stale" in capsys.readouterr().err


@pytest.mark.parametrize("mistake, message", [
    ("- {name: a, address: 0x0, access: read, description: d}\n- {name: b, address: 0x0, access: read, description: d}",
     "registers 'a' and 'b' overlap at 0x0000"),
    ("- {name: a, address: 0x2, access: read, description: d}", "register 'a': address 0x2"),
    ("- {name: a, address: 0x0, access: often, description: d}", "register 'a': access 'often'"),
    ("- {name: a, address: 0x0, access: read_write, bits: [3, 0], reset: 16, description: d}",
     "register 'a': reset 16 does not fit 4 bits"),
    ("- {name: a, address: 0x0, access: read, description: d, colour: red}", "register 'a': unknown key 'colour'"),
    ("- {name: a, address: 0x0, access: read, commit: run, description: d}", "register 'a': commit 'run' of a read"),
    ("- {name: a, address: 0x0, access: read_write, commit: soon, description: d}", "register 'a': commit 'soon'"),
    ("- {name: a, address: 0x0, access: write_1_to_clear, count: 2, description: d}",
     "register 'a': write_1_to_clear takes neither"),
    ("- {name: a, address: 0x0, access: read_write, varies: true, description: d}", "register 'a': varies is for read"),
    ("- {name: a, address: 0x0, access: read_write, whole: true, description: d}", "register 'a': whole is for read"),
    ("- {name: a, address: 0x0, access: read, description: d, fields: [{name: x, bits: [3, 0], description: d}, "
     "{name: y, bits: 3, description: d}]}", "register 'a': fields 'x' and 'y' overlap"),
])
def test_mistakes_in_the_map_are_named(tmp_path, mistake, message):
    path = tmp_path / "registers.yaml"
    path.write_text("title: t\nregisters:\n" + mistake)
    with pytest.raises(MapError) as raised:
        load(path)
    assert message in str(raised.value)
