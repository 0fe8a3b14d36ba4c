"""The card crosses from clock to clock by rtl/common/cdc only; a card with one thing wrong is found out, and
both ends are named."""
import crossings
import pytest
from simulator import ROOT, card_sources

# (file, [(what stands in it, what is put in its place)], what is said)
WRONG = {
    "a direct path between two clocks": (
        "rtl/card/card_host.sv", [("given_q - left;", "given_q - left_q;")],
        "u_host.left_q[0] (bus_clk_i) reaches u_core.u_registers.bus_rdata_q[0] (core_clk_i) without a crossing"),
    "an input of another clock": (
        "rtl/card/card.sv", [(".adc_valid_i         (sample_valid)", ".adc_valid_i         (adc_valid_i)")],
        "adc_valid_i (adc_clk_i) reaches u_core.u_interlock."),
    "a word without its handshake": (
        "rtl/card/card_scan_port.sv", [("({y_o, x_o})\n", "()\n"), ("  value_crossing", "  always_ff @(posedge scan_clk_i) {y_o, x_o} <= {y_i, x_i};\n  value_crossing")],
        "reaches u_scan_port.x_o[0] (scan_clk_i) without a crossing"),
    "a pin without a synchronizer": (
        "rtl/trigger/interlock/interlock.sv",
        [("u_microscope_blank (\n    .clk_i, .rst_ni, .level_i (microscope_blank_i), .level_o (microscope_blank)", "u_microscope_blank (\n    .clk_i, .rst_ni, .level_i (1'b0), .level_o ()"),
         ("  assign engaged =", "  assign microscope_blank = microscope_blank_i;\n  assign engaged =")],
        "microscope_blank_i (no clock) reaches u_core.u_interlock.hold_q[4] (core_clk_i) without a crossing"),
    "a crossing without a synchronizer": (
        "rtl/common/cdc/word_crossing.sv",
        [(".level_i (request_q), .level_o (arrived)", ".level_i (request_q), .level_o ()"),
         ("  assign taken ", "  assign arrived = request_q;\n  assign taken ")],
        "u_host.u_link.u_request.request_q (bus_clk_i) reaches u_host.u_link.u_request.seen_q (core_clk_i) without a crossing"),
    "a synchronizer of one flip-flop": (
        "rtl/common/cdc/synchronizer.sv", [("assign level_o = second_q;", "assign level_o = first_q;")],
        "u_core.u_interlock.hold_q[4] looks at|u_core.u_interlock.permit_beam_o looks at|u_core.u_interlock looks at u_core.u_interlock.u_microscope_blank.first_q"),
    "logic in front of a synchronizer": (
        "rtl/trigger/interlock/interlock.sv",
        [(".level_i (microscope_blank_i)", ".level_i (microscope_blank_i || tripped_o)")],
        "u_core.u_interlock.u_microscope_blank.first_q: logic stands between"),
    "a Gray code made after the flip-flop": (
        "rtl/common/cdc/async_fifo.sv", [(".level_i (write_gray_q[i])", ".level_i (write_q[i] ^ (i + 1 < PointerBits && write_q[(i + 1) % PointerBits]))")],
        "u_inputs.u_samples.g_bit[0].u_write.first_q: logic stands between u_inputs.u_samples.write_q"),
    "a reset without a synchronizer": (
        "rtl/card/card.sv", [("    .rst_ni              (core_rst_n),\n    .bus_write_i", "    .rst_ni              (rst_ni),\n    .bus_write_i")],
        "u_core.cycle_q[0]: its reset comes from rst_ni, not straight from a reset_synchronizer"),
    "a reset of another clock": (
        "rtl/card/card.sv", [("    .core_rst_ni (core_rst_n),\n    .x_i", "    .core_rst_ni (bus_rst_n),\n    .x_i")],
        "u_scan_port.clocks_q[0] (core_clk_i): its reset u_resets.u_bus.second_q ends with bus_clk_i"),
    "a gated clock": (
        "rtl/card/card.sv", [(".clk_i               (core_clk_i)", ".clk_i               (core_clk_i && !stall_network_i)")],
        "u_core.cycle_q[0]: its clock is no input of the top"),
    "logic behind the beam's flip-flop": (
        "rtl/card/card.sv", [("    .permit_beam_o,\n", "    .permit_beam_o       (beam),\n"),
                             ("  // ---------------------------------------------------------------- in\n", "  logic beam;\n  assign permit_beam_o = beam && !stall_network_i;\n")],
        "permit_beam_o is not a flip-flop without logic"),
}


@pytest.mark.parametrize("shape", ("narrow", "wide", "tiny"))
def test_every_crossing_of_the_card_is_one_of_common_cdc(shape):
    assert crossings.check(card_sources(shape)) == []


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_crossing_is_found_and_named(wrong, tmp_path):
    source, changes, expected = WRONG[wrong]
    text = (ROOT / source).read_text()
    for before, after in changes:
        assert before in text, f"{source} no longer holds {before!r}: change this test with it"
        text = text.replace(before, after, 1)
    broken = tmp_path / source.split("/")[-1]
    broken.write_text(text)
    said = crossings.check([str(broken) if path == source else path for path in card_sources("narrow")])
    assert any(part in line for line in said for part in expected.split("|")), "\n".join(said[:20]) or "nothing was found"
