"""What must hold for all inputs and all time, and proof that the proofs bite: a design with one thing broken fails."""

import shutil
from pathlib import Path

import prove
import pytest

pytestmark = pytest.mark.skipif(not (shutil.which('yosys-smtbmc') and shutil.which('z3')), reason='needs yosys-smtbmc and z3')

# (what stands in the design, what is put in its place, the property that says so)
BROKEN = {
    'event_ring': [
        ("32'd1 << log2_q;", "32'd2 << log2_q;", ''),
        ("planned_q & (size - 1'b1)", "(planned_q + 32'd1) & (size - 1'b1)", ''),
        ("planned_q <= planned_q + 32'(taken);", "planned_q <= planned_q + 32'd1;", ''),
        ('room    = size - (planned_q - read_q)', 'room    = size - (written_o - read_q)', ''),
        ('.line_data_i     (record_data_i)', ".line_data_i     (record_data_i ^ 128'd1)", ''),
        ('if (issue_tail) tail_value_q <= written_q;', "if (issue_tail) tail_value_q <= written_q + 32'd1;", ''),
        ('assign failed_now    = bad || broken_q;', "assign failed_now    = bad || error_q == 2'd3;", ''),
        ("beat_q == BeatBits'(Beats - 1)", "beat_q == BeatBits'(0)", ''),
        ("data_level == '0 && answer_level == '0;", "data_level == '0;", ''),
    ],
    'interlock': [
        ('heartbeat_age_q >= heartbeat_timeout_i', 'heartbeat_age_q > heartbeat_timeout_i', 'a_latched'),
        ('adc_age_q >= adc_timeout_i', 'adc_age_q > adc_timeout_i', 'a_latched'),
        ('waiting_q && wait_q >= network_deadline_i', "1'b0", 'a_latched'),
        ('run_d >= frame_cap_i', 'run_q >= frame_cap_i', 'a_frame'),
        ('!interlock_closed,', "1'b0,", 'a_latched'),
        ('internal_error_i || illegal', 'illegal', 'a_latched'),
        ('position_d >= pixel_cap_i', 'position_d > pixel_cap_i', 'a_pixel'),
        ('engaged && dwell_next_i && decided_i && !dwell_start_i', "1'b0", 'a_decided'),
        ('engaged && !dwell_next_i\n', "1'b0\n", 'a_no_dwell'),
        ('!trip_now && !microscope_blank', '!trip_now', 'a_microscope'),
        ('!trip_now && !microscope_blank', '!microscope_blank', ''),
        ("if (rearm_i && causes == '0)", 'if (rearm_i)', 'a_latched'),
        ("if (rearm_i && causes == '0)", "if (causes == '0)", 'a_latched'),
        ('state_q         <= Tripped;', 'state_q         <= Engaged;', 'a_reset_trips'),
        ("permit_beam_o <= 1'b0;", "permit_beam_o <= 1'b1;", 'a_reset_blanks'),
        ("heartbeat_i ? '0", "(heartbeat_i || adc_valid_i) ? '0", 'i_heartbeat'),
        ("causes & 8'b0110_0000", "causes & 8'b0100_0000", 'a_external'),
        ('if (trip_now) state_d = Tripped;', '', ''),
    ],
    'interlock-upset': [
        ('internal_error_i || illegal', 'internal_error_i', 'a_upset'),
        ("Tripped = 4'b1000, PassThrough = 4'b0011, Engaged = 4'b0101", "Tripped = 4'b0100, PassThrough = 4'b0011, Engaged = 4'b0101", ''),
    ],
    'decision': [
        (' && !dwell_boundary_i && !abort_i', ' && !abort_i', 'a_under_the_beam'),
        (' && !dwell_boundary_i && !abort_i', ' && !dwell_boundary_i', 'a_aborted'),
        ('&& site == dwell_site_i && !decided_q', '&& !decided_q', 'a_of_this_site'),
        ('&& site == dwell_site_i && !decided_q', '&& site == dwell_site_i', 'a_one'),
        ('valid_q && !host_q && live_q', 'valid_q && !host_q', 'a_network'),
        ('valid_q && !host_q && live_q', 'valid_q && live_q', 'a_decided'),
        ('samples >= min_samples_i', '1\'b1', 'a_minimum'),
        ('(agreed || samples >= max_samples_i)', 'agreed', 'a_maximum'),
        ('(agreed || samples >= max_samples_i)', "(agreed || samples > max_samples_i)", 'a_maximum'),
        ('sure && enough && !forbidden_i', 'sure && enough', 'a_forbidden'),
        ('decision_valid_o <= ends || closes || host;', 'decision_valid_o <= ends || closes;', 'a_host'),
        ("abort_i ? 8'd4 : 8'd2", "cap_i ? 8'd2 : 8'd4", 'a_aborted'),
        ('else if (ends || closes) decided_q', 'else if (ends) decided_q', ''),
        ('decision_class_o <= agreed ? class_now', 'decision_class_o <= sure ? class_now', 'a_none'),
        ('(cap_i || abort_i) && !host;', 'cap_i && !host;', 'a_noted'),
        ('by_sums ? sums_sure_i : best_sure', 'by_sums ? sums_valid_i : best_sure', 'a_rule'),
    ],
    'vote': [
        ('else if (clear_i) before_q <= \'0;', '', ''),
        ("before_q[9*k +: 9] == {1'b1, class_i}", "before_q[9*k +: 8] == class_i", 'a_enough'),
        ('sure_i && votes >= needed_i', 'votes >= needed_i', 'a_sure'),
        ("votes = 4'd1;", "votes = 4'd2;", 'a_enough'),
        ("4'(k) + 4'd1 < window_i && ", '', 'a_window'),
    ],
    'fifo': [
        ('level_q != LevelBits\'(Depth)', "1'b1", ''),
        ('memory[write_q] <= in_data_i', 'memory[read_q] <= in_data_i', ''),
        ('push && write_q == read_d;', "1'b0;", ''),
        ('assign read_d  = pop ?', 'assign read_d  = out_ready_i ?', ''),
        ('if (!push && pop) level_q', 'if (pop) level_q', ''),
    ],
    'async_fifo': [
        ('gray = binary ^ (binary >> 1)', 'gray = binary', ''),
        ('write_gray_q != (read_seen ^', "1'b1 || (read_seen ^", ''),
        ("PointerBits'(3) <<", "PointerBits'(1) <<", ''),
        ('read_gray_q != write_seen', 'read_gray_q != write_gray_q', ''),
        ('out_valid_o && out_ready_i', 'out_ready_i', ''),
        ('data_q <= memory[read_d', 'data_q <= memory[read_q', ''),
        ('if (push) memory', 'memory', ''),
        ('write_gray_q <= gray(write_next)', 'write_gray_q <= gray(write_next + 1\'b1)', ''),
    ],
}


