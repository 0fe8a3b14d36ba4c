  // What interlock.md promises, written a second time, from its ports; of the design's own registers only
  // those appear that the invariants tie down, and the state, whose codes may be upset. Inserted before the design's endmodule by prove.py; checked at every clock, from reset on.

  // One clock ago, and more.
  logic       past_q, past2_q, past3_q;            // so many clocks without reset lie behind
  logic       engaged_q, pass_q, permit_q, upset_q;
  logic [2:0] microscope_q, open_q;                // [k]: k + 1 clocks ago
  logic       rearm_q, no_dwell_q, decided_q, internal_q, cap_q, dose_q, heartbeat_late_q, adc_late_q, network_late_q, open_now_q, microscope_now_q;

  // Ages and doses, counted anew.
  logic [31:0] since_heartbeat, since_adc, waited, position_clocks;
  logic [63:0] run_clocks, run_now;
  logic [31:0] position_now;
  logic        waits;

  wire beam = permit_beam_o;
  wire is_engaged = state_o == 2'd2;
  wire is_pass = state_o == 2'd1;
  assign run_now      = run_clocks + 64'(beam && is_engaged);
  assign position_now = dwell_start_i ? 32'd0 : position_clocks + 32'(beam && is_engaged && position_clocks != '1);

  wire heartbeat_late = since_heartbeat >= heartbeat_timeout_i;
  wire adc_late       = since_adc >= adc_timeout_i;
  wire network_late   = waits && waited >= network_deadline_i;
  wire dose_reached   = run_now >= frame_cap_i;
  wire cap_reached    = position_now >= pixel_cap_i;

  initial assume (!rst_ni);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {past_q, past2_q, past3_q} <= '0;
      {engaged_q, pass_q, permit_q, upset_q, rearm_q, no_dwell_q, decided_q, internal_q, cap_q, dose_q} <= '0;
      {heartbeat_late_q, adc_late_q, network_late_q, open_now_q, microscope_now_q} <= '0;
      microscope_q <= '1;
      open_q <= '1;
      since_heartbeat <= '1;
      since_adc <= '1;
      waited <= '0;
      waits <= 1'b0;
      run_clocks <= '0;
      position_clocks <= '0;
    end else begin
      past_q <= 1'b1;
      past2_q <= past_q;
      past3_q <= past2_q;
      engaged_q <= is_engaged;
      pass_q <= is_pass;
      permit_q <= beam;
      upset_q <= state_q != Tripped && state_q != PassThrough && state_q != Engaged;
      rearm_q <= rearm_i;
      no_dwell_q <= !dwell_next_i;
      decided_q <= decided_i && !dwell_start_i;
      internal_q <= internal_error_i;
      cap_q <= cap_reached;
      dose_q <= dose_reached;
      heartbeat_late_q <= heartbeat_late;
      adc_late_q <= adc_late;
      network_late_q <= network_late;
      open_now_q <= !external_interlock_o;
      microscope_now_q <= microscope_blank_o;
      microscope_q <= {microscope_q[1:0], microscope_blank_i};
      open_q <= {open_q[1:0], !external_interlock_i};
      since_heartbeat <= heartbeat_i ? 32'd0 : (since_heartbeat == '1 ? since_heartbeat : since_heartbeat + 1'b1);
      since_adc <= adc_valid_i ? 32'd0 : (since_adc == '1 ? since_adc : since_adc + 1'b1);
      waits <= network_watch_i && (vector_i || (waits && !result_i));
      waited <= (!waits || result_i) ? 32'd0 : (waited == '1 ? waited : waited + 1'b1);
      run_clocks <= (run_start_i || clear_dose_i) ? 64'd0 : run_now;
      position_clocks <= position_now;
    end
  end

  // Caps that do not change under way: only then is the dose bounded by them.
  (* anyconst *) logic [63:0] steady_frame_cap;
  (* anyconst *) logic [31:0] steady_pixel_cap;
  logic frame_steady_q, pixel_steady_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {frame_steady_q, pixel_steady_q} <= 2'b11;
    else begin
      frame_steady_q <= frame_steady_q && frame_cap_i == steady_frame_cap;
      pixel_steady_q <= pixel_steady_q && pixel_cap_i == steady_pixel_cap;
    end
  end

  always_comb begin
    if (!rst_ni) begin
      a_reset_blanks: assert (!beam);
      a_reset_trips: assert (tripped_o);
    end else begin
      // Invariants: the design's counters are the ones counted here.
      i_heartbeat: assert (since_heartbeat == heartbeat_age_q);
      i_adc: assert (since_adc == adc_age_q);
      i_waits: assert (waits == waiting_q && waited == wait_q);
      i_run: assert (run_clocks == run_q);
      i_position: assert (position_clocks == position_q);
      i_microscope: assert (microscope_q[1] == microscope_blank_o && open_q[1] == !external_interlock_o);
      i_before: assert (!past_q || (microscope_q[2] == microscope_now_q && open_q[2] == open_now_q));

      // Beam only out of a state that may have it; a code that nobody wrote down is a trip.
      a_state: assert (!beam || !past_q || engaged_q || pass_q);
      a_upset: assert (!upset_q || (!beam && tripped_o && trip_causes_o[6]));

      if (past_q) begin
        // Trips: the edge that sees the cause blanks, and latches.
        a_heartbeat: assert (!(engaged_q && heartbeat_late_q) || (!beam && tripped_o && trip_causes_o[1]));
        a_adc: assert (!(engaged_q && adc_late_q) || (!beam && tripped_o && trip_causes_o[2]));
        a_network: assert (!(engaged_q && network_late_q) || (!beam && tripped_o && trip_causes_o[3]));
        a_frame_cap: assert (!(engaged_q && dose_q) || (!beam && tripped_o && trip_causes_o[4]));
        a_external: assert (!((engaged_q || pass_q) && open_now_q) || (!beam && tripped_o && trip_causes_o[5]));
        a_internal: assert (!((engaged_q || pass_q) && internal_q) || (!beam && tripped_o && trip_causes_o[6]));

        // Holds: the edge that sees them blanks.
        a_no_dwell: assert (!(engaged_q && no_dwell_q) || !beam);
        a_decided: assert (!(engaged_q && decided_q) || !beam);
        a_pixel_cap: assert (!(engaged_q && cap_q) || !beam);
        a_microscope: assert (!microscope_now_q || !beam);

        // No way back on while anything holds.
        a_on_only_without_cause: assert (!(beam && !permit_q) || (!microscope_now_q && !open_now_q && !internal_q
          && (pass_q || (engaged_q && !no_dwell_q && !decided_q && !cap_q && !dose_q && !heartbeat_late_q && !adc_late_q && !network_late_q))));

        // A trip ends by a re-arm with no cause left, and by nothing else.
        a_latched: assert (tripped_o || engaged_q || pass_q
          || (rearm_q && !internal_q && !open_now_q && !dose_q && !heartbeat_late_q && !adc_late_q && !network_late_q));
        a_rearm_engages: assert (tripped_o || engaged_q || pass_q || is_engaged);
      end

      // From the pins: two synchronising edges and the one that blanks.
      if (past3_q) begin
        a_microscope_pin: assert (!microscope_q[2] || !beam);
        a_external_pin: assert (!open_q[2] || !beam);
      end

      // Doses: the beam is on only while fewer clocks than the cap were counted. (The clock in which pass-through ends is
      // not Edge's.)
      a_frame_dose: assert (!(beam && is_engaged && engaged_q && frame_steady_q) || run_clocks < steady_frame_cap);
      a_pixel_dose: assert (!(beam && is_engaged && engaged_q && pixel_steady_q) || position_clocks < steady_pixel_cap);
    end
  end

  // Arming, and each state with the beam on, can be reached.
  always_comb begin
    if (rst_ni && past_q) begin
      c_engaged_beam: cover (beam && is_engaged);
      c_pass_through_beam: cover (beam && is_pass);
      c_tripped_again: cover (tripped_o && engaged_q && trip_causes_o == 8'h02);
      c_held: cover (is_engaged && permit_q && !beam && decided_q);
    end
  end
