// interlock: stands last, and alone drives permit_beam_o. 1 permits the beam, 0 blanks it: the
// de-energised level. The pin is a flip-flop that reset clears without a clock.
// Latency 1: the edge that sees a reason to blank moves the pin. The asynchronous inputs take 2 more, the
// watches of overload and blanker 1 more after the sample.
// State table, causes and what 0 means in each limit: interlock.md. Watches in files of their own: watchdog,
// detector_watch, overload, blanker_watch.
//
//   power-on, reset --> Tripped --rearm, no cause left--> Engaged --disarm--> PassThrough
//                          ^------------ any cause ----------+ <----engage-------+
//                          ^------------ stop, reset, external, internal --------+
//
// Combinational paths: dwell, decided, stop and limit inputs to pin_falls_o and live_causes_o only.
module interlock #(
  parameter int KeepAliveClocks = 256  // clocks between two edges of keep_alive_o
) (
  input  logic        clk_i,
  input  logic        rst_ni,  // asynchronous
  // commands, one clock
  input  logic        engage_i,
  input  logic        disarm_i,
  input  logic        rearm_i,
  input  logic        heartbeat_i,
  input  logic        clear_dose_i,  // start the count of the run anew
  input  logic        stop_i,        // trips, whatever the state
  // limits, in clocks; 0 allows nothing
  input  logic [31:0] heartbeat_timeout_i,
  input  logic [31:0] detector_timeout_i,
  input  logic [1:0]  detector_source_i,     // see detector_watch
  input  logic [31:0] network_deadline_i,
  input  logic [31:0] pixel_cap_i,
  input  logic [63:0] frame_cap_i,
  // what the detector may see, in 1/64 electron; see overload and blanker_watch
  input  logic signed [15:0] overload_level_i,
  input  logic [15:0]        overload_samples_i,
  input  logic [31:0]        blanker_settle_i,
  input  logic [15:0]        blanker_samples_i,
  input  logic signed [15:0] pedestal_limit_i,
  // what happens
  input  logic        run_start_i,
  input  logic        dwell_start_i,     // a dwell starts at this edge
  input  logic        dwell_next_i,      // a dwell is under way after this edge
  input  logic        moving_i,          // status only: why no dwell is under way
  input  logic        decided_i,         // the dwell is decided: blank until the next starts
  input  logic        adc_valid_i,
  input  logic        keep_alive_word_i,   // the detector says that it is well
  input  logic               sample_valid_i,
  input  logic signed [15:0] sample_i,     // 1/64 electron
  input  logic               sample_clipped_i,
  input  logic        network_watch_i,   // a dwell waits for the network's word
  input  logic        vector_i,          // a vector of this dwell was made
  input  logic        result_i,          // a result of this dwell came
  input  logic        test_failed_i,     // the network gave a wrong result for its test vector
  input  logic        scan_lost_i,       // the clock of an outer scan is gone
  input  logic        internal_error_i,
  input  logic        reconfigure_i,         // asynchronous, 1 = the card is being configured anew
  input  logic        microscope_blank_i,    // asynchronous, 1 = blank
  input  logic        external_interlock_i,  // asynchronous, 1 = closed, 0 = open
  // pins
  output logic        permit_beam_o,
  output logic        keep_alive_o,      // toggles while the clock runs and nothing has tripped
  // status
  output logic [1:0]  state_o,           // 0 tripped, 1 pass-through, 2 engaged
  output logic        tripped_o,
  output logic        trip_o,            // one clock: it has just tripped
  output logic [15:0] trip_causes_o,     // latched; bits as in live_causes_o
  output logic [15:0] new_causes_o,      // one clock: what has just been latched
  output logic [15:0] live_causes_o,     // 0 reset, 1 heartbeat, 2 detector, 3 network, 4 frame cap, 5 external,
                                         // 6 internal, 7 overload, 8 blanker, 9 stop, 10 test vector, 11 scan clock
  output logic [7:0]  hold_causes_o,     // 0 no dwell, 1 decided, 2 pixel cap, 3 moving, 4 microscope, 5 not engaged
  output logic        microscope_blank_o,     // synchronised
  output logic        external_interlock_o,   // synchronised
  output logic        pin_falls_o,       // the beam goes off at this edge
  output logic        cap_reached_o,     // the pixel cap blanks this dwell
  output logic [63:0] unblanked_run_o,       // clocks, engaged, this run
  output logic [31:0] unblanked_position_o   // clocks, engaged, this dwell
);
  if (KeepAliveClocks < 1) begin : g_check
    interlock_needs_KeepAliveClocks_of_at_least_1 u_error ();
  end

  // Any two differ in at least two bits, so no single upset turns one into another.
  localparam logic [3:0] Tripped = 4'b1000, PassThrough = 4'b0011, Engaged = 4'b0101;

  (* fsm_encoding = "none" *) logic [3:0] state_q;
  logic [3:0]  state_d;
  // Causes that concern a card in pass-through, and those that are added while it is tripped.
  localparam logic [15:0] Always = 16'b0000_0010_0000_0001, InPassThrough = 16'b0000_0010_0110_0001;

  logic        engaged, illegal, trip_now, microscope_blank, interlock_closed, reconfigures, permit_d;
  logic        heartbeat_late, detector_late, overloaded, blanker_failed;
  logic [15:0] causes, relevant, new_causes_d, new_causes_q, trip_causes_q;
  logic [7:0]  hold_d, hold_q;
  logic [31:0] wait_q, position_q, position_d;
  logic [63:0] run_q, run_d;
  logic        waiting_q, cap_hold, cap_reached_q, trip_q;

  synchronizer #(.ResetValue(1'b1)) u_microscope_blank (
    .clk_i, .rst_ni, .level_i (microscope_blank_i), .level_o (microscope_blank)
  );
  synchronizer #(.ResetValue(1'b0)) u_external_interlock (
    .clk_i, .rst_ni, .level_i (external_interlock_i), .level_o (interlock_closed)
  );
  synchronizer #(.ResetValue(1'b1)) u_reconfigure (
    .clk_i, .rst_ni, .level_i (reconfigure_i), .level_o (reconfigures)
  );

  watchdog u_heartbeat (
    .clk_i, .rst_ni, .alive_i (heartbeat_i), .timeout_i (heartbeat_timeout_i), .late_o (heartbeat_late)
  );
  detector_watch u_detector (
    .clk_i, .rst_ni, .source_i (detector_source_i), .timeout_i (detector_timeout_i), .adc_valid_i, .keep_alive_word_i,
    .late_o (detector_late)
  );
  overload u_overload (
    .clk_i, .rst_ni, .level_i (overload_level_i), .samples_i (overload_samples_i), .sample_valid_i, .sample_i,
    .sample_clipped_i, .overload_o (overloaded)
  );
  blanker_watch u_blanker (
    .clk_i, .rst_ni, .settle_i (blanker_settle_i), .samples_i (blanker_samples_i), .limit_i (pedestal_limit_i),
    .permit_i (permit_beam_o), .sample_valid_i, .sample_i, .failed_o (blanker_failed)
  );

  assign engaged = state_q == Engaged;
  assign illegal = !engaged && state_q != PassThrough && state_q != Tripped;

  // Dose, counted in clocks with the pin high. The clock that this edge ends is counted in.
  assign run_d      = run_q + 64'(permit_beam_o && engaged);
  assign position_d = dwell_start_i ? '0 : position_q + 32'(permit_beam_o && engaged && !(&position_q));
  assign cap_hold   = position_d >= pixel_cap_i;

  assign causes = {
    4'b0,
    scan_lost_i,
    test_failed_i,
    stop_i,
    blanker_failed,
    overloaded,
    internal_error_i || illegal,
    !interlock_closed,
    run_d >= frame_cap_i,
    waiting_q && wait_q >= network_deadline_i,
    detector_late,
    heartbeat_late,
    reconfigures
  };
  assign relevant = engaged ? causes : causes & InPassThrough;
  assign trip_now = state_q != Tripped && relevant != '0;

  always_comb begin
    if (trip_now)                new_causes_d = relevant;
    else if (state_q == Tripped) new_causes_d = causes & Always & ~trip_causes_q;
    else                         new_causes_d = '0;
  end

  always_comb begin
    state_d = state_q;
    case (state_q)
      Tripped:     if (rearm_i && causes == '0) state_d = Engaged;
      PassThrough: if (engage_i && !disarm_i) state_d = Engaged;
      Engaged:     if (disarm_i) state_d = PassThrough;
      default:     state_d = Tripped;
    endcase
    if (trip_now) state_d = Tripped;
  end

  assign hold_d = {
    2'b0,
    !engaged,
    microscope_blank,
    moving_i && !dwell_next_i,
    engaged && dwell_next_i && cap_hold,
    engaged && dwell_next_i && decided_i && !dwell_start_i,
    engaged && !dwell_next_i
  };
  assign permit_d = !trip_now && !microscope_blank
                    && (state_q == PassThrough || (engaged && hold_d[2:0] == '0));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) permit_beam_o <= 1'b0;
    else         permit_beam_o <= permit_d;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q       <= Tripped;
      trip_causes_q <= 16'h0001;
      new_causes_q  <= '0;
      trip_q        <= 1'b0;
      hold_q        <= '0;
      waiting_q     <= 1'b0;
      wait_q        <= '0;
      position_q    <= '0;
      run_q         <= '0;
      cap_reached_q <= 1'b0;
    end else begin
      state_q       <= state_d;
      trip_q        <= trip_now;
      hold_q        <= hold_d;
      new_causes_q  <= new_causes_d;
      position_q    <= position_d;
      run_q         <= (run_start_i || clear_dose_i) ? '0 : run_d;
      cap_reached_q <= engaged && dwell_next_i && cap_hold;

      // While it is tripped, a stop and a reconfiguration are added, so that nobody re-arms unawares.
      if (state_d != Tripped)      trip_causes_q <= '0;
      else if (state_q == Tripped) trip_causes_q <= trip_causes_q | new_causes_d;
      else                         trip_causes_q <= relevant;

      // The clock runs from the first vector that has no result after it.
      if (!network_watch_i) waiting_q <= 1'b0;
      else if (vector_i)    waiting_q <= 1'b1;
      else if (result_i)    waiting_q <= 1'b0;
      wait_q        <= (!waiting_q || result_i) ? '0 : (&wait_q) ? wait_q : wait_q + 32'd1;
    end
  end

  // Any loss of it blanks, so it needs no more than to stand still.
  localparam int KeepAliveBits = $clog2(KeepAliveClocks + 1);
  logic [KeepAliveBits-1:0] keep_alive_clocks_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      keep_alive_clocks_q <= '0;
      keep_alive_o        <= 1'b0;
    end else if (state_q != Tripped) begin
      if (keep_alive_clocks_q == KeepAliveBits'(KeepAliveClocks - 1)) begin
        keep_alive_clocks_q <= '0;
        keep_alive_o        <= !keep_alive_o;
      end else begin
        keep_alive_clocks_q <= keep_alive_clocks_q + 1'b1;
      end
    end
  end

  assign state_o              = engaged ? 2'd2 : state_q == PassThrough ? 2'd1 : 2'd0;
  assign tripped_o            = state_q == Tripped || illegal;
  assign trip_o               = trip_q;
  assign trip_causes_o        = trip_causes_q;
  assign new_causes_o         = new_causes_q;
  assign live_causes_o        = causes;
  assign hold_causes_o        = hold_q;
  assign microscope_blank_o   = microscope_blank;
  assign external_interlock_o = interlock_closed;
  assign pin_falls_o          = permit_beam_o && !permit_d;
  assign cap_reached_o        = cap_reached_q;
  assign unblanked_run_o      = run_q;
  assign unblanked_position_o = position_q;
endmodule
