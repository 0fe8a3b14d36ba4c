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
        # Each cause, unheard ...
        ("    reconfigures\n  };", "    1'b0\n  };", 'a_'),
        ('    heartbeat_late,\n', "    1'b0,\n", 'a_'),
        ('    detector_late,\n', "    1'b0,\n", 'a_'),
        ('waiting_q && wait_q >= network_deadline_i', "1'b0", 'a_'),
        ('run_d >= frame_cap_i', 'run_q >= frame_cap_i', 'a_'),
        ('!interlock_closed,', "1'b0,", 'a_'),
        ('internal_error_i || illegal', 'illegal', 'a_'),
        ('    overloaded,\n', "    1'b0,\n", 'a_'),
        ('    blanker_failed,\n', "    1'b0,\n", 'a_'),
        ('    stop_i,\n', "    1'b0,\n", 'a_'),
        ('    test_failed_i,\n', "    1'b0,\n", 'a_'),
        ('    scan_lost_i,\n', "    1'b0,\n", 'a_'),
        # ... or not heard in pass-through, or while tripped.
        ("InPassThrough = 16'b0000_0010_0110_0001", "InPassThrough = 16'b0000_0010_0110_0000", 'a_'),
        ("InPassThrough = 16'b0000_0010_0110_0001", "InPassThrough = 16'b0000_0000_0110_0001", 'a_'),
        ("InPassThrough = 16'b0000_0010_0110_0001", "InPassThrough = 16'b0000_0010_0100_0001", 'a_'),
        ("Always = 16'b0000_0010_0000_0001", "Always = 16'b0000_0000_0000_0001", 'a_'),
        ('trip_causes_q <= trip_causes_q | new_causes_d', 'trip_causes_q <= new_causes_d', 'a_kept'),
        # Watches fed with the wrong thing.
        ('.alive_i (heartbeat_i)', '.alive_i (heartbeat_i || adc_valid_i)', ''),
        ('.permit_i (permit_beam_o)', ".permit_i (1'b0)", ''),
        ('.samples_i (overload_samples_i)', '.samples_i (blanker_samples_i)', 'a_'),
        ('synchronizer #(.ResetValue(1\'b1)) u_reconfigure', 'synchronizer #(.ResetValue(1\'b0)) u_reconfigure', ''),
        # Holds, the pin and the states.
        ('position_d >= pixel_cap_i', 'position_d > pixel_cap_i', 'a_pixel'),
        ('engaged && dwell_next_i && decided_i && !dwell_start_i', "1'b0", 'a_decided'),
        ('engaged && !dwell_next_i\n', "1'b0\n", 'a_no_dwell'),
        ('!trip_now && !microscope_blank', '!trip_now', 'a_microscope'),
        ('!trip_now && !microscope_blank', '!microscope_blank', ''),
        ("if (rearm_i && causes == '0)", 'if (rearm_i)', 'a_latched'),
        ("if (rearm_i && causes == '0)", "if (rearm_i && relevant == '0)", 'a_latched'),
        ("if (rearm_i && causes == '0)", "if (causes == '0)", 'a_latched'),
        ('state_q       <= Tripped;', 'state_q       <= Engaged;', 'a_reset_trips'),
        ("permit_beam_o <= 1'b0;", "permit_beam_o <= 1'b1;", 'a_reset_blanks'),
        ('if (trip_now) state_d = Tripped;', '', ''),
    ],
    'registers': [
        ('      if (!freeze_run_i) begin', '      if (1\'b1) begin', 'a_'),
        ('      if (!freeze_arm_i) begin', '      if (1\'b0) begin', 'a_in_arm'),
        ('if (!freeze_run_i) in_run_used_q <= bus_wdata_i[3:0];', '', 'a_in_run'),
        ('if (!freeze_arm_i) in_arm_used_q', 'in_arm_used_q', 'a_in_arm'),
        ('cap_low_q <= bus_wdata_i;', 'begin cap_low_q <= bus_wdata_i; cap_used_q[31:0] <= bus_wdata_i; end', 'a_cap'),
        ('16\'h0008: begin', '16\'h000A: begin', ''),
        ("{24'd0, plain_high_q, 3'd0, plain_low_q}", "{24'd0, plain_high_q, 3'd1, plain_low_q}", 'a_re'),
        ('count_high_q <= count_i[63:32];', '', ''),
        ('bus_rdata_q <= count_high_q;', 'bus_rdata_q <= count_i[63:32];', 'a_count_high'),
        ('| faults_some_set_i', '& ~faults_some_set_i', 'a_faults'),
        ('~({1{bus_write_i && bus_address_i == 16\'h0028}} & bus_wdata_i[4])', "1'b1", 'a_faults'),
        ('command_go_o    = bus_write_i &&', 'command_go_o    =', 'a_go'),
        ("bus_rdata_q <= '0;", '', 'a_reserved'),
    ],
    'watchdog': [
        ('age_q >= timeout_i', 'age_q > timeout_i', 'a_'),
        ("if (!rst_ni)        age_q <= '1;", "if (!rst_ni)        age_q <= '0;", ''),
        ('else if (!(&age_q)) age_q', 'else age_q', ''),
        ("else if (alive_i)   age_q <= '0;", "else if (alive_i)   age_q <= 32'd1;", ''),
    ],
    'detector_watch': [
        ('alive = keep_alive_word_i;', "alive = adc_valid_i;", ''),
        ('adc_valid_i || keep_alive_word_i', 'adc_valid_i', ''),
        ('late || source_i == 2\'d3', 'late', 'a_late'),
    ],
    'overload': [
        ('sample_i < level_i', 'sample_i <= level_i', ''),
        ('!sample_clipped_i && sample_i', 'sample_i', ''),
        ('above_q >= samples_i', 'above_q > samples_i', 'a_overload'),
        ('!(&samples_i) && ', '', 'a_'),
        ('else if (!(&above_q))                        above_q', 'else above_q', ''),
    ],
    'blanker_watch': [
        ('sample_i <= limit_i', 'sample_i < limit_i', ''),
        ('blanked_q >= settle_i', 'blanked_q > settle_i', ''),
        ('sample_valid_i && blanked_q', 'blanked_q', ''),
        ('else if (permit_i) begin\n      blanked_q <= \'0;', 'else if (permit_i) begin', ''),
        ("else if (permit_i) begin\n      blanked_q <= '0;\n      above_q   <= '0;", "else if (permit_i) begin\n      blanked_q <= '0;", ''),
        ('if (!(&blanked_q)) blanked_q', 'blanked_q', ''),
        ('!(&samples_i) && ', '', 'a_'),
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