@pytest.mark.parametrize('name', prove.UNITS)
def test_every_property_holds(name):
    verdict = prove.prove(prove.UNITS[name])
    assert verdict.holds, f'{verdict.failed} does not hold\n{verdict.log}'


@pytest.mark.parametrize('name', prove.UNITS)
def test_what_should_happen_can(name):
    reached, log = prove.cover(prove.UNITS[name])
    assert reached, log


@pytest.mark.parametrize('name, place', [(name, place) for name, changes in BROKEN.items() for place in range(len(changes))])
def test_a_broken_design_fails(name, place):
    before, after, said = BROKEN[name][place]
    unit = prove.UNITS[name]
    text = unit.text()
    assert before in text, f'{unit.source} no longer holds {before!r}: change this test with it'
    verdict = prove.prove(unit, text.replace(before, after))
    assert not verdict.holds, f'{before!r} -> {after!r}: every property still holds'
    assert any(name.startswith(said) for name in verdict.failed), f'{verdict.failed} failed, not {said}\n{verdict.log}'


def test_the_properties_stand_beside_units_that_exist():
    files = {path.name.removesuffix('.properties.sv') for path in Path(prove.FORMAL).glob('*.properties.sv')}
    assert files == {unit.split('-')[0] for unit in prove.UNITS}
