  // What interlock.md promises, written a second time, from its ports; of the design's own registers only
  // those appear that the invariants tie down, and the state, whose codes may be upset. Inserted before the design's
  // endmodule by prove.py; checked at every clock, from reset on.

  // Registers of the watches: Yosys joins these wires with them when it flattens the design.
  (* hierconn *) wire [31:0] \u_heartbeat.age_q ;
  (* hierconn *) wire [31:0] \u_detector.u_watchdog.age_q ;
  (* hierconn *) wire [15:0] \u_overload.above_q ;
  (* hierconn *) wire [31:0] \u_blanker.blanked_q ;
  (* hierconn *) wire [15:0] \u_blanker.above_q ;

  // One clock ago, and more.
  logic       past_q, past2_q, past3_q;            // so many clocks without reset lie behind
  logic       engaged_q, pass_q, permit_q, upset_q;
  logic [2:0] microscope_q, open_q, reconfigure_q;  // [k]: k + 1 clocks ago
  logic       rearm_q, no_dwell_q, decided_q, cap_q, microscope_now_q;
  logic [11:0] held_q, latched_q;                  // causes, and what trip_causes_o was

  // Ages, samples and doses, counted anew.
  logic [31:0] since_heartbeat, since_detector, waited, position_clocks, dark;
  logic [15:0] too_bright, not_dark;
  logic [63:0] run_clocks, run_now;
  logic [31:0] position_now;
  logic        waits;

  wire beam = permit_beam_o;
  wire is_engaged = state_o == 2'd2;
  wire is_pass = state_o == 2'd1;
  assign run_now      = run_clocks + 64'(beam && is_engaged);
  assign position_now = dwell_start_i ? 32'd0 : position_clocks + 32'(beam && is_engaged && position_clocks != '1);

  wire cap_reached    = position_now >= pixel_cap_i;
  wire detector_alive = (adc_valid_i && (detector_source_i == 2'd0 || detector_source_i == 2'd2))
                        || (keep_alive_word_i && (detector_source_i == 2'd1 || detector_source_i == 2'd2));

  // Causes as interlock.md numbers them. What comes in asynchronously counts from the second flip-flop here, and from the
  // pin below.
  wire [11:0] held = {
    scan_lost_i,
    test_failed_i,
    stop_i,
    blanker_samples_i != 16'hFFFF && not_dark >= blanker_samples_i,
    overload_samples_i != 16'hFFFF && too_bright >= overload_samples_i,
    internal_error_i,
    !external_interlock_o,
    run_now >= frame_cap_i,
    waits && waited >= network_deadline_i,
    since_detector >= detector_timeout_i || detector_source_i == 2'd3,
    since_heartbeat >= heartbeat_timeout_i,
    reconfigures
  };
  localparam logic [11:0] WhenPassing = 12'b0010_0110_0001, WhenTripped = 12'b0010_0000_0001;

  initial assume (!rst_ni);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {past_q, past2_q, past3_q} <= '0;
      {engaged_q, pass_q, permit_q, upset_q, rearm_q, no_dwell_q, decided_q, cap_q, microscope_now_q} <= '0;
      held_q <= '0;
      latched_q <= 12'd1;
      microscope_q <= '1;
      open_q <= '1;
      reconfigure_q <= '1;
      since_heartbeat <= '1;
      since_detector <= '1;
      too_bright <= '0;
      not_dark <= '0;
      dark <= '0;
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
      cap_q <= cap_reached;
      held_q <= held;
      latched_q <= trip_causes_o[11:0];
      microscope_now_q <= microscope_blank_o;
      microscope_q <= {microscope_q[1:0], microscope_blank_i};
      open_q <= {open_q[1:0], !external_interlock_i};
      reconfigure_q <= {reconfigure_q[1:0], reconfigure_i};
      since_heartbeat <= heartbeat_i ? 32'd0 : (since_heartbeat == '1 ? since_heartbeat : since_heartbeat + 1'b1);
      since_detector <= detector_alive ? 32'd0 : (since_detector == '1 ? since_detector : since_detector + 1'b1);
      if (sample_valid_i) begin
        if (sample_clipped_i || sample_i >= overload_level_i) too_bright <= too_bright == '1 ? too_bright : too_bright + 1'b1;
        else too_bright <= 16'd0;
      end
      dark <= beam ? 32'd0 : (dark == '1 ? dark : dark + 1'b1);
      if (beam) not_dark <= 16'd0;
      else if (sample_valid_i && dark >= blanker_settle_i) begin
        if (sample_i > pedestal_limit_i) not_dark <= not_dark == '1 ? not_dark : not_dark + 1'b1;
        else not_dark <= 16'd0;
      end
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
      i_heartbeat: assert (since_heartbeat == \u_heartbeat.age_q );
      i_detector: assert (since_detector == \u_detector.u_watchdog.age_q );
      i_overload: assert (too_bright == \u_overload.above_q );
      i_blanker: assert (dark == \u_blanker.blanked_q && not_dark == \u_blanker.above_q );
      i_waits: assert (waits == waiting_q && waited == wait_q);
      i_run: assert (run_clocks == run_q);
      i_position: assert (position_clocks == position_q);
      i_microscope: assert (microscope_q[1] == microscope_blank_o && open_q[1] == !external_interlock_o);
      i_reconfigure: assert (reconfigure_q[1] == reconfigures);
      i_before: assert (!past_q || (microscope_q[2] == microscope_now_q && open_q[2] == held_q[5] && reconfigure_q[2] == held_q[0]));

      // What the status register shows is what is written here.
      a_live: assert (live_causes_o == {4'd0, held} || (live_causes_o == {4'd0, held | 12'h040} && illegal));

      // Beam only out of a state that may have it; a code that nobody wrote down is a trip.
      a_state: assert (!beam || !past_q || engaged_q || pass_q);
      a_upset: assert (!upset_q || (!beam && tripped_o && trip_causes_o[6]));

      if (past_q) begin
        // Trips: the edge that sees the cause blanks, and latches it. Each by itself, so that a broken one is named.
        a_reset: assert (!held_q[0] || (!beam && tripped_o && trip_causes_o[0]));
        a_heartbeat: assert (!(engaged_q && held_q[1]) || (!beam && tripped_o && trip_causes_o[1]));
        a_detector: assert (!(engaged_q && held_q[2]) || (!beam && tripped_o && trip_causes_o[2]));
        a_network: assert (!(engaged_q && held_q[3]) || (!beam && tripped_o && trip_causes_o[3]));
        a_frame_cap: assert (!(engaged_q && held_q[4]) || (!beam && tripped_o && trip_causes_o[4]));
        a_external: assert (!((engaged_q || pass_q) && held_q[5]) || (!beam && tripped_o && trip_causes_o[5]));
        a_internal: assert (!((engaged_q || pass_q) && held_q[6]) || (!beam && tripped_o && trip_causes_o[6]));
        a_overload: assert (!(engaged_q && held_q[7]) || (!beam && tripped_o && trip_causes_o[7]));
        a_blanker: assert (!(engaged_q && held_q[8]) || (!beam && tripped_o && trip_causes_o[8]));
        a_stop: assert (!held_q[9] || (!beam && tripped_o && trip_causes_o[9]));
        a_test_vector: assert (!(engaged_q && held_q[10]) || (!beam && tripped_o && trip_causes_o[10]));
        a_scan_clock: assert (!(engaged_q && held_q[11]) || (!beam && tripped_o && trip_causes_o[11]));

        // Nothing else trips a card, and what is latched stays, added to by stop and reset alone.
        a_no_other: assert (!(engaged_q && held_q == '0) || illegal || !tripped_o);
        a_no_other_passing: assert (!(pass_q && (held_q & WhenPassing) == '0) || illegal || !tripped_o);
        a_kept: assert (engaged_q || pass_q || upset_q || illegal || !tripped_o || trip_causes_o == {4'd0, latched_q | (held_q & WhenTripped)});

        // Holds: the edge that sees them blanks.
        a_no_dwell: assert (!(engaged_q && no_dwell_q) || !beam);
        a_decided: assert (!(engaged_q && decided_q) || !beam);
        a_pixel_cap: assert (!(engaged_q && cap_q) || !beam);
        a_microscope: assert (!microscope_now_q || !beam);

        // No way back on while anything holds.
        a_on_only_without_cause: assert (!(beam && !permit_q) || (!microscope_now_q
          && ((pass_q && (held_q & WhenPassing) == '0) || (engaged_q && held_q == '0 && !no_dwell_q && !decided_q && !cap_q))));

        // A trip ends by a re-arm with no cause left, and by nothing else.
        a_latched: assert (tripped_o || engaged_q || pass_q || (rearm_q && held_q == '0));
        a_rearm_engages: assert (tripped_o || engaged_q || pass_q || is_engaged);
      end

      // From the pins: two synchronising edges and the one that blanks.
      if (past3_q) begin
        a_microscope_pin: assert (!microscope_q[2] || !beam);
        a_external_pin: assert (!open_q[2] || !beam);
        a_reconfigure_pin: assert (!reconfigure_q[2] || (!beam && tripped_o));
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
      c_reset: cover (tripped_o && engaged_q && permit_q && trip_causes_o == 16'h0001);
      c_heartbeat: cover (tripped_o && engaged_q && permit_q && trip_causes_o == 16'h0002);
      c_detector: cover (tripped_o && engaged_q && permit_q && trip_causes_o == 16'h0004);
      c_network: cover (tripped_o && engaged_q && permit_q && trip_causes_o == 16'h0008);
      c_frame_cap: cover (tripped_o && engaged_q && permit_q && trip_causes_o == 16'h0010);
      c_external: cover (tripped_o && engaged_q && permit_q && trip_causes_o == 16'h0020);
      c_internal: cover (tripped_o && engaged_q && permit_q && trip_causes_o == 16'h0040);
      c_overload: cover (tripped_o && engaged_q && permit_q && trip_causes_o == 16'h0080);
      c_stop: cover (tripped_o && engaged_q && permit_q && trip_causes_o == 16'h0200);
      c_test_vector: cover (tripped_o && engaged_q && permit_q && trip_causes_o == 16'h0400);
      c_scan_clock: cover (tripped_o && engaged_q && permit_q && trip_causes_o == 16'h0800);
      c_blanker: cover (tripped_o && engaged_q && trip_causes_o == 16'h0100);
      c_stopped_passing: cover (tripped_o && pass_q && permit_q && trip_causes_o == 16'h0200);
      c_armed_again: cover (is_engaged && !engaged_q && !pass_q && past3_q && latched_q == 12'h200);
      c_held: cover (is_engaged && permit_q && !beam && decided_q);
    end
  end
