  // One record, whichever the solver likes, is followed from the edge that takes it to the answer to its write; beside it one
  // burst, whichever the solver likes, from its address to its answer. The bus answers as it likes, the host reads as it
  // likes. The ring is enabled once. Inserted before the design's endmodule by
  // prove.py; checked from reset for so many clocks as prove.py says.
  localparam int LineBeats = RecordBits / BusWidth, LineBit = $clog2(LineBeats);

  (* anyconst *) logic [7:0]   tag;         // the record that is followed
  (* anyconst *) logic [RecordBits-1:0] tag_data;
  (* anyconst *) logic [7:0]   burst;       // the burst that is followed

  // Settings of one ring of two records; the tests go through others.
  localparam logic [63:0] the_base = 64'h3000, the_tail = 64'h8048;
  localparam logic [4:0]  the_log2 = 5'd1;

  logic       past_q, enable_q, enabled_before_q, aw_held_q, w_held_q, failed_q;
  logic [63:0] aw_address_q;
  logic [7:0] aw_length_q;
  logic [BusWidth-1:0] w_data_q;
  logic       w_last_q;
  logic [7:0] taken_q;                      // records that came in
  logic [7:0] addressed_q, sent_q, answered_q;   // bursts offered, sent whole, answered
  logic [7:0] lines_q;                      // records that have a burst
  logic [31:0] host_read_q;                 // what it gave back, when it may
  logic [1:0] after_error_q;                // bursts offered after an error
  logic [7:0] of_burst_first_q, of_burst_lines_q, beats_sent_q, tag_burst_q;
  logic       of_burst_known_q, of_burst_tail_q, tag_placed_q, tag_answered_q, tag_sent_q;

  // In the design's terms.
  wire        offer     = awvalid_o && !aw_held_q;
  wire        is_tail   = awaddr_o == {the_tail[63:$clog2(BusWidth/8)], {$clog2(BusWidth/8){1'b0}}};
  wire [7:0]  lines     = (awlen_o + 8'd1) >> LineBit;
  wire [7:0]  place     = lines_q & ((8'd1 << the_log2) - 8'd1);
  wire [63:0] page      = awaddr_o >> 6;
  wire        beat      = wvalid_o && wready_i;
  wire        w_is_tail = wstrb_o != '1;
  wire [7:0]  tail_says = 8'(wdata_o >> {the_tail[$clog2(BusWidth/8)-1:2], 5'd0});
  wire        this_burst = wvalid_o && sent_q == burst;   // the beat on the bus belongs to the burst that is followed
  wire        known      = of_burst_known_q || (offer && addressed_q == burst);
  wire [7:0]  first_line = of_burst_known_q ? of_burst_first_q : lines_q;
  wire [7:0]  burst_lines = of_burst_known_q ? of_burst_lines_q : is_tail ? 8'd0 : lines;
  wire        answer_ok  = bvalid_i && bresp_i == '0 && answered_q < addressed_q && !failed_q;

  initial assume (!rst_ni);
  always_comb begin
    assume (base_i == the_base && tail_address_i == the_tail && records_log2_i == the_log2);
    assume (read_count_i < 32'd256);
    assume (!(enable_i && enabled_before_q));
    assume (!bvalid_i || (answered_q < sent_q && answered_q < addressed_q - 8'(aw_held_q)));
    assume (!(record_valid_i && record_ready_o && taken_q == tag) || record_data_i == tag_data);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {past_q, enable_q, enabled_before_q, aw_held_q, w_held_q, failed_q} <= '0;
      {taken_q, addressed_q, sent_q, answered_q, lines_q, host_read_q, beats_sent_q, after_error_q} <= '0;
      {of_burst_known_q, of_burst_tail_q, tag_placed_q, tag_answered_q, tag_sent_q} <= '0;
    end else begin
      past_q           <= 1'b1;
      enable_q         <= enable_q || enable_i;
      enabled_before_q <= enabled_before_q || (enable_q && !enable_i);
      aw_held_q        <= awvalid_o && !awready_i;
      w_held_q         <= wvalid_o && !wready_i;
      taken_q          <= taken_q + 8'(record_valid_i && record_ready_o);
      addressed_q      <= addressed_q + 8'(offer);
      sent_q           <= sent_q + 8'(beat && wlast_o);
      answered_q       <= answered_q + 8'(bvalid_i);
      failed_q         <= failed_q || (bvalid_i && !answer_ok);
      if (failed_q && offer && after_error_q != '1) after_error_q <= after_error_q + 2'd1;
      if (offer && !is_tail) lines_q <= lines_q + lines;
      if (running_o && read_valid_i && read_count_i - host_read_q <= written_o - host_read_q) host_read_q <= read_count_i;
      if (offer && addressed_q == burst) begin
        of_burst_known_q <= 1'b1;
        of_burst_tail_q  <= is_tail;
        of_burst_first_q <= lines_q;
        of_burst_lines_q <= is_tail ? 8'd0 : lines;
      end
      if (beat) beats_sent_q <= wlast_o ? 8'd0 : beats_sent_q + 8'd1;
      if (offer && !is_tail && tag >= lines_q && tag < lines_q + lines) begin
        tag_placed_q <= 1'b1;
        tag_burst_q  <= addressed_q;
      end
      if (tag_placed_q && sent_q > tag_burst_q) tag_sent_q <= 1'b1;
      if (tag_placed_q && answer_ok && answered_q == tag_burst_q) tag_answered_q <= 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    aw_address_q <= awaddr_o;
    aw_length_q  <= awlen_o;
    w_data_q     <= wdata_o;
    w_last_q     <= wlast_o;
  end

  always_comb begin
    if (!rst_ni) begin
      a_reset: assert (!awvalid_o && !wvalid_o && !interrupt_o && drained_o);
    end else begin
      // Where: the next place of the ring, never where the host has not read, never across the boundary.
      a_place: assert (!(offer && !is_tail) || awaddr_o == the_base + {50'd0, place, 6'd0});
      a_read_count: assert (!(offer && !is_tail) || 8'(lines_q + lines - host_read_q[7:0]) <= (8'd1 << the_log2));
      a_boundary: assert (!(offer && !is_tail) || 8'(page[$clog2(BoundaryLines)-1:0]) + lines <= 8'(BoundaryLines));
      a_whole: assert (!(offer && !is_tail) || (lines != '0 && ((awlen_o + 8'd1) & 8'(LineBeats - 1)) == '0));
      a_only_what_came: assert (lines_q <= taken_q);
      a_one_tail_beat: assert (!(offer && is_tail) || awlen_o == '0);

      // What: the record that is followed stands whole at its place in its burst.
      a_data_after_address: assert (!wvalid_o || sent_q < addressed_q || (offer && sent_q == addressed_q));
      a_last: assert (!(this_burst && known) || wlast_o == (beats_sent_q + 8'd1 == (burst_lines == '0 ? 8'd1 : burst_lines << LineBit)));
      a_strobes: assert (!(this_burst && known) || w_is_tail == (burst_lines == '0));
      a_record: assert (!(this_burst && known && burst_lines != '0 && first_line + (beats_sent_q >> LineBit) == tag)
                        || wdata_o == BusWidth'(tag_data >> (BusWidth * (beats_sent_q & 8'(LineBeats - 1)))));

      // The tail counts only records that were answered, and each of them was sent before.
      a_tail: assert (!(wvalid_o && w_is_tail && tail_says > tag) || tag_answered_q);
      a_written: assert (!(written_o[7:0] > tag) || tag_answered_q);

      // The bus.
      a_address_holds: assert (!aw_held_q || (awvalid_o && awaddr_o == aw_address_q && awlen_o == aw_length_q));
      a_data_hold: assert (!w_held_q || (wvalid_o && wdata_o == w_data_q && wlast_o == w_last_q));
      a_error_stops: assert (after_error_q <= 2'd2);   // the burst that was planned already, and a tail

      // Drained: nothing is under way, and the last tail has counted every record, unless something failed.
      a_drained: assert (!drained_o || failed_q || (addressed_q == sent_q && addressed_q == answered_q && written_o[7:0] == lines_q));
    end
  end

  always_comb begin
    if (rst_ni && past_q) begin
      c_wrapped: cover (tag == 8'd2 && tag_answered_q && wvalid_o && w_is_tail && tail_says == 8'd3);
      c_full: cover (running_o && !record_ready_o && !awvalid_o && lines_q == (8'd1 << the_log2));
      c_drained: cover (drained_o && !enable_i && lines_q > 8'd1 && error_o == '0);
      c_interrupt: cover (interrupt_o);
    end
  end
