// payload_ring: blocks of data that belong to events (kept frames, spectra, traces) -> a chain of buffers in
// host memory, one after the other as one stream of lines of 64 bytes: a header, the data, zeros to the end
// of a line (drawn in payload_ring.md). A block is stored whole before any of it is written. One that does not
// fit the store is dropped whole and counted; blocks are numbered before that, so the gaps are the drops.
// Without a buffer blocks wait. Never stalls its source. Blocks begin to be kept, numbered from 0, when the
// ring is enabled; what has not been written when it stops is gone.
// A line of data leaves every 9 clocks. Clock: the bus's. No combinational paths.
module payload_ring #(
  parameter int BusWidth    = 128,   // bits: 128, 256 or 512
  parameter int StoreWords  = 2048,  // words of 64 bits, a power of two
  parameter int StoreBlocks = 16,    // blocks that wait
  parameter int BufferDepth = 64,    // buffers that wait
  parameter int BurstLines  = 16,
  parameter int Outstanding = 16,
  localparam int FreeBits   = $clog2(BufferDepth + 1)
) (
  input  logic        clk_i,
  input  logic        rst_ni,  // asynchronous
  // settings, taken when enable_i rises
  input  logic        enable_i,
  input  logic [63:0] tail_address_i,  // bytes, aligned to 4
  input  logic [15:0] tail_lines_i,
  input  logic [15:0] interrupt_lines_i,
  input  logic [31:0] interrupt_clocks_i,
  input  logic        acknowledge_i,
  output logic        interrupt_o,
  // buffers; those that come while the ring is off are forgotten
  input  logic                buffer_valid_i,
  input  logic [63:0]         buffer_address_i,  // bytes, a multiple of 64
  input  logic [31:0]         buffer_bytes_i,    // a multiple of 64, not 0
  output logic [FreeBits-1:0] buffers_free_o,    // places in the queue of buffers
  // state
  output logic        running_o,
  output logic        drained_o,
  output logic        failed_o,       // enabled, but stopped
  output logic [1:0]  error_o,        // 0 none, 1 settings, 2 buffer not allowed or queue full, 3 error answer
  output logic [31:0] error_count_o,
  output logic [31:0] written_o,      // lines answered
  output logic [31:0] numbered_o,     // blocks that came
  output logic [31:0] dropped_o,      // of these without room
  // blocks: word 0 is {event number, 24'd0, kind}, word 1 the time, then data
  input  logic        word_valid_i,
  input  logic [63:0] word_i,
  input  logic        word_first_i,
  input  logic        word_last_i,
  // AXI4
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
  localparam int AddressBits = $clog2(StoreWords);
  localparam int TakenBits   = $clog2(BurstLines + 1);
  localparam int BlockBits   = 32 + AddressBits + 1;  // {number, words}
  localparam int LevelBits   = $clog2(StoreBlocks + 1);
  localparam logic [31:0] Magic = 32'h50474445;  // the letters EDGP, lowest byte first

  if (StoreWords < 4 || (StoreWords & (StoreWords - 1)) != 0 || StoreBlocks < 1 || BufferDepth < 1) begin : g_check
    payload_ring_needs_StoreWords_a_power_of_two_of_at_least_4 u_error ();
  end

  // ---------------------------------------------------------------- blocks come in
  logic [63:0]          memory [StoreWords];
  logic [63:0]          read_data_q;
  logic [AddressBits:0] write_q, write_at, commit_q, read_q, read_d, words_q, words;  // top bit: the lap
  logic                 block_q, keep_q, begins, comes, keep, store, commit, lost, cut, full;
  logic                 block_ready, block_shown, block_taken, start;
  logic [BlockBits-1:0] block;
  logic [LevelBits-1:0] unused_blocks;
  logic [31:0]          numbered_q, dropped_q, number;

  // A block that begins before the one before has ended takes its place: that one is cut, and counted as dropped. So is
  // one without a time.
  assign begins   = word_valid_i && word_first_i && running_o;
  assign comes   = begins || (word_valid_i && block_q);
  assign cut      = begins && block_q && keep_q;
  assign write_at = begins ? commit_q : write_q;
  assign full     = {!write_at[AddressBits], write_at[AddressBits-1:0]} == read_q;
  assign keep     = (begins || keep_q) && !full && !(word_last_i && (begins || !block_ready));
  assign store    = comes && keep;
  assign lost     = comes && (begins || keep_q) && !keep;
  assign commit   = store && word_last_i;
  assign words    = (begins ? '0 : words_q) + 1'b1;
  assign number   = begins ? numbered_q : numbered_q - 1'b1;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {block_q, keep_q} <= '0;
      {write_q, commit_q, words_q} <= '0;
      numbered_q <= '0;
      dropped_q  <= '0;
    end else if (!running_o) begin
      // Counts stay for the host to read until the next start.
      {block_q, keep_q} <= '0;
      {write_q, commit_q, words_q} <= '0;
      if (start) begin
        numbered_q <= '0;
        dropped_q  <= '0;
      end
    end else begin
      if (comes) begin
        block_q <= !word_last_i;
        keep_q  <= keep && !word_last_i;
        write_q <= store ? write_at + 1'b1 : commit_q;
        words_q <= words;
      end
      if (commit) commit_q <= write_at + 1'b1;
      numbered_q <= numbered_q + 32'(begins);
      dropped_q  <= dropped_q + 32'(lost) + 32'(cut);
    end
  end
  always_ff @(posedge clk_i) begin
    if (store) memory[write_at[AddressBits-1:0]] <= word_i;
    read_data_q <= memory[read_d[AddressBits-1:0]];
  end
  assign numbered_o = numbered_q;
  assign dropped_o  = dropped_q;

  fifo #(.Width(BlockBits), .Depth(StoreBlocks)) u_blocks (
    .clk_i,
    .rst_ni,
    .in_valid_i  (commit),
    .in_ready_o  (block_ready),
    .in_data_i   ({number, words}),
    .out_valid_o (block_shown),
    .out_ready_i (block_taken),
    .out_data_o  (block),
    .level_o     (unused_blocks)
  );

  // ---------------------------------------------------------------- blocks become lines
  localparam logic [2:0] Wait = 3'd0, Name = 3'd1, Time = 3'd2, Line = 3'd3, Data = 3'd4;
  logic [2:0]           former_q;
  logic [511:0]         line_q;
  logic [AddressBits:0] left_q;   // words of the block
  logic [2:0]           slot_q;
  logic [31:0]          block_number_q, block_bytes_q;
  logic                 line_ready, read;

  assign block_taken = drained_o || (former_q == Wait && running_o);
  assign read        = former_q == Name || former_q == Time || former_q == Data;
  assign read_d      = drained_o ? '0 : read_q + (AddressBits+1)'(read);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      former_q <= Wait;
      read_q   <= '0;
    end else begin
      read_q <= read_d;
      if (drained_o) former_q <= Wait;
      else begin
        case (former_q)
          Wait:    if (block_shown && running_o) former_q <= Name;
          Name:    former_q <= Time;
          Time:    former_q <= Line;
          Line: begin
            if (line_ready && left_q == '0) former_q <= Wait;
            else if (line_ready)            former_q <= Data;
          end
          Data:    if (slot_q == 3'd7 || left_q == (AddressBits+1)'(1)) former_q <= Line;
          default: former_q <= Wait;
        endcase
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (former_q == Wait) begin
      left_q         <= block[AddressBits:0];
      block_number_q <= block[BlockBits-1:AddressBits+1];
      block_bytes_q  <= 32'({block[AddressBits:0] - (AddressBits+1)'(2), 3'd0});
    end else if (read) begin
      left_q <= left_q - 1'b1;
    end
    slot_q <= former_q == Data ? slot_q + 1'b1 : '0;
    case (former_q)
      Name:    line_q <= {block_number_q, 288'd0, 64'd0, read_data_q[63:32], block_bytes_q, 24'd0, read_data_q[7:0], Magic};
      Time:    line_q[191:128] <= read_data_q;
      Line:    if (line_ready) line_q <= '0;
      Data:    line_q[32'(slot_q)*64 +: 64] <= read_data_q;
      default: line_q <= '0;
    endcase
  end

  // ---------------------------------------------------------------- buffers
  logic        buffer_ready, buffer_shown, buffer_taken, buffer_fault;
  logic [57:0] buffer_line, next_line_q;
  logic [25:0] buffer_lines, lines_left_q;
  logic [FreeBits-1:0]  buffers_waiting;
  logic [TakenBits-1:0] taken;

  fifo #(.Width(84), .Depth(BufferDepth)) u_buffers (
    .clk_i,
    .rst_ni,
    .in_valid_i  (buffer_valid_i && running_o),
    .in_ready_o  (buffer_ready),
    .in_data_i   ({buffer_address_i[63:6], buffer_bytes_i[31:6]}),
    .out_valid_o (buffer_shown),
    .out_ready_i (buffer_taken),
    .out_data_o  ({buffer_line, buffer_lines}),
    .level_o     (buffers_waiting)
  );
  assign buffers_free_o = FreeBits'(BufferDepth) - buffers_waiting;
  assign buffer_fault   = buffer_valid_i && running_o
                          && (!buffer_ready || buffer_address_i[5:0] != '0 || buffer_bytes_i[5:0] != '0 || buffer_bytes_i == '0);
  assign buffer_taken   = drained_o || lines_left_q == '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)           lines_left_q <= '0;
    else if (drained_o)    lines_left_q <= '0;
    else if (buffer_taken) lines_left_q <= buffer_shown ? buffer_lines : '0;
    else                   lines_left_q <= lines_left_q - 26'(taken);
  end
  always_ff @(posedge clk_i) next_line_q <= buffer_taken ? buffer_line : next_line_q + 58'(taken);

  // ---------------------------------------------------------------- writing
  logic [31:0] reported;
  logic [63:0] tail_address_q;

  always_ff @(posedge clk_i) if (start) tail_address_q <= tail_address_i;

  ring_writer #(
    .BusWidth        (BusWidth),
    .BufferLines     (2 * BurstLines),
    .BurstLines      (BurstLines),
    .Outstanding     (Outstanding),
    .DiscardWhileOff (1'b1)
  ) u_writer (
    .clk_i,
    .rst_ni,
    .enable_i,
    .hold_off_i      (block_shown || buffer_shown),
    .settings_ok_i   (tail_address_i[1:0] == '0),
    .tail_address_i  (tail_address_q),
    .tail_lines_i,
    .fault_i         (buffer_fault),
    .start_o         (start),
    .running_o,
    .drained_o,
    .error_o,
    .error_count_o,
    .written_o,
    .reported_o      (reported),
    .line_valid_i    (former_q == Line),
    .line_ready_o    (line_ready),
    .line_data_i     (line_q),
    .place_address_i ({next_line_q, 6'd0}),
    .place_lines_i   (32'(lines_left_q)),
    .place_taken_o   (taken),
    .awvalid_o,
    .awready_i,
    .awaddr_o,
    .awlen_o,
    .wvalid_o,
    .wready_i,
    .wdata_o,
    .wstrb_o,
    .wlast_o,
    .bvalid_i,
    .bready_o,
    .bresp_i
  );

  ring_interrupt u_interrupt (
    .clk_i,
    .rst_ni,
    .start_i       (start),
    .reported_i    (reported),
    .lines_i       (interrupt_lines_i),
    .clocks_i      (interrupt_clocks_i),
    .acknowledge_i,
    .interrupt_o
  );

  assign failed_o = enable_i && error_o != '0;
endmodule
