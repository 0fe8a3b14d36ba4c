// card_core: the trigger path behind its registers.
//
//   ADC strobe -> ingress -> slot (network) -> decision -> interlock -> permit_beam_o
//        |            ^                           |   ^
//        +--> scan ---+ marker                    |   +-- dwell under the beam
//               ^------------- advance -----------+--> events, counters, latency
//
// Latency, from the edge that takes the deciding ADC sample to the edge that moves permit_beam_o:
// 2 (ingress) + Latency of the network + 2 (decision) + 1 (pin), in clocks; slower only when the network
// makes a vector wait; with the threshold rules 2 + 1 + 1. From the edge that takes a host vector to the edge that raises aux_trigger_o:
// Latency + 2. The ADC is never stalled, and events never hold a decision back.
// A command acts at the edge that takes its bus write.
// Combinational paths: stall_network_i and the network's ready to vector_ready_o.
module card_core #(
  parameter int PositionDepth   = 4096,  // positions of the list, 2 to 65536
  parameter int EventDepth      = 256,   // event records that can wait, 8 to 16384
  parameter int SpyDepth        = 1024,  // samples of the spy buffer, a power of two
  parameter int KeepAliveClocks = 256,   // clocks between two edges of keep_alive_o
  parameter logic [31:0] BuildId = '0,   // tells builds apart; 0: not told
  parameter int ClockKilohertz  = 0      // of clk_i as built for; 0: not told
) (
  input  logic        clk_i,
  input  logic        rst_ni,  // asynchronous
  // register bus: byte addresses; rdata is valid in the clock after bus_read_i
  input  logic        bus_write_i,
  input  logic        bus_read_i,
  input  logic [15:0] bus_address_i,
  input  logic [31:0] bus_wdata_i,
  output logic [31:0] bus_rdata_o,
  // detector
  input  logic        adc_valid_i,
  input  logic [15:0] adc_data_i,
  input  logic        sample_lost_i,         // one clock: a sample found no room on its way here
  input  logic        scan_stopped_i,        // a position does not reach the scan port
  input  logic        keep_alive_word_i,     // one clock: the detector says that it is well
  // vectors of the host
  input  logic        vector_valid_i,
  output logic        vector_ready_o,
  input  logic [network_config::InputCount*network_config::InputWidth-1:0] vector_data_i,
  // event records, 64 bytes, byte 0 lowest
  output logic         event_valid_o,
  input  logic         event_ready_i,
  output logic [511:0] event_data_o,
  // blocks for the payload ring, never held back; see spy_buffer. 0: nobody takes them, so a capture is held
  input  logic         word_open_i,
  output logic         word_valid_o,
  output logic [63:0]  word_o,
  output logic         word_first_o,
  output logic         word_last_o,
  input  logic [15:0]  events_under_way_i,   // taken, and not known to have left the card
  // rings in host memory: settings, what the host tells, states (see card_rings)
  output logic        event_ring_enable_o,
  output logic [63:0] event_ring_base_o,
  output logic [4:0]  event_ring_records_log2_o,
  output logic [63:0] event_ring_tail_address_o,
  output logic [15:0] event_ring_tail_records_o,
  output logic [15:0] event_ring_interrupt_records_o,
  output logic [31:0] event_ring_interrupt_clocks_o,
  output logic        event_ring_read_write_o,
  output logic        event_ring_acknowledge_o,
  input  logic [69:0] event_ring_state_i,
  output logic        host_stream_enable_o,
  output logic [63:0] host_stream_base_o,
  output logic [4:0]  host_stream_lines_log2_o,
  output logic [63:0] host_stream_consumed_address_o,
  output logic [15:0] host_stream_consumed_lines_o,
  output logic [31:0] host_stream_stall_clocks_o,
  output logic        host_stream_produced_write_o,
  input  logic [69:0] host_stream_state_i,
  output logic [31:0] write_data_o,       // of a register write
  // pins
  input  logic        microscope_blank_i,    // asynchronous, 1 = blank
  input  logic        external_interlock_i,  // asynchronous, 1 = closed
  input  logic        reconfigure_i,         // asynchronous, 1 = the card is being configured anew
  input  logic        pixel_clock_i,         // asynchronous, as the next two: another scan generator's
  input  logic        line_clock_i,
  input  logic        frame_clock_i,
  input  logic        stall_network_i,       // test hook: 0 in use
  output logic        permit_beam_o,
  output logic        keep_alive_o,
  output logic        pixel_advance_o,
  output logic        aux_trigger_o,
  output logic [15:0] scan_x_o,
  output logic [15:0] scan_y_o
);
  if (EventDepth < 8 || EventDepth > 16384) begin : g_check
    card_core_needs_EventDepth_8_to_16384 u_error ();
  end

  localparam int OutputCount = network_config::OutputCount;
  localparam int OutputWidth = network_config::OutputWidth;
  localparam int OutBits     = OutputCount * OutputWidth;
  localparam int EventBits   = $clog2(EventDepth + 1);

  assign write_data_o = write_data;

  // ---------------------------------------------------------------- registers
  logic [31:0]   write_data;
  logic          engage, disarm, rearm, start, abort_command, clear_counters, clear_dose, stop, heartbeat;
  logic [31:0]   heartbeat_timeout, detector_timeout, blanker_settle, network_deadline, pixel_cap;
  logic [63:0]   frame_cap, unblanked_run;
  logic [31:0]   unblanked_position, scan_x_start, scan_y_start, scan_x_step, scan_y_step;
  logic [31:0]   settle_clocks, line_settle_clocks, blank_clocks, position_index;
  logic [15:0]   columns, rows, dwell_samples;
  logic [16:0]   position_count;
  logic          scan_list, position_index_write, position_data_write;
  logic [5:0]    align_samples;
  logic [15:0]   adc_offset, adc_gain, adc_full_scale, event_threshold, clip, min_samples, max_samples;
  logic [11:0]   elapsed_step;
  logic          source_host, hold_vectors, decision_enable, adc_invert;
  logic [1:0]    rule, interlock_state;
  logic [31:0]   keep_classes, site, events_numbered, events_dropped;
  logic [511:0]  thresholds;
  logic [15:0]   trip_causes, new_causes, live_causes, overload_samples, blanker_samples;
  logic signed [15:0] overload_level, pedestal_limit;
  logic [1:0]    detector_source;
  logic [7:0]    hold_causes;
  logic [11:0]   unused_history;
  logic [2:0]    scan_state;
  logic          running, done, aborted, refused, microscope_blank, external_interlock, adc_usable;
  logic          ingress_busy;
  logic [63:0]   cycle_q, latency_sum;
  logic [15:0]   latency_last, latency_min, latency_max, network_min, network_max;
  logic [31:0]   latency_count;
  logic [1023:0] histogram;
  logic [511:0]  counts;
  logic          run_test, test_enable, test_index_write, test_data_write, test_failed, test_busy;
  logic [15:0]   test_every, spy_pre, spy_post, spy_before, spy_count, spy_index_q, spy_index;
  logic [31:0]   test_index, tests_passed, tests_failed, spy_event, spy_sample, spy_captures, spy_missed;
  logic          spy_release, spy_enable, spy_stream, spy_sends, spy_held, spy_capturing, spy_index_write, spy_taken;
  logic [4:0]    spy_kinds;
  logic          region_enable, region_index_write, region_data_write, no_beam_next, no_beam, no_decision;
  logic          dwell_map, dwell_index_write, dwell_data_write, affine_enable;
  logic [31:0]   region_index, dwell_index, pixel_settle_clocks, line_flyback_clocks, frame_retrace_clocks;
  logic [15:0]   frames;
  logic [17:0]   affine_xx, affine_xy, affine_yx, affine_yy;
  logic [31:0]   affine_x_offset, affine_y_offset, pixel_clock_late, scan_clock_timeout;
  logic [1:0]    pixel_edge, line_edge, frame_edge;
  logic [15:0]   pixel_wait, line_wait, frame_wait, audit_fraction;
  logic [2:0]    scan_clock_levels;
  logic          clock_lost, clock_timed_out, lost_q, timed_out_q, pixel_late, pixel_short;
  logic [319:0]  settle_by_jump;
  logic          shadow, audit_seed_write, audit_next, full_next, full_q, shadow_q, full_over_q;
  logic [63:0]   unblanked_total_q, blanked_total_q;
  logic [15:0]   probe_x, probe_y, lookup_x, lookup_y, limit_samples;
  logic          by_rule, hysteresis_carry;
  logic [2:0]    threshold_rules;
  logic [15:0]   threshold_count, threshold_rate_samples;
  logic [7:0]    threshold_rate_events;
  logic [31:0]   threshold_sum, hysteresis_amount;
  logic [3:0]    votes_needed, votes_window;
  logic [15:0]   aux_prescale, aux_refractory, aux_delay, aux_width;
  logic [EventBits-1:0] events_waiting;

  registers u_registers (
    .clk_i,
    .rst_ni,
    .bus_write_i,
    .bus_read_i,
    .bus_address_i,
    .bus_wdata_i,
    .bus_rdata_o,
    .write_data_o                   (write_data),
    .freeze_arm_i                   (interlock_state == 2'd2),
    .freeze_run_i                   (running),
    .build_id_i                     (BuildId),
    .clock_kilohertz_i              (32'(ClockKilohertz)),
    .network_hash_i                 (network_config::Hash),
    .network_shape_inputs_i         (16'(network_config::InputCount)),
    .network_shape_outputs_i        (16'(OutputCount)),
    .network_format_input_width_i   (8'(network_config::InputWidth)),
    .network_format_output_width_i  (8'(OutputWidth)),
    .network_format_latency_i       (16'(network_config::Latency)),
    .card_shape_positions_i         (17'(PositionDepth)),
    .card_shape_events_i            (15'(EventDepth)),
    .cycle_i                        (cycle_q),
    .command_engage_o               (engage),
    .command_disarm_o               (disarm),
    .command_rearm_o                (rearm),
    .command_start_o                (start),
    .command_abort_o                (abort_command),
    .command_clear_counters_o       (clear_counters),
    .command_clear_dose_o           (clear_dose),
    .command_stop_o                 (stop),
    .status_interlock_i             (interlock_state),
    .status_scan_i                  (scan_state),
    .status_running_i               (running),
    .status_done_i                  (done),
    .status_aborted_i               (aborted),
    .status_refused_i               (refused),
    .status_permit_beam_i           (permit_beam_o),
    .status_microscope_blank_i      (microscope_blank),
    .status_external_interlock_i    (external_interlock),
    .status_adc_usable_i            (adc_usable),
    .status_collecting_i            (ingress_busy),
    .trip_causes_i                  (trip_causes[11:0]),
    .live_causes_i                  (live_causes[11:0]),
    .hold_causes_i                  (hold_causes[5:0]),
    .heartbeat_write_o              (heartbeat),
    .heartbeat_timeout_o            (heartbeat_timeout),
    .detector_timeout_o             (detector_timeout),
    .network_deadline_o             (network_deadline),
    .pixel_cap_o                    (pixel_cap),
    .frame_cap_o                    (frame_cap),
    .unblanked_run_i                (unblanked_run),
    .unblanked_position_i           (unblanked_position),
    .scan_mode_o                    (scan_list),
    .x_start_o                      (scan_x_start),
    .y_start_o                      (scan_y_start),
    .x_step_o                       (scan_x_step),
    .y_step_o                       (scan_y_step),
    .columns_o                      (columns),
    .rows_o                         (rows),
    .dwell_samples_o                (dwell_samples),
    .settle_clocks_o                (settle_clocks),
    .line_settle_clocks_o           (line_settle_clocks),
    .blank_clocks_o                 (blank_clocks),
    .position_count_o               (position_count),
    .position_index_i               (position_index),
    .position_index_write_o         (position_index_write),
    .position_data_write_o          (position_data_write),
    .scan_position_x_i              (probe_x),
    .scan_position_y_i              (probe_y),
    .scan_site_i                    (site),
    .align_samples_o                (align_samples),
    .adc_offset_o                   (adc_offset),
    .adc_gain_o                     (adc_gain),
    .adc_full_scale_o               (adc_full_scale),
    .adc_invert_o                   (adc_invert),
    .elapsed_step_o                 (elapsed_step),
    .event_threshold_o              (event_threshold),
    .clip_o                         (clip),
    .vector_source_host_o           (source_host),
    .vector_source_hold_o           (hold_vectors),
    .decision_enable_o              (decision_enable),
    .decision_rule_o                (rule),
    .min_samples_o                  (min_samples),
    .max_samples_o                  (max_samples),
    .keep_classes_o                 (keep_classes),
    .threshold_o                    (thresholds),
    .events_numbered_i              (events_numbered),
    .events_dropped_i               (events_dropped),
    .events_waiting_i               (32'(events_waiting) + 32'(events_under_way_i)),
    .vectors_taken_i                (counts[31:0]),
    .vectors_replaced_i             (counts[63:32]),
    .results_stale_i                (counts[95:64]),
    .decisions_i                    (counts[127:96]),
    .undecided_i                    (counts[159:128]),
    .aux_triggers_i                 (counts[191:160]),
    .latency_last_i                 (latency_last),
    .latency_min_i                  (latency_min),
    .latency_max_i                  (latency_max),
    .latency_count_i                (latency_count),
    .latency_sum_i                  (latency_sum),
    .network_latency_min_i          (network_min),
    .network_latency_max_i          (network_max),
    .latency_histogram_i            (histogram),
    .event_ring_base_o,
    .event_ring_tail_address_o,
    .event_ring_enable_o,
    .event_ring_records_log2_o,
    .event_ring_moderation_tail_records_o (event_ring_tail_records_o),
    .event_ring_moderation_interrupt_records_o (event_ring_interrupt_records_o),
    .event_ring_interrupt_clocks_o,
    .event_ring_read_write_o,
    .event_ring_state_running_i     (event_ring_state_i[0]),
    .event_ring_state_drained_i     (event_ring_state_i[1]),
    .event_ring_state_failed_i      (event_ring_state_i[2]),
    .event_ring_state_error_i       (event_ring_state_i[4:3]),
    .event_ring_state_interrupt_i   (event_ring_state_i[5]),
    .event_ring_written_i           (event_ring_state_i[37:6]),
    .event_ring_errors_i            (event_ring_state_i[69:38]),
    .event_ring_command_acknowledge_o (event_ring_acknowledge_o),
    .host_stream_base_o,
    .host_stream_consumed_address_o,
    .host_stream_enable_o,
    .host_stream_lines_log2_o,
    .host_stream_consumed_lines_o,
    .host_stream_stall_clocks_o,
    .host_stream_produced_write_o,
    .host_stream_state_running_i    (host_stream_state_i[0]),
    .host_stream_state_drained_i    (host_stream_state_i[1]),
    .host_stream_state_failed_i     (host_stream_state_i[2]),
    .host_stream_state_error_i      (host_stream_state_i[5:3]),
    .host_stream_consumed_i         (host_stream_state_i[37:6]),
    .host_stream_errors_i           (host_stream_state_i[69:38]),
    .decision_source_o              (by_rule),
    .threshold_rules_count_o        (threshold_rules[0]),
    .threshold_rules_rate_o         (threshold_rules[1]),
    .threshold_rules_sum_o          (threshold_rules[2]),
    .threshold_count_o              (threshold_count),
    .threshold_rate_events_o        (threshold_rate_events),
    .threshold_rate_samples_o       (threshold_rate_samples),
    .threshold_sum_o                (threshold_sum),
    .votes_needed_o                 (votes_needed),
    .votes_window_o                 (votes_window),
    .hysteresis_o                   (hysteresis_amount),
    .hysteresis_carry_o             (hysteresis_carry),
    .aux_prescale_o                 (aux_prescale),
    .aux_refractory_o               (aux_refractory),
    .aux_delay_o                    (aux_delay),
    .aux_width_o                    (aux_width),
    .aux_in_refractory_i            (counts[223:192]),
    .aux_prescaled_i                (counts[255:224]),
    .aux_missed_i                   (counts[287:256]),
    .trip_history_set_i             (new_causes[11:0]),
    .trip_history_o                 (unused_history),
    .detector_source_o              (detector_source),
    .overload_level_o               (overload_level),
    .overload_samples_o             (overload_samples),
    .blanker_settle_o               (blanker_settle),
    .blanker_samples_o              (blanker_samples),
    .pedestal_limit_o               (pedestal_limit),
    .region_enable_o                (region_enable),
    .region_index_i                 (region_index),
    .region_index_write_o           (region_index_write),
    .region_data_write_o            (region_data_write),
    .region_status_no_decision_i    (no_decision),
    .region_status_no_beam_i        (no_beam),
    .dwell_map_o                    (dwell_map),
    .dwell_index_i                  (dwell_index),
    .dwell_index_write_o            (dwell_index_write),
    .dwell_data_write_o             (dwell_data_write),
    .pixel_settle_clocks_o          (pixel_settle_clocks),
    .line_flyback_clocks_o          (line_flyback_clocks),
    .frame_retrace_clocks_o         (frame_retrace_clocks),
    .frames_o                       (frames),
    .affine_o                       (affine_enable),
    .affine_xx_o                    (affine_xx),
    .affine_xy_o                    (affine_xy),
    .affine_yx_o                    (affine_yx),
    .affine_yy_o                    (affine_yy),
    .affine_x_offset_o              (affine_x_offset),
    .affine_y_offset_o              (affine_y_offset),
    .scan_clock_edges_pixel_o       (pixel_edge),
    .scan_clock_edges_line_o        (line_edge),
    .scan_clock_edges_frame_o       (frame_edge),
    .pixel_clock_wait_o             (pixel_wait),
    .line_clock_wait_o              (line_wait),
    .frame_clock_wait_o             (frame_wait),
    .pixel_clock_late_o             (pixel_clock_late),
    .scan_clock_timeout_o           (scan_clock_timeout),
    .scan_clock_status_lost_i       (lost_q),
    .scan_clock_status_timed_out_i  (timed_out_q),
    .scan_clock_status_pixel_i      (scan_clock_levels[0]),
    .scan_clock_status_line_i       (scan_clock_levels[1]),
    .scan_clock_status_frame_i      (scan_clock_levels[2]),
    .pixel_clocks_late_i            (counts[319:288]),
    .pixel_clocks_early_i           (counts[351:320]),
    .settle_by_jump_o               (settle_by_jump),
    .shadow_o                       (shadow),
    .audit_fraction_o               (audit_fraction),
    .audit_seed_write_o             (audit_seed_write),
    .unblanked_total_i              (unblanked_total_q),
    .blanked_total_i                (blanked_total_q),
    .dwells_i                       (counts[383:352]),
    .dwells_decided_i               (counts[415:384]),
    .dwells_undecided_i             (counts[447:416]),
    .dwells_aborted_i               (counts[479:448]),
    .dwells_audited_i               (counts[511:480]),
    .command_test_o                 (run_test),
    .command_spy_release_o          (spy_release),
    .test_vector_enable_o           (test_enable),
    .test_vector_every_o            (test_every),
    .test_index_i                   (test_index),
    .test_index_write_o             (test_index_write),
    .test_data_write_o              (test_data_write),
    .test_status_failed_i           (test_failed),
    .test_status_busy_i             (test_busy),
    .tests_passed_i                 (tests_passed),
    .tests_failed_i                 (tests_failed),
    .spy_control_enable_o           (spy_enable),
    .spy_control_stream_o           (spy_stream),
    .spy_control_sure_o             (spy_kinds[0]),
    .spy_control_undecided_o        (spy_kinds[1]),
    .spy_control_aborted_o          (spy_kinds[2]),
    .spy_control_kept_o             (spy_kinds[3]),
    .spy_control_trip_o             (spy_kinds[4]),
    .spy_length_before_o            (spy_pre),
    .spy_length_after_o             (spy_post),
    .spy_status_held_i              (spy_held),
    .spy_status_capturing_i         (spy_capturing),
    .spy_status_depth_i             (16'(SpyDepth)),
    .spy_captured_before_i          (spy_before),
    .spy_captured_count_i           (spy_count),
    .spy_event_i                    (spy_event),
    .spy_index_i                    ({16'd0, spy_index_q}),
    .spy_index_write_o              (spy_index_write),
    .spy_sample_counts_i            (spy_sample[15:0]),
    .spy_sample_permit_i            (spy_sample[31]),
    .spy_captures_i                 (spy_captures),
    .spy_missed_i                   (spy_missed)
  );

  // Time: the number of the coming edge, counted from reset.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) cycle_q <= '0;
    else         cycle_q <= cycle_q + 64'd1;
  end

  function automatic logic [15:0] clocks_since(input logic [31:0] now, input logic [31:0] then_time);
    logic [31:0] passed;
    passed = now - then_time;
    clocks_since = passed > 32'd65535 ? 16'hFFFF : passed[15:0];
  endfunction

  // ---------------------------------------------------------------- scan
  logic        decide, abort, tripped, advance, run_start, dwell_start, boundary, dwell_next;
  logic        dwell_active, ingress_clear, moving, end_of_run, scan_error, probe_moved;
  logic        pixel_clocked, go, next_line_start, next_frame_start, scan_ready;
  logic        ran_q, start_now, start_late_q;
  logic [31:0] start_site, vector_site;
  logic        pixel_valid;

  assign decide = decision_enable && !source_host && (by_rule || adc_usable);
  assign abort  = abort_command || tripped || clock_lost;

  // What was written in a run is in use one clock after its end; a start in that very clock waits for it.
  assign start_now = start_late_q || (start && !(ran_q && !running));
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      ran_q        <= 1'b0;
      start_late_q <= 1'b0;
    end else begin
      ran_q        <= running;
      start_late_q <= start && ran_q && !running;
    end
  end

  scan #(.PositionDepth(PositionDepth)) u_scan (
    .clk_i,
    .rst_ni,
    .start_i              (start_now),
    .abort_i              (abort),
    .blocked_i            (tripped),
    .list_i               (scan_list),
    .decide_i             (decide),
    .x_start_i            (scan_x_start),
    .y_start_i            (scan_y_start),
    .x_step_i             (scan_x_step),
    .y_step_i             (scan_y_step),
    .columns_i            (columns),
    .rows_i               (rows),
    .dwell_samples_i      (dwell_samples),
    .max_samples_i        (max_samples),
    .settle_clocks_i      (settle_clocks),
    .pixel_settle_clocks_i  (pixel_settle_clocks),
    .line_flyback_clocks_i  (line_flyback_clocks),
    .frame_retrace_clocks_i (frame_retrace_clocks),
    .frames_i             (frames),
    .settle_by_jump_i     (settle_by_jump),
    .dwell_map_i          (dwell_map),
    .line_settle_clocks_i (line_settle_clocks),
    .blank_clocks_i       (blank_clocks),
    .position_count_i     (position_count),
    .index_write_i        (position_index_write),
    .data_write_i         (position_data_write),
    .write_data_i         (write_data),
    .index_o              (position_index),
    .dwell_index_write_i  (dwell_index_write),
    .dwell_data_write_i   (dwell_data_write),
    .dwell_index_o        (dwell_index),
    .pixel_clocked_i      (pixel_clocked),
    .go_i                 (go),
    .next_line_start_o    (next_line_start),
    .next_frame_start_o   (next_frame_start),
    .ready_o              (scan_ready),
    .short_o              (pixel_short),
    .adc_valid_i,
    .advance_i            (dwell_over),
    .ingress_busy_i       (ingress_busy),
    .run_start_o          (run_start),
    .start_o              (dwell_start),
    .start_site_o         (start_site),
    .limit_samples_o      (limit_samples),
    .boundary_o           (boundary),
    .dwell_next_o         (dwell_next),
    .dwell_active_o       (dwell_active),
    .site_o               (site),
    .clear_o              (ingress_clear),
    .state_o              (scan_state),
    .moving_o             (moving),
    .running_o            (running),
    .done_o               (done),
    .aborted_o            (aborted),
    .refused_o            (refused),
    .end_o                (end_of_run),
    .error_o              (scan_error),
    .scan_x_o             (probe_x),
    .scan_y_o             (probe_y),
    .lookup_x_o           (lookup_x),
    .lookup_y_o           (lookup_y),
    .pixel_advance_o      (probe_moved)
  );

  slave_clock u_slave_clock (
    .clk_i,
    .rst_ni,
    .pixel_clock_i,
    .line_clock_i,
    .frame_clock_i,
    .pixel_edge_i     (pixel_edge),
    .line_edge_i      (line_edge),
    .frame_edge_i     (frame_edge),
    .pixel_wait_i     (pixel_wait),
    .line_wait_i      (line_wait),
    .frame_wait_i     (frame_wait),
    .late_clocks_i    (pixel_clock_late),
    .timeout_clocks_i (scan_clock_timeout),
    .running_i        (running),
    .dwell_i          (dwell_active),
    .line_start_i     (next_line_start),
    .frame_start_i    (next_frame_start),
    .ready_i          (scan_ready),
    .take_i           (dwell_start),
    .pixel_clocked_o  (pixel_clocked),
    .go_o             (go),
    .late_o           (pixel_late),
    .lost_o           (clock_lost),
    .timed_out_o      (clock_timed_out),
    .level_o          (scan_clock_levels)
  );

  region_mask u_region_mask (
    .clk_i,
    .rst_ni,
    .enable_i       (region_enable),
    .index_write_i  (region_index_write),
    .data_write_i   (region_data_write),
    .write_data_i   (write_data),
    .index_o        (region_index),
    .lookup_x_i     (lookup_x),
    .lookup_y_i     (lookup_y),
    .start_i        (dwell_start),
    .no_beam_next_o (no_beam_next),
    .no_beam_o      (no_beam),
    .no_decision_o  (no_decision)
  );

  affine u_affine (
    .clk_i,
    .rst_ni,
    .enable_i   (affine_enable),
    .xx_i       (affine_xx),
    .xy_i       (affine_xy),
    .yx_i       (affine_yx),
    .yy_i       (affine_yy),
    .x_offset_i (affine_x_offset),
    .y_offset_i (affine_y_offset),
    .x_i        (probe_x),
    .y_i        (probe_y),
    .advance_i  (probe_moved),
    .x_o        (scan_x_o),
    .y_o        (scan_y_o),
    .advance_o  (pixel_advance_o)
  );

  // ---------------------------------------------------------------- full dwells
  // In shadow mode, and where the audit chose, a decision is recorded but moves nothing. In a list such a
  // dwell is over when it is decided, or undecided, and its last sample has been seen; a fixed one as ever.
  logic decided, decided_shown, dwell_over, audit_chosen;

  audit u_audit (
    .clk_i,
    .rst_ni,
    .seed_write_i (audit_seed_write),
    .seed_i       (write_data),
    .fraction_i   (audit_fraction),
    .draw_i       (dwell_start),
    .audit_o      (audit_next)
  );

  assign audit_chosen  = decide && audit_next && !shadow;
  assign full_next     = decide && (audit_next || shadow);
  assign decided_shown = decided && !full_q;
  assign dwell_over    = full_q ? decided && full_over_q : advance;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      full_q      <= 1'b0;
      shadow_q    <= 1'b0;
      full_over_q <= 1'b0;
      lost_q      <= 1'b0;
      timed_out_q <= 1'b0;
    end else begin
      if (dwell_start) begin
        full_q      <= full_next;
        shadow_q    <= shadow && decide;
        full_over_q <= 1'b0;
      end else if (pixel_valid && vector_site == site) begin
        full_over_q <= 1'b1;
      end
      if (run_start) {lost_q, timed_out_q} <= '0;
      else if (clock_lost) {lost_q, timed_out_q} <= {1'b1, clock_timed_out};
    end
  end

  // ---------------------------------------------------------------- ingress
  logic        adc_vector_valid, vector_clipped, collecting;
  logic [1:0]  vector_marks;  // {audit, shadow}
  logic [95:0] adc_vector_data;
  logic        sample_valid, sample_clipped;
  logic signed [15:0] sample;
  logic [31:0] vector_sum, vector_time;
  logic [15:0] vector_samples, vector_events, adc_data;

  assign adc_data = adc_invert ? ~adc_data_i : adc_data_i;

  adc_ingress u_ingress (
    .clk_i,
    .rst_ni,
    .clear_i           (ingress_clear),
    .time_i            (cycle_q[31:0]),
    .align_samples_i   (align_samples),
    .offset_i          (adc_offset),
    .gain_i            (adc_gain),
    .full_scale_i      (adc_full_scale),
    .elapsed_step_i    (elapsed_step),
    .event_threshold_i (event_threshold),
    .clip_i            (clip),
    .adc_valid_i,
    .adc_data_i        (adc_data),
    .start_i           (dwell_start),
    .start_site_i      (start_site),
    .fixed_dwell_i     (!(scan_list && decide) || full_next),
    .dwell_samples_i   (limit_samples),
    .start_marks_i     ({audit_chosen, shadow && decide}),
    .vector_valid_o    (adc_vector_valid),
    .vector_data_o     (adc_vector_data),
    .vector_site_o     (vector_site),
    .vector_samples_o  (vector_samples),
    .vector_sum_o      (vector_sum),
    .vector_events_o   (vector_events),
    .vector_clipped_o  (vector_clipped),
    .vector_time_o     (vector_time),
    .pixel_valid_o     (pixel_valid),
    .vector_marks_o    (vector_marks),
    .collecting_o      (collecting),
    .busy_o            (ingress_busy),
    .sample_valid_o    (sample_valid),
    .sample_o          (sample),
    .sample_clipped_o  (sample_clipped)
  );

  // ---------------------------------------------------------------- network
  // A tag is {clipped, time, events, sum, samples, site}; the decision reads samples and site, the
  // rest of it and the network's latency make up the note.
  localparam int NoteBits = 97, TagBits = NoteBits - 16 + 48;
  logic [TagBits-1:0]  adc_tag, host_tag, result_tag;
  logic [31:0]         host_index_q;
  logic                host_open, host_ready, host_taken, result_valid, result_host, result_live;
  logic                vector_taken, vector_replaced, slot_error, events_pending;
  logic [OutBits-1:0]  result_data;
  logic [15:0]         result_latency;
  logic [15:0]         reserved_q;  // records that host vectors under way will make
  logic [16:0]         spoken_for;

  assign adc_tag  = {vector_clipped, vector_time, vector_events, vector_sum, vector_samples, vector_site};
  assign host_tag = {1'b0, cycle_q[31:0], 16'd0, 32'd0, 16'd0, host_index_q};

  // A host vector goes in when its record will have room; two places are kept for a trip and an end. Pixels, trips and ends find their clock then too.
  assign spoken_for     = 17'(events_waiting) + 17'(reserved_q);
  assign host_open      = source_host
                          && (!hold_vectors || (spoken_for < 17'(EventDepth - 2) && !events_pending));
  assign vector_ready_o = host_open && host_ready;
  assign host_taken     = vector_valid_i && vector_ready_o;

  logic test_valid, test_ready, test_result, slot_offered;
  logic [network_config::InputCount*network_config::InputWidth-1:0] test_data;

  slot #(
    .TagBits  (TagBits),
    .TagDepth (network_config::Latency + 4)
  ) u_slot (
    .clk_i,
    .rst_ni,
    .clear_i          (run_start || (abort && running)),
    .clear_counters_i (clear_counters),
    .host_i           (source_host),
    .stall_i          (stall_network_i),
    .time_i           (cycle_q[31:0]),
    .vector_valid_i   (adc_vector_valid && decide && !by_rule),
    .vector_data_i    (adc_vector_data),
    .vector_tag_i     (adc_tag),
    .host_valid_i     (vector_valid_i && host_open),
    .host_ready_o     (host_ready),
    .host_data_i      (vector_data_i),
    .host_tag_i       (host_tag),
    .test_valid_i     (test_valid),
    .test_ready_o     (test_ready),
    .offered_o        (slot_offered),
    .test_data_i      (test_data),
    .test_result_valid_o (test_result),
    .result_valid_o   (result_valid),
    .result_data_o    (result_data),
    .result_tag_o     (result_tag),
    .result_host_o    (result_host),
    .result_live_o    (result_live),
    .result_latency_o (result_latency),
    .adc_usable_o     (adc_usable),
    .taken_o          (vector_taken),
    .replaced_o       (vector_replaced),
    .error_o          (slot_error),
    .latency_min_o    (network_min),
    .latency_max_o    (network_max)
  );

  // Between dwells: at every departure of the probe.
  test_vector #(
    .InBits  (network_config::InputCount * network_config::InputWidth),
    .OutBits (OutBits)
  ) u_test_vector (
    .clk_i,
    .rst_ni,
    .index_write_i    (test_index_write),
    .data_write_i     (test_data_write),
    .write_data_i     (write_data),
    .index_o          (test_index),
    .enable_i         (test_enable),
    .every_i          (test_every),
    .deadline_i       (network_deadline),
    .clear_counters_i (clear_counters),
    .run_i            (run_test),
    .move_i           (dwell_active && !dwell_next),
    .valid_o          (test_valid),
    .ready_i          (test_ready),
    .data_o           (test_data),
    .others_i         (slot_offered),
    .result_valid_i   (test_result),
    .result_data_i    (result_data),
    .failed_o         (test_failed),
    .busy_o           (test_busy),
    .passed_o         (tests_passed),
    .failures_o       (tests_failed)
  );

  // ---------------------------------------------------------------- decision
  logic                decision_valid, decision_host, decision_sure, decision_closed;
  logic                result_current, result_stale, cap_reached, pin_falls, to_keep, kept, of_this_dwell;
  logic                made_sure, cut, in_refractory, prescaled, missed;
  logic [7:0]          made_class, made_cause, decision_class, decision_cause;
  logic [31:0]         decision_site;
  logic [15:0]         decision_samples, decision_clocks;
  logic [NoteBits-1:0] decision_note, dwell_note;
  logic [OutBits-1:0]  decision_data;
  logic                note_clipped;
  logic [31:0]         note_time, note_sum;
  logic [15:0]         note_events, note_network;

  // A dwell that ends without a result is noted with what the ingress has of it so far.
  assign of_this_dwell = collecting && vector_site == site;
  assign dwell_note    = of_this_dwell ? {16'd0, vector_clipped, vector_time, vector_events, vector_sum} : '0;

  // The rules judge the sums as the ingress shows them, so they are one clock ahead of the network's slot.
  logic       sums_sure;
  logic [7:0] sums_class;

  threshold u_threshold (
    .clk_i,
    .rst_ni,
    .rules_i          (threshold_rules),
    .count_i          (threshold_count),
    .rate_events_i    (threshold_rate_events),
    .rate_samples_i   (threshold_rate_samples),
    .sum_limit_i      (threshold_sum),
    .vector_valid_i   (adc_vector_valid),
    .vector_samples_i (vector_samples),
    .vector_events_i  (vector_events),
    .vector_sum_i     (vector_sum),
    .met_o            (sums_sure),
    .class_o          (sums_class)
  );

  decision #(
    .OutputCount (OutputCount),
    .OutputWidth (OutputWidth),
    .NoteBits    (NoteBits)
  ) u_decision (
    .clk_i,
    .rst_ni,
    .decide_i           (decide),
    .by_rule_i          (by_rule),
    .rule_i             (rule),
    .thresholds_i       (thresholds),
    .hysteresis_i       (hysteresis_amount),
    .hysteresis_carry_i (hysteresis_carry),
    .votes_needed_i     (votes_needed),
    .votes_window_i     (votes_window),
    .min_samples_i      (min_samples),
    .max_samples_i      (scan_list ? limit_samples : max_samples),
    .result_valid_i     (result_valid),
    .result_host_i      (result_host),
    .result_live_i      (result_live),
    .result_data_i      (result_data),
    .result_site_i      (result_tag[31:0]),
    .result_samples_i   (result_tag[47:32]),
    .result_note_i      ({result_latency, result_tag[TagBits-1:48]}),
    .sums_valid_i       (adc_vector_valid),
    .sums_sure_i        (sums_sure),
    .sums_class_i       (sums_class),
    .sums_site_i        (vector_site),
    .sums_samples_i     (vector_samples),
    .sums_note_i        ({16'd0, adc_tag[TagBits-1:48]}),
    .run_start_i        (run_start),
    .forbidden_i        (no_decision),
    .dwell_active_i     (dwell_active),
    .dwell_site_i       (site),
    .dwell_boundary_i   (boundary),
    .cap_i              (cap_reached),
    .abort_i            (abort),
    .dwell_samples_i    (of_this_dwell ? vector_samples : 16'd0),
    .dwell_note_i       (dwell_note),
    .decision_valid_o   (decision_valid),
    .decision_host_o    (decision_host),
    .decision_class_o   (made_class),
    .decision_cause_o   (made_cause),
    .decision_sure_o    (made_sure),
    .decision_closed_o  (decision_closed),
    .decision_site_o    (decision_site),
    .decision_samples_o (decision_samples),
    .decision_note_o    (decision_note),
    .decision_data_o    (decision_data),
    .decided_o          (decided),
    .current_o          (result_current),
    .stale_o            (result_stale)
  );

  assign {note_network, note_clipped, note_time, note_events, note_sum} = decision_note;
  assign advance         = decision_valid && !decision_host;
  // A dwell that the interlock cut before its decision moved the pin was aborted, whatever the decision says.
  assign cut             = advance && (abort || cap_reached);
  assign decision_sure   = made_sure && !cut;
  assign decision_class  = cut ? 8'd255 : made_class;
  assign decision_cause  = cut ? 8'd4 : made_cause;
  assign to_keep         = decision_valid && decision_sure && !(advance && shadow_q) && decision_class < 8'd32
                           && keep_classes[decision_class[4:0]];
  assign decision_clocks = decision_closed || cut ? 16'd0 : clocks_since(cycle_q[31:0], note_time);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      host_index_q  <= '0;
      reserved_q    <= '0;
    end else begin
      if (clear_counters)  host_index_q <= '0;
      else if (host_taken) host_index_q <= host_index_q + 32'd1;
      reserved_q <= reserved_q + 16'(host_taken) - 16'(decision_valid && decision_host);
    end
  end

  aux_output u_aux_output (
    .clk_i,
    .rst_ni,
    .clear_i             (clear_counters),
    .prescale_i          (aux_prescale),
    .refractory_clocks_i (aux_refractory),
    .delay_clocks_i      (aux_delay),
    .width_clocks_i      (aux_width),
    .keep_i              (to_keep),
    .pulse_o             (kept),
    .refractory_o        (in_refractory),
    .prescaled_o         (prescaled),
    .missed_o            (missed),
    .aux_trigger_o
  );

  // ---------------------------------------------------------------- interlock
  logic trip;

  interlock #(.KeepAliveClocks(KeepAliveClocks)) u_interlock (
    .clk_i,
    .rst_ni,
    .engage_i             (engage),
    .disarm_i             (disarm),
    .rearm_i              (rearm),
    .heartbeat_i          (heartbeat),
    .clear_dose_i         (clear_dose),
    .stop_i               (stop),
    .heartbeat_timeout_i  (heartbeat_timeout),
    .detector_timeout_i   (detector_timeout),
    .detector_source_i    (detector_source),
    .network_deadline_i   (network_deadline),
    .pixel_cap_i          (pixel_cap),
    .frame_cap_i          (frame_cap),
    .overload_level_i     (overload_level),
    .overload_samples_i   (overload_samples),
    .blanker_settle_i     (blanker_settle),
    .blanker_samples_i    (blanker_samples),
    .pedestal_limit_i     (pedestal_limit),
    .run_start_i          (run_start),
    .dwell_start_i        (dwell_start),
    .dwell_next_i         (dwell_next && !no_beam_next),
    .moving_i             (moving),
    .decided_i            (decided_shown),
    .adc_valid_i,
    .network_watch_i      (decide && !by_rule && scan_list && dwell_active && !decided),
    .vector_i             (adc_vector_valid && vector_site == site),
    .result_i             (result_current),
    .keep_alive_word_i,
    .sample_valid_i       (sample_valid),
    .sample_i             (sample),
    .sample_clipped_i     (sample_clipped),
    .test_failed_i        (test_failed),
    .scan_lost_i          (scan_stopped_i || clock_lost),
    .internal_error_i     (slot_error || scan_error || sample_lost_i
                            || event_ring_state_i[2] || host_stream_state_i[2]),
    .reconfigure_i,
    .microscope_blank_i,
    .external_interlock_i,
    .permit_beam_o,
    .keep_alive_o,
    .state_o              (interlock_state),
    .tripped_o            (tripped),
    .trip_o               (trip),
    .trip_causes_o        (trip_causes),
    .new_causes_o         (new_causes),
    .live_causes_o        (live_causes),
    .hold_causes_o        (hold_causes),
    .microscope_blank_o   (microscope_blank),
    .external_interlock_o (external_interlock),
    .pin_falls_o          (pin_falls),
    .cap_reached_o        (cap_reached),
    .unblanked_run_o      (unblanked_run),
    .unblanked_position_o (unblanked_position)
  );

  // ---------------------------------------------------------------- what is told
  logic [7:0] decision_flags;
  logic       moved_pin, unused_top_bits;

  assign moved_pin       = advance && pin_falls && !decision_closed && !cut && !full_q;
  assign decision_flags  = {decision_valid && spy_taken && spy_sends, advance && full_q && !shadow_q, advance && shadow_q, kept, moved_pin,
                            cut && !abort, note_clipped, decision_sure};
  assign unused_top_bits = ^{trip_causes[15:12], new_causes[15:12], live_causes[15:12], hold_causes[7:6], unused_history,
                             spy_sample[30:16]};

  // Raw samples around what is told.
  logic spy_trigger;
  assign spy_trigger = (advance && ((spy_kinds[0] && decision_cause == 8'd1) || (spy_kinds[1] && decision_cause == 8'd2)
                                    || (spy_kinds[2] && decision_cause == 8'd4)))
                       || (spy_kinds[3] && kept) || (spy_kinds[4] && trip);
  assign spy_index   = spy_index_write ? write_data[15:0] : spy_index_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) spy_index_q <= '0;
    else         spy_index_q <= spy_index;
  end

  assign spy_sends = spy_stream && word_open_i;

  spy_buffer #(.Depth(SpyDepth)) u_spy_buffer (
    .clk_i,
    .rst_ni,
    .time_i           (cycle_q),
    .enable_i         (spy_enable),
    .stream_i         (spy_sends),
    .pre_i            (spy_pre),
    .post_i           (spy_post),
    .clear_counters_i (clear_counters),
    .release_i        (spy_release),
    .adc_valid_i,
    .adc_data_i,
    .permit_i         (permit_beam_o),
    .trigger_i        (spy_trigger),
    .number_i         (events_numbered),
    .taken_o          (spy_taken),
    .index_i          (spy_index),
    .sample_o         (spy_sample),
    .held_o           (spy_held),
    .capturing_o      (spy_capturing),
    .before_o         (spy_before),
    .count_o          (spy_count),
    .number_o         (spy_event),
    .captured_o       (spy_captures),
    .missed_o         (spy_missed),
    .word_valid_o,
    .word_o,
    .word_first_o,
    .word_last_o
  );

  events #(
    .EventDepth  (EventDepth),
    .OutputCount (OutputCount),
    .OutputWidth (OutputWidth)
  ) u_events (
    .clk_i,
    .rst_ni,
    .clear_counters_i           (clear_counters),
    .time_i                     (cycle_q),
    .decision_valid_i           (decision_valid),
    .decision_host_i            (decision_host),
    .decision_class_i           (decision_class),
    .decision_cause_i           (decision_cause),
    .decision_flags_i           (decision_flags),
    .decision_site_i            (decision_site),
    .decision_samples_i         (decision_samples),
    .decision_latency_i         (decision_clocks),
    .decision_events_i          (note_events),
    .decision_network_latency_i (note_network),
    .decision_sum_i             (note_sum),
    .decision_data_i            (cut ? '0 : decision_data),
    .pixel_valid_i              (pixel_valid),
    .pixel_clipped_i            (vector_clipped),
    .pixel_marks_i              (vector_marks),
    .pixel_site_i               (vector_site),
    .pixel_samples_i            (vector_samples),
    .pixel_latency_i            (clocks_since(cycle_q[31:0], vector_time)),
    .pixel_events_i             (vector_events),
    .pixel_sum_i                (vector_sum),
    .trip_i                     (trip),
    .trip_causes_i              (trip_causes),
    .end_i                      (end_of_run),
    .end_aborted_i              (aborted),
    .site_i                     (site),
    .unblanked_run_i            (unblanked_run),
    .reserved_i                 (reserved_q),
    .pending_o                  (events_pending),
    .level_o                    (events_waiting),
    .numbered_o                 (events_numbered),
    .dropped_o                  (events_dropped),
    .event_valid_o,
    .event_ready_i,
    .event_data_o
  );

  // A dwell is cut once: by its cap, or by the end of the run.
  logic dwell_cut, capped_q;
  assign dwell_cut = cut && !abort || abort && dwell_active && !capped_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)          capped_q <= 1'b0;
    else if (dwell_start) capped_q <= 1'b0;
    else if (cut)         capped_q <= 1'b1;
  end

  counters #(.Count(16)) u_counters (
    .clk_i,
    .rst_ni,
    .clear_i  (clear_counters),
    .count_i  ({dwell_start && audit_chosen, dwell_cut, advance && decision_cause == 8'd2,
                advance && decision_cause == 8'd1, dwell_start, pixel_short, pixel_late, missed, prescaled, in_refractory, kept, advance && decision_class == 8'd255, decision_valid,
                result_stale, vector_replaced, vector_taken}),
    .counts_o (counts)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      unblanked_total_q <= '0;
      blanked_total_q   <= '0;
    end else begin
      unblanked_total_q <= unblanked_total_q + 64'(permit_beam_o);
      blanked_total_q   <= blanked_total_q + 64'(!permit_beam_o);
    end
  end

  latency u_latency (
    .clk_i,
    .rst_ni,
    .clear_i     (clear_counters),
    .measure_i   (moved_pin || (decision_valid && decision_host)),
    .clocks_i    (decision_clocks),
    .last_o      (latency_last),
    .min_o       (latency_min),
    .max_o       (latency_max),
    .count_o     (latency_count),
    .sum_o       (latency_sum),
    .histogram_o (histogram)
  );
endmodule
