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
  // vectors of the host
  input  logic        vector_valid_i,
  output logic        vector_ready_o,
  input  logic [network_config::InputCount*network_config::InputWidth-1:0] vector_data_i,
  // event records, 64 bytes, byte 0 lowest
  output logic         event_valid_o,
  input  logic         event_ready_i,
  output logic [511:0] event_data_o,
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
  logic          engage, disarm, rearm, start, abort_command, clear_counters, clear_dose, heartbeat;
  logic [31:0]   heartbeat_timeout, adc_timeout, network_deadline, pixel_cap;
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
  logic [7:0]    trip_causes, live_causes, hold_causes;
  logic [2:0]    scan_state;
  logic          running, done, aborted, refused, microscope_blank, external_interlock, adc_usable;
  logic          ingress_busy;
  logic [63:0]   cycle_q, latency_sum;
  logic [15:0]   latency_last, latency_min, latency_max, network_min, network_max;
  logic [31:0]   latency_count;
  logic [1023:0] histogram;
  logic [287:0]  counts;
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
    .trip_causes_i                  (trip_causes[6:0]),
    .live_causes_i                  (live_causes[6:0]),
    .hold_causes_i                  (hold_causes[5:0]),
    .heartbeat_write_o              (heartbeat),
    .heartbeat_timeout_o            (heartbeat_timeout),
    .adc_timeout_o                  (adc_timeout),
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
    .scan_position_x_i              (scan_x_o),
    .scan_position_y_i              (scan_y_o),
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
    .aux_missed_i                   (counts[287:256])
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
  logic        dwell_active, ingress_clear, moving, end_of_run, scan_error;
  logic        ran_q, start_now, start_late_q;
  logic [31:0] start_site;

  assign decide = decision_enable && !source_host && (by_rule || adc_usable);
  assign abort  = abort_command || tripped;

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
    .settle_clocks_i      (settle_clocks),
    .line_settle_clocks_i (line_settle_clocks),
    .blank_clocks_i       (blank_clocks),
    .position_count_i     (position_count),
    .index_write_i        (position_index_write),
    .data_write_i         (position_data_write),
    .write_data_i         (write_data),
    .index_o              (position_index),
    .adc_valid_i,
    .advance_i            (advance),
    .ingress_busy_i       (ingress_busy),
    .run_start_o          (run_start),
    .start_o              (dwell_start),
    .start_site_o         (start_site),
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
    .scan_x_o,
    .scan_y_o,
    .pixel_advance_o
  );

  // ---------------------------------------------------------------- ingress
  logic        adc_vector_valid, vector_clipped, pixel_valid, collecting;
  logic [95:0] adc_vector_data;
  logic [31:0] vector_site, vector_sum, vector_time;
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
    .fixed_dwell_i     (!(scan_list && decide)),
    .dwell_samples_i   (dwell_samples),
    .adc_valid_i,
    .adc_data_i        (adc_data),
    .start_i           (dwell_start),
    .start_site_i      (start_site),
    .vector_valid_o    (adc_vector_valid),
    .vector_data_o     (adc_vector_data),
    .vector_site_o     (vector_site),
    .vector_samples_o  (vector_samples),
    .vector_sum_o      (vector_sum),
    .vector_events_o   (vector_events),
    .vector_clipped_o  (vector_clipped),
    .vector_time_o     (vector_time),
    .pixel_valid_o     (pixel_valid),
    .collecting_o      (collecting),
    .busy_o            (ingress_busy)
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

  // ---------------------------------------------------------------- decision
  logic                decision_valid, decision_host, decision_sure, decision_closed, decided;
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
    .max_samples_i      (max_samples),
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
    .forbidden_i        (1'b0),
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
  // A dwell that is cut before its decision moves the pin was aborted, whatever the decision says.
  assign cut             = advance && abort;
  assign decision_sure   = made_sure && !cut;
  assign decision_class  = cut ? 8'd255 : made_class;
  assign decision_cause  = cut ? 8'd4 : made_cause;
  assign to_keep         = decision_valid && decision_sure && decision_class < 8'd32
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
    .heartbeat_timeout_i  (heartbeat_timeout),
    .adc_timeout_i        (adc_timeout),
    .network_deadline_i   (network_deadline),
    .pixel_cap_i          (pixel_cap),
    .frame_cap_i          (frame_cap),
    .run_start_i          (run_start),
    .dwell_start_i        (dwell_start),
    .dwell_next_i         (dwell_next),
    .moving_i             (moving),
    .decided_i            (decided),
    .adc_valid_i,
    .network_watch_i      (decide && !by_rule && scan_list && dwell_active && !decided),
    .vector_i             (adc_vector_valid && vector_site == site),
    .result_i             (result_current),
    .internal_error_i     (slot_error || scan_error || sample_lost_i || scan_stopped_i
                            || event_ring_state_i[2] || host_stream_state_i[2]),
    .microscope_blank_i,
    .external_interlock_i,
    .permit_beam_o,
    .keep_alive_o,
    .state_o              (interlock_state),
    .tripped_o            (tripped),
    .trip_o               (trip),
    .trip_causes_o        (trip_causes),
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

  assign moved_pin       = advance && pin_falls && !decision_closed && !cut;
  assign decision_flags  = {3'd0, kept, moved_pin, decision_closed && !decision_cause[2], note_clipped,
                            decision_sure};
  assign unused_top_bits = ^{live_causes[7], hold_causes[7:6]};

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

  counters #(.Count(9)) u_counters (
    .clk_i,
    .rst_ni,
    .clear_i  (clear_counters),
    .count_i  ({missed, prescaled, in_refractory, kept, advance && decision_class == 8'd255, decision_valid,
                result_stale, vector_replaced, vector_taken}),
    .counts_o (counts)
  );

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
