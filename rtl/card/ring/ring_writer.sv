// ring_writer: lines of 64 bytes -> AXI4 write bursts into host memory, then a count of them (the tail).
// Every line is written once, in order, where place_address_i says; none is lost here, without a place they
// wait. Bursts never cross 4 KiB; one AXI ID; several may be without response. The tail is the count
// of lines whose write was answered: it is sent after that answer, when nothing else waits or tail_lines_i
// lines have come since the last. W beats are never missing once a burst is offered, and never wait for
// the address to be taken.
//   enable_i 0 -> 1 (when drained)  counts from 0, writes
//   enable_i 1 -> 0                 no new burst; what is under way ends, the last tail goes out: drained_o
//   an error answer, or fault_i     the same, at once, until enable_i falls and rises
// A line shows in a burst three clocks after it came, when nothing is ahead. No combinational paths from port to port.
module ring_writer #(
  parameter int BusWidth      = 128,  // bits: 128, 256 or 512
  parameter int BufferLines   = 32,   // lines that wait here, at least BurstLines
  parameter int BurstLines    = 16,   // lines of the longest burst
  parameter int Outstanding   = 16,   // bursts without response
  parameter int BoundaryLines = 64,   // bursts never cross so many lines: 4 KiB. Less only for proofs
  parameter int LineBits      = 512,  // of a line. Less only for proofs
  parameter bit DiscardWhileOff = 1'b0,  // 1: lines that come, or wait, while it is off are thrown away
  localparam int TakenBits    = $clog2(BurstLines + 1)
) (
  input  logic        clk_i,
  input  logic        rst_ni,  // asynchronous
  // settings, steady while enabled
  input  logic        enable_i,
  input  logic        hold_off_i,     // enabling waits while this is high
  input  logic        settings_ok_i,  // else enabling is refused: error 1
  input  logic [63:0] tail_address_i, // bytes, aligned to 4
  input  logic [15:0] tail_lines_i,   // a tail after so many lines at the latest; 0 is 1
  input  logic        fault_i,        // stop: error 2
  output logic        start_o,        // counts begin at 0 with the next clock
  output logic        running_o,
  output logic        drained_o,      // off, and nothing is under way
  output logic [1:0]  error_o,        // 0 none, 1 settings, 2 fault_i, 3 error answer; until the next start
  output logic [31:0] error_count_o,  // error answers since the start
  output logic [31:0] written_o,      // lines answered since the start, modulo 2^32
  output logic [31:0] reported_o,     // of these in a tail that was answered
  // lines
  input  logic         line_valid_i,
  output logic         line_ready_o,
  input  logic [LineBits-1:0] line_data_i,   // byte 0 lowest
  // where the next line goes, and how many may follow it there; taken when place_taken_o is not 0
  input  logic [63:0]          place_address_i,  // aligned to 64
  input  logic [31:0]          place_lines_i,    // 0: nowhere
  output logic [TakenBits-1:0] place_taken_o,
  // AXI4; ID 0, INCR, full width
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
  localparam int Beats      = LineBits / BusWidth;
  localparam int BeatBits   = (Beats > 1) ? $clog2(Beats) : 1;
  localparam int BusBytes   = BusWidth / 8;
  localparam int ByteBits   = $clog2(BusBytes);
  localparam int LevelBits  = $clog2(BufferLines + 1);
  localparam int PageBits   = $clog2(BoundaryLines);
  localparam int EntryBits  = 1 + TakenBits;
  localparam int QueueBits  = $clog2(Outstanding + 1);
  // So many planned lines keep the data busy until the next burst follows. More would only cut what waits into
  // small bursts, and those use up the answers that may be outstanding.
  localparam int AheadLines = 4;

  if ((LineBits == 512 && BusWidth != 128 && BusWidth != 256 && BusWidth != 512) || BurstLines < 1 || BurstLines * Beats > 256
      || BufferLines < BurstLines || Outstanding < 1 || BoundaryLines < 2 || BoundaryLines > 64) begin : g_check
    ring_writer_needs_BusWidth_128_256_or_512_and_bursts_that_fit u_error ();
  end

  logic unused_address;
  assign unused_address = ^tail_address_i[1:0];

  // ---------------------------------------------------------------- on and off
  localparam logic [1:0] Off = 2'd0, On = 2'd1, Stopping = 2'd2;
  logic [1:0] state_q;
  logic       line_shown;
  logic       rise, begin_now, failed_now, idle, enabled_q;
  logic [1:0] error_q;

  assign rise      = state_q == Off && enable_i && !enabled_q && !hold_off_i && !(DiscardWhileOff && line_shown);
  assign begin_now = rise && settings_ok_i;
  assign start_o   = begin_now;
  assign running_o = state_q == On;
  assign drained_o = state_q == Off;
  assign error_o   = error_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q   <= Off;
      error_q   <= '0;
      enabled_q <= 1'b0;
    end else begin
      // A rise of enable_i is seen when drained; one that comes while stopping waits till then.
      enabled_q <= enable_i && (enabled_q || rise);
      case (state_q)
        Off: if (rise) begin
          if (settings_ok_i) state_q <= On;
          error_q <= settings_ok_i ? 2'd0 : 2'd1;
        end
        On:       if (!enable_i || failed_now || fault_i) state_q <= Stopping;
        Stopping: if (idle) state_q <= Off;
        default:  state_q <= Stopping;
      endcase
      if (state_q != Off && error_q == '0) error_q <= failed_now ? 2'd3 : fault_i ? 2'd2 : 2'd0;
    end
  end

  // ---------------------------------------------------------------- lines that wait
  logic                 line_taken, line_pushed, discard;
  logic [LineBits-1:0]  line;
  logic [LevelBits-1:0] level, waiting_q, ahead;  // lines here; without a plan; planned, but not yet sent

  fifo #(.Width(LineBits), .Depth(BufferLines)) u_lines (
    .clk_i,
    .rst_ni,
    .in_valid_i  (line_valid_i),
    .in_ready_o  (line_ready_o),
    .in_data_i   (line_data_i),
    .out_valid_o (line_shown),
    .out_ready_i (line_taken),
    .out_data_o  (line),
    .level_o     (level)
  );
  assign line_pushed = line_valid_i && line_ready_o;
  assign discard     = DiscardWhileOff && state_q == Off;
  assign ahead       = level - waiting_q;

  // ---------------------------------------------------------------- plan: how many lines, where
  logic                 plan_valid_q, plan, plan_free;
  logic [63:0]          plan_address_q;
  logic [TakenBits-1:0] plan_lines_q, lines;
  logic [31:0]          to_boundary;

  assign to_boundary = 32'(BoundaryLines) - 32'(place_address_i[6 +: PageBits]);
  always_comb begin
    lines = TakenBits'(BurstLines);
    if (32'(waiting_q) < 32'(lines)) lines = TakenBits'(waiting_q);
    if (place_lines_i < 32'(lines))  lines = TakenBits'(place_lines_i);
    if (to_boundary < 32'(lines))    lines = TakenBits'(to_boundary);
  end
  assign plan          = state_q == On && enable_i && !failed_now && !fault_i
                         && plan_free && lines != '0 && 32'(ahead) <= AheadLines;
  assign place_taken_o = plan ? lines : '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      plan_valid_q <= 1'b0;
      waiting_q    <= '0;
    end else begin
      if (plan_free) plan_valid_q <= plan;
      waiting_q <= discard ? '0 : waiting_q + LevelBits'(line_pushed) - LevelBits'(place_taken_o);
    end
  end
  always_ff @(posedge clk_i) begin
    if (plan) begin
      plan_address_q <= place_address_i;
      plan_lines_q   <= lines;
    end
  end

  // ---------------------------------------------------------------- addresses: of a burst, or of a tail
  logic                 tail_wanted, issue_free, issue_tail, issue_data, issue, queues_ready, nothing_else;
  logic                 data_ready, answer_ready;
  logic [31:0]          written_q, sent_q, reported_q, tail_value_q, unsent;
  logic                 tail_out_q, aw_valid_q;
  logic [63:0]          aw_address_q;
  logic [7:0]           aw_length_q;

  assign unsent       = written_q - sent_q;
  assign tail_wanted  = unsent != '0 && !tail_out_q;
  assign queues_ready = data_ready && answer_ready;
  assign issue_free   = queues_ready && (!aw_valid_q || awready_i);
  assign nothing_else = !plan_valid_q && (waiting_q == '0 || place_lines_i == '0 || state_q != On);
  assign issue_tail   = issue_free && tail_wanted && (nothing_else || unsent >= 32'(tail_lines_i));
  assign issue_data   = issue_free && plan_valid_q && !issue_tail;
  assign issue        = issue_tail || issue_data;
  assign plan_free    = !plan_valid_q || issue_data;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)        aw_valid_q <= 1'b0;
    else if (issue)     aw_valid_q <= 1'b1;
    else if (awready_i) aw_valid_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (issue) begin
      aw_address_q <= issue_tail ? {tail_address_i[63:ByteBits], ByteBits'(0)} : plan_address_q;
      aw_length_q  <= issue_tail ? 8'd0 : 8'(32'(plan_lines_q) * Beats - 1);
    end
    if (issue_tail) tail_value_q <= written_q;
  end
  assign awvalid_o = aw_valid_q;
  assign awaddr_o  = aw_address_q;
  assign awlen_o   = aw_length_q;

  // ---------------------------------------------------------------- data
  logic [EntryBits-1:0] data_entry, answer_entry;  // {tail, lines}
  logic                 data_waits, beat_free, beat, beat_tail, last_of_line, last_of_burst, w_valid_q;
  logic [BeatBits-1:0]  beat_q;
  logic [TakenBits-1:0] lines_done_q;
  logic [BusWidth-1:0]  w_data_q;
  logic [BusBytes-1:0]  w_strobe_q;
  logic                 w_last_q;
  logic [QueueBits-1:0] data_level, answer_level;

  fifo #(.Width(EntryBits), .Depth(Outstanding)) u_data_queue (
    .clk_i,
    .rst_ni,
    .in_valid_i  (issue),
    .in_ready_o  (data_ready),
    .in_data_i   ({issue_tail, plan_lines_q}),
    .out_valid_o (data_waits),
    .out_ready_i (last_of_burst),
    .out_data_o  (data_entry),
    .level_o     (data_level)
  );

  assign beat_free     = !w_valid_q || wready_i;
  assign beat_tail     = data_entry[TakenBits];
  assign beat          = beat_free && data_waits && (beat_tail || line_shown);
  assign last_of_line  = beat && !beat_tail && beat_q == BeatBits'(Beats - 1);
  assign last_of_burst = beat && (beat_tail || (last_of_line && lines_done_q + 1'b1 == data_entry[TakenBits-1:0]));
  assign line_taken    = last_of_line || discard;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      w_valid_q    <= 1'b0;
      beat_q       <= '0;
      lines_done_q <= '0;
    end else begin
      if (beat_free) w_valid_q <= beat;
      if (beat && !beat_tail) beat_q <= last_of_line ? '0 : beat_q + 1'b1;
      if (last_of_burst)     lines_done_q <= '0;
      else if (last_of_line) lines_done_q <= lines_done_q + 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (beat) begin
      w_data_q   <= beat_tail ? {(BusWidth/32){tail_value_q}} : line[32'(beat_q)*BusWidth +: BusWidth];
      w_strobe_q <= beat_tail ? BusBytes'(4'hF) << {tail_address_i[ByteBits-1:2], 2'd0} : '1;
      w_last_q   <= last_of_burst;
    end
  end
  assign wvalid_o = w_valid_q;
  assign wdata_o  = w_data_q;
  assign wstrb_o  = w_strobe_q;
  assign wlast_o  = w_last_q;

  // ---------------------------------------------------------------- answers
  logic        answer_waits, bad, broken_q, tail_answered;
  logic [31:0] error_count_q;

  fifo #(.Width(EntryBits), .Depth(Outstanding)) u_answer_queue (
    .clk_i,
    .rst_ni,
    .in_valid_i  (issue),
    .in_ready_o  (answer_ready),
    .in_data_i   ({issue_tail, plan_lines_q}),
    .out_valid_o (answer_waits),
    .out_ready_i (bvalid_i),
    .out_data_o  (answer_entry),
    .level_o     (answer_level)
  );

  // An answer to nothing is as bad as a bad one.
  assign bready_o      = 1'b1;
  assign bad           = bvalid_i && (bresp_i != 2'b00 || !answer_waits);
  assign failed_now    = bad || broken_q;
  assign tail_answered = bvalid_i && answer_waits && answer_entry[TakenBits];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      written_q     <= '0;
      sent_q        <= '0;
      reported_q    <= '0;
      error_count_q <= '0;
      tail_out_q    <= 1'b0;
      broken_q      <= 1'b0;
    end else if (begin_now) begin
      broken_q      <= 1'b0;
      written_q     <= '0;
      sent_q        <= '0;
      reported_q    <= '0;
      error_count_q <= '0;
    end else begin
      if (bad) broken_q <= 1'b1;
      if (bad && error_count_q != '1) error_count_q <= error_count_q + 1'b1;
      // Behind an error nothing counts: what is counted has no hole.
      if (bvalid_i && !failed_now && !answer_entry[TakenBits]) written_q <= written_q + 32'(answer_entry[TakenBits-1:0]);
      if (issue_tail) sent_q <= written_q;
      if (tail_answered && !bad) reported_q <= tail_value_q;
      if (issue_tail || tail_answered) tail_out_q <= issue_tail;
    end
  end
  assign written_o     = written_q;
  assign reported_o    = reported_q;
  assign error_count_o = error_count_q;

  assign idle = !plan_valid_q && !tail_wanted && !aw_valid_q && !w_valid_q && data_level == '0 && answer_level == '0;
endmodule
