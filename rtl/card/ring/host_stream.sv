// host_stream: vectors of the host, read from a ring in its memory -> the network's vector port. In order,
// none lost, each once. The host writes lines of 64 bytes and says how many it has written; a vector is
// VectorLines of them, element 0 lowest, the rest of its last line is not used. A vector is given on only
// when all of it has been read without an error. Reads never run ahead of the host's count, and never cross
// 4 KiB. How many lines were consumed goes back into host memory.
//   a vector begun and not completed by the host for stall_clocks_i: stops, error 3; it is never given on
//   an error answer to a read or to the count, or data that no read asked for: stops, error 2
//   settings that are not allowed: error 1; a count that cannot be: error 4
// Clock: the bus's. Throughput: a beat a clock while vectors leave. No combinational paths.
module host_stream #(
  parameter int BusWidth    = 128,  // bits: 128, 256 or 512
  parameter int VectorBits  = 64,   // bits of a vector
  parameter int BufferLines = 32,   // lines that are read ahead, at least BurstLines
  parameter int BurstLines  = 16,   // lines of the longest read
  localparam int VectorLines = (VectorBits + 511) / 512
) (
  input  logic        clk_i,
  input  logic        rst_ni,  // asynchronous
  // settings, taken when enable_i rises
  input  logic        enable_i,
  input  logic [63:0] base_i,           // bytes, aligned to 4 KiB
  input  logic [4:0]  lines_log2_i,     // size of the ring: 6 to 24
  input  logic [63:0] consumed_address_i,  // bytes, aligned to 4
  input  logic [15:0] consumed_lines_i,    // the count goes back after so many lines at the latest; 0 is 1
  input  logic [31:0] stall_clocks_i,      // 0: waits for ever
  // the host has written so many lines since the stream was enabled, modulo 2^32
  input  logic        produced_valid_i,
  input  logic [31:0] produced_count_i,
  // state
  output logic        running_o,
  output logic        drained_o,       // off, and nothing is under way
  output logic        failed_o,        // enabled, but stopped
  output logic [2:0]  error_o,         // 0 none, 1 settings, 2 error answer, 3 cut, 4 count; until the next start
  output logic [31:0] error_count_o,   // error answers since the start
  output logic [31:0] consumed_o,      // lines of vectors that were given on
  // vectors
  output logic                  vector_valid_o,
  input  logic                  vector_ready_i,
  output logic [VectorBits-1:0] vector_data_o,
  // AXI4; ID 0, INCR, full width
  output logic                  arvalid_o,
  input  logic                  arready_i,
  output logic [63:0]           araddr_o,
  output logic [7:0]            arlen_o,
  input  logic                  rvalid_i,
  output logic                  rready_o,
  input  logic [BusWidth-1:0]   rdata_i,
  input  logic [1:0]            rresp_i,
  input  logic                  rlast_i,
  output logic                  awvalid_o,
  input  logic                  awready_i,
  output logic [63:0]           awaddr_o,
  output logic [7:0]            awlen_o,
  output logic                  wvalid_o,
  input  logic                  wready_i,
  output logic [BusWidth-1:0]   wdata_o,
  output logic [BusWidth/8-1:0] wstrb_o,
  output logic                  wlast_o,
  input  logic                  bvalid_i,
  output logic                  bready_o,
  input  logic [1:0]            bresp_i
);
  localparam int Beats     = 512 / BusWidth;
  localparam int ByteBits  = $clog2(BusWidth / 8);
  localparam int LineBits  = $clog2(BurstLines + 1);
  localparam int BeatCount = BufferLines * Beats;
  localparam int BeatBits  = $clog2(BeatCount + 1);
  localparam int VectorBeats = (VectorBits + BusWidth - 1) / BusWidth;   // beats that hold something
  localparam int AllBeats    = VectorLines * Beats;
  localparam int IndexBits   = $clog2(AllBeats + 1);

  if ((BusWidth != 128 && BusWidth != 256 && BusWidth != 512) || VectorBits < 1 || BurstLines < 1
      || BurstLines * Beats > 256 || BufferLines < BurstLines) begin : g_check
    host_stream_needs_BusWidth_128_256_or_512_and_reads_that_fit u_error ();
  end

  // ---------------------------------------------------------------- on and off
  localparam logic [1:0] Off = 2'd0, On = 2'd1, Stopping = 2'd2;
  logic [1:0]  state_q;
  logic        enabled_q, start, settings_ok, idle, bad_answer, bad_count, cut;
  logic [2:0]  error_q, error_now;
  logic [31:0] error_count_q;
  logic [63:0] base_q, consumed_address_q;
  logic [4:0]  log2_q;

  assign settings_ok = base_i[11:0] == '0 && consumed_address_i[1:0] == '0 && lines_log2_i >= 5'd6 && lines_log2_i <= 5'd24
                       && (32'd1 << lines_log2_i) >= 32'(VectorLines);
  assign start       = state_q == Off && enable_i && !enabled_q && settings_ok;
  assign error_now   = bad_answer ? 3'd2 : cut ? 3'd3 : bad_count ? 3'd4 : 3'd0;
  assign running_o   = state_q == On;
  assign drained_o   = state_q == Off;
  assign error_o     = error_q;
  assign failed_o    = enable_i && error_q != '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q       <= Off;
      enabled_q     <= 1'b0;
      error_q       <= '0;
      error_count_q <= '0;
    end else begin
      enabled_q <= enable_i && (enabled_q || state_q == Off);
      case (state_q)
        Off: if (enable_i && !enabled_q) begin
          if (settings_ok) state_q <= On;
          error_q <= settings_ok ? 3'd0 : 3'd1;
        end
        On:       if (!enable_i || error_now != '0) state_q <= Stopping;
        Stopping: if (idle) state_q <= Off;
        default:  state_q <= Stopping;
      endcase
      if (state_q != Off && error_q == '0) error_q <= error_now;
      if (start) error_count_q <= '0;
      else if (bad_answer && error_count_q != '1) error_count_q <= error_count_q + 1'b1;
    end
  end
  assign error_count_o = error_count_q;

  always_ff @(posedge clk_i) begin
    if (start) begin
      base_q             <= base_i;
      consumed_address_q <= consumed_address_i;
      log2_q             <= lines_log2_i;
    end
  end

  // ---------------------------------------------------------------- what the host has written
  logic [31:0] produced_q, asked_q, consumed_q, size, to_ask;

  // Never less than before, never more than a ring beyond what was given back.
  assign size      = 32'd1 << log2_q;
  assign bad_count = running_o && produced_valid_i
                     && (produced_count_i - produced_q > size || produced_count_i - consumed_q > size);
  assign to_ask    = produced_q - asked_q;

  // ---------------------------------------------------------------- reads
  // Room is kept for every beat that was asked for, so the bus never waits for us.
  logic [BeatBits-1:0] reserved_q;   // beats asked for or held
  logic                ar_valid_q, ask, beat_in, beat_taken;
  logic [63:0]         ar_address_q, address;
  logic [7:0]          ar_length_q;
  logic [31:0]         room_lines, to_boundary;
  logic [LineBits-1:0] lines;

  assign address     = base_q + {26'd0, asked_q & (size - 1'b1), 6'd0};
  assign to_boundary = 32'd64 - 32'(address[11:6]);
  assign room_lines  = (32'(BeatCount) - 32'(reserved_q)) / 32'(Beats);
  always_comb begin
    lines = LineBits'(BurstLines);
    if (to_ask < 32'(lines))      lines = LineBits'(to_ask);
    if (room_lines < 32'(lines))  lines = LineBits'(room_lines);
    if (to_boundary < 32'(lines)) lines = LineBits'(to_boundary);
  end
  assign ask = state_q == On && enable_i && error_now == '0 && (!ar_valid_q || arready_i) && lines != '0;

  // Beats that are still to come: an answer beyond them is to nothing.
  logic [BeatBits-1:0] coming_q;
  assign beat_in  = rvalid_i && coming_q != '0;
  assign rready_o = 1'b1;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      ar_valid_q <= 1'b0;
      produced_q <= '0;
      asked_q    <= '0;
      reserved_q <= '0;
      coming_q   <= '0;
    end else begin
      ar_valid_q <= ask || (ar_valid_q && !arready_i);
      coming_q   <= coming_q + (ask ? BeatBits'(32'(lines) * Beats) : '0) - BeatBits'(beat_in);
      if (start) begin
        produced_q <= '0;
        asked_q    <= '0;
        reserved_q <= '0;
      end else begin
        if (running_o && produced_valid_i && !bad_count) produced_q <= produced_count_i;
        asked_q    <= asked_q + (ask ? 32'(lines) : '0);
        reserved_q <= reserved_q + (ask ? BeatBits'(32'(lines) * Beats) : '0) - BeatBits'(beat_taken);
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (ask) begin
      ar_address_q <= address;
      ar_length_q  <= 8'(32'(lines) * Beats - 1);
    end
  end
  assign arvalid_o = ar_valid_q;
  assign araddr_o  = ar_address_q;
  assign arlen_o   = ar_length_q;

  // Which beat of each read is its last: one that ends early or late is a broken answer.
  logic       last_shown, last_ready, last_beat;
  logic [7:0] last_length, beat_of_read_q;
  logic [$clog2(BufferLines+1)-1:0] unused_reads;

  fifo #(.Width(8), .Depth(BufferLines)) u_reads (
    .clk_i,
    .rst_ni,
    .in_valid_i  (ask),
    .in_ready_o  (last_ready),
    .in_data_i   (8'(32'(lines) * Beats - 1)),
    .out_valid_o (last_shown),
    .out_ready_i (beat_in && last_beat),
    .out_data_o  (last_length),
    .level_o     (unused_reads)
  );
  assign last_beat = beat_of_read_q == last_length;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)      beat_of_read_q <= '0;
    else if (beat_in) beat_of_read_q <= last_beat ? '0 : beat_of_read_q + 1'b1;
  end

  // ---------------------------------------------------------------- vectors
  logic                beat_shown, give, complete, vector_valid_q, unused_ready;
  logic [BusWidth-1:0] beat;
  logic [BeatBits-1:0] unused_level;
  logic [IndexBits-1:0] index_q;
  logic [VectorBeats*BusWidth-1:0] vector_q;
  logic                failing;

  // Nothing behind a broken answer is given on; off, what is left is thrown away.
  assign failing = bad_answer || error_q != '0;

  fifo #(.Width(BusWidth), .Depth(BeatCount)) u_beats (
    .clk_i,
    .rst_ni,
    .in_valid_i  (beat_in && state_q == On && !failing),
    .in_ready_o  (unused_ready),
    .in_data_i   (rdata_i),
    .out_valid_o (beat_shown),
    .out_ready_i (beat_taken),
    .out_data_o  (beat),
    .level_o     (unused_level)
  );

  assign give       = vector_valid_q && vector_ready_i;   // also at the edge at which it stops
  assign beat_taken = beat_shown && (state_q != On || !vector_valid_q || vector_ready_i);
  assign complete   = beat_taken && state_q == On && index_q == IndexBits'(AllBeats - 1);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      vector_valid_q <= 1'b0;
      index_q        <= '0;
      consumed_q     <= '0;
    end else begin
      vector_valid_q <= complete || (vector_valid_q && !vector_ready_i && state_q == On);
      if (state_q != On)   index_q <= '0;
      else if (beat_taken) index_q <= complete ? '0 : index_q + 1'b1;
      if (start)     consumed_q <= '0;
      else if (give) consumed_q <= consumed_q + 32'(VectorLines);
    end
  end
  for (genvar k = 0; k < VectorBeats; k++) begin : g_beat
    always_ff @(posedge clk_i) if (beat_taken && index_q == IndexBits'(k)) vector_q[k*BusWidth +: BusWidth] <= beat;
  end
  assign vector_valid_o = vector_valid_q;
  assign vector_data_o  = vector_q[VectorBits-1:0];
  assign consumed_o     = consumed_q;

  // A vector that was begun, or a read that was asked for, and nothing comes.
  logic [31:0] still_q;
  assign cut = state_q == On && stall_clocks_i != '0 && still_q >= stall_clocks_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)                                                               still_q <= '0;
    else if (beat_in || beat_taken || (index_q == '0 && coming_q == '0)) still_q <= '0;
    else                                                                       still_q <= still_q + 32'(still_q != '1);
  end

  // ---------------------------------------------------------------- the count goes back
  logic [31:0] sent_q, unsent;
  logic        send, nothing_else, aw_valid_q, w_valid_q, write_out_q;

  assign unsent       = consumed_q - sent_q;
  assign nothing_else = state_q != On || (!beat_shown && !vector_valid_q && coming_q == '0 && to_ask == '0);
  assign send         = unsent != '0 && !write_out_q && (nothing_else || unsent >= 32'(consumed_lines_i));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {aw_valid_q, w_valid_q, write_out_q} <= '0;
      sent_q <= '0;
    end else begin
      aw_valid_q  <= send || (aw_valid_q && !awready_i);
      w_valid_q   <= send || (w_valid_q && !wready_i);
      write_out_q <= send || (write_out_q && !bvalid_i);
      sent_q      <= start ? '0 : send ? consumed_q : sent_q;
    end
  end
  assign awvalid_o = aw_valid_q;
  assign awaddr_o  = {consumed_address_q[63:ByteBits], ByteBits'(0)};
  assign awlen_o   = '0;
  assign wvalid_o  = w_valid_q;
  assign wdata_o   = {(BusWidth/32){sent_q}};
  assign wstrb_o   = (BusWidth/8)'(4'hF) << {consumed_address_q[ByteBits-1:2], 2'd0};
  assign wlast_o   = 1'b1;
  assign bready_o  = 1'b1;

  // ---------------------------------------------------------------- answers
  assign bad_answer = (rvalid_i && (coming_q == '0 || rresp_i != 2'b00 || rlast_i != last_beat))
                      || (bvalid_i && (!write_out_q || bresp_i != 2'b00));
  assign idle       = !ar_valid_q && coming_q == '0 && !beat_shown && unsent == '0 && !write_out_q && !aw_valid_q && !w_valid_q;

  logic unused;
  assign unused = &{last_shown, last_ready, unused_ready, unused_reads, unused_level, consumed_address_q[1:0], vector_q};
endmodule
