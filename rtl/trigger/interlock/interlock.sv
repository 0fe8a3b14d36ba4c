// interlock: stands last, and alone drives permit_beam_o. 1 permits the beam, 0 blanks it: the
// de-energised level. The pin is a flip-flop that reset clears without a clock.
// Latency 1: the edge that sees a reason to blank moves the pin. The asynchronous inputs take 2 more.
// State table, causes and what 0 means in each limit: interlock.md.
//
//   power-on, reset --> Tripped --rearm, no cause left--> Engaged --disarm--> PassThrough
//                          ^------------ any cause ----------+ <----engage-------+
//
// Combinational paths: dwell, decided and limit inputs to pin_falls_o and cap_reached_o only.
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
  // limits, in clocks; 0 allows nothing
  input  logic [31:0] heartbeat_timeout_i,
  input  logic [31:0] adc_timeout_i,
  input  logic [31:0] network_deadline_i,
  input  logic [31:0] pixel_cap_i,
  input  logic [63:0] frame_cap_i,
  // what happens
  input  logic        run_start_i,
  input  logic        dwell_start_i,     // a dwell starts at this edge
  input  logic        dwell_next_i,      // a dwell is under way after this edge
  input  logic        moving_i,          // status only: why no dwell is under way
  input  logic        decided_i,         // the dwell is decided: blank until the next starts
  input  logic        adc_valid_i,
  input  logic        network_watch_i,   // a dwell waits for the network's word
  input  logic        vector_i,          // a vector of this dwell was made
  input  logic        result_i,          // a result of this dwell came
  input  logic        internal_error_i,
  input  logic        microscope_blank_i,    // asynchronous, 1 = blank
  input  logic        external_interlock_i,  // asynchronous, 1 = closed, 0 = open
  // pins
  output logic        permit_beam_o,
  output logic        keep_alive_o,      // toggles while the clock runs and nothing has tripped
  // status
  output logic [1:0]  state_o,           // 0 tripped, 1 pass-through, 2 engaged
  output logic        tripped_o,
  output logic        trip_o,            // one clock: it has just tripped
  output logic [7:0]  trip_causes_o,     // latched: bit 0 reset, then as live_causes_o
  output logic [7:0]  live_causes_o,     // 1 heartbeat, 2 ADC, 3 network, 4 frame cap, 5 external, 6 internal
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
  logic        engaged, illegal, trip_now, microscope_blank, interlock_closed, permit_d;
  logic [7:0]  causes, relevant, trip_causes_q, hold_d, hold_q;
  logic [31:0] heartbeat_age_q, adc_age_q, wait_q, position_q, position_d;
  logic [63:0] run_q, run_d;
  logic        waiting_q, cap_hold, cap_reached_q, trip_q;

  synchronizer #(.ResetValue(1'b1)) u_microscope_blank (
    .clk_i, .rst_ni, .level_i (microscope_blank_i), .level_o (microscope_blank)
  );
  synchronizer #(.ResetValue(1'b0)) u_external_interlock (
    .clk_i, .rst_ni, .level_i (external_interlock_i), .level_o (interlock_closed)
  );

  function automatic logic [31:0] aged(input logic [31:0] age);
    aged = (&age) ? age : age + 32'd1;
  endfunction

  assign engaged = state_q == Engaged;
  assign illegal = !engaged && state_q != PassThrough && state_q != Tripped;

  // Dose, counted in clocks with the pin high. The clock that this edge ends is counted in.
  assign run_d      = run_q + 64'(permit_beam_o && engaged);
  assign position_d = dwell_start_i ? '0 : position_q + 32'(permit_beam_o && engaged && !(&position_q));
  assign cap_hold   = position_d >= pixel_cap_i;

  assign causes = {
    1'b0,
    internal_error_i || illegal,
    !interlock_closed,
    run_d >= frame_cap_i,
    waiting_q && wait_q >= network_deadline_i,
    adc_age_q >= adc_timeout_i,
    heartbeat_age_q >= heartbeat_timeout_i,
    1'b0
  };
  // Heartbeat, ADC, network and frame cap concern an engaged card only.
  assign relevant = engaged ? causes : causes & 8'b0110_0000;
  assign trip_now = state_q != Tripped && relevant != '0;

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
      state_q         <= Tripped;
      trip_causes_q   <= 8'h01;
      trip_q          <= 1'b0;
      hold_q          <= '0;
      heartbeat_age_q <= '1;  // none has come yet
      adc_age_q       <= '1;
      waiting_q       <= 1'b0;
      wait_q          <= '0;
      position_q      <= '0;
      run_q           <= '0;
      cap_reached_q   <= 1'b0;
    end else begin
      state_q         <= state_d;
      trip_q          <= trip_now;
      hold_q          <= hold_d;
      heartbeat_age_q <= heartbeat_i ? '0 : aged(heartbeat_age_q);
      adc_age_q       <= adc_valid_i ? '0 : aged(adc_age_q);
      position_q      <= position_d;
      run_q           <= (run_start_i || clear_dose_i) ? '0 : run_d;
      cap_reached_q   <= engaged && dwell_next_i && cap_hold;

      if (trip_now)                trip_causes_q <= relevant;
      else if (state_d != Tripped) trip_causes_q <= '0;

      // The clock runs from the first vector that has no result after it.
      if (!network_watch_i) waiting_q <= 1'b0;
      else if (vector_i)    waiting_q <= 1'b1;
      else if (result_i)    waiting_q <= 1'b0;
      wait_q <= (!waiting_q || result_i) ? '0 : aged(wait_q);
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
  assign live_causes_o        = causes;
  assign hold_causes_o        = hold_q;
  assign microscope_blank_o   = microscope_blank;
  assign external_interlock_o = interlock_closed;
  assign pin_falls_o          = permit_beam_o && !permit_d;
  assign cap_reached_o        = cap_reached_q;
  assign unblanked_run_o      = run_q;
  assign unblanked_position_o = position_q;
endmodule
