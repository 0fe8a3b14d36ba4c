// event_ring: event records of 64 bytes -> a ring in host memory (layout in event_ring.md). In order, none
// lost here: without room in the ring records wait, and record_ready_o falls. Nothing is written beyond
// the host's read count. At 128 bits one record per 4 clocks, and one beat for each tail.
// Clock: the bus's. Latency: a record is offered on the bus three clocks after it was taken, when nothing is
// ahead. No combinational paths.
module event_ring #(
  parameter int BusWidth      = 128,  // bits: 128, 256 or 512
  parameter int BufferRecords = 32,   // records that wait here
  parameter int BurstRecords  = 16,   // records of the longest burst
  parameter int Outstanding   = 16,   // bursts without response
  parameter int RecordBits    = 512,  // less only for proofs
  parameter int SmallestLog2  = 6,    // smallest ring: 64 records, 4 KiB. Less only for proofs
  parameter int BoundaryLines = 64    // 4 KiB in records. Less only for proofs
) (
  input  logic        clk_i,
  input  logic        rst_ni,  // asynchronous
  // settings, taken when enable_i rises
  input  logic        enable_i,
  input  logic [63:0] base_i,            // bytes, aligned to 4 KiB
  input  logic [4:0]  records_log2_i,    // size of the ring: 6 to 24
  input  logic [63:0] tail_address_i,    // bytes, aligned to 4
  input  logic [15:0] tail_records_i,
  input  logic [15:0] interrupt_records_i,
  input  logic [31:0] interrupt_clocks_i,
  // the host has read so many records since the ring was enabled, modulo 2^32
  input  logic        read_valid_i,
  input  logic [31:0] read_count_i,
  input  logic        acknowledge_i,
  output logic        interrupt_o,
  // state
  output logic        running_o,
  output logic        drained_o,
  output logic        failed_o,       // enabled, but stopped: tell the interlock
  output logic [1:0]  error_o,        // 0 none, 1 settings, 2 read count, 3 error answer
  output logic [31:0] error_count_o,
  output logic [31:0] written_o,      // records answered
  // records
  input  logic         record_valid_i,
  output logic         record_ready_o,
  input  logic [RecordBits-1:0] record_data_i,
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
  localparam int TakenBits = $clog2(BurstRecords + 1);

  logic                 start, settings_ok, bad_read;
  logic [31:0]          planned_q, read_q, size, room, reported;
  logic [TakenBits-1:0] taken;
  logic [63:0]          address, base_q, tail_address_q;
  logic [4:0]           log2_q;

  assign settings_ok = base_i[SmallestLog2+5:0] == '0 && tail_address_i[1:0] == '0
                       && records_log2_i >= 5'(SmallestLog2) && records_log2_i <= 5'd24;
  assign size        = 32'd1 << log2_q;

  always_ff @(posedge clk_i) begin
    if (start) begin
      base_q         <= base_i;
      tail_address_q <= tail_address_i;
      log2_q         <= records_log2_i;
    end
  end

  // A host cannot have read more than was written, nor less than before.
  assign bad_read = running_o && read_valid_i && read_count_i - read_q > written_o - read_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      planned_q <= '0;
      read_q    <= '0;
    end else if (start) begin
      planned_q <= '0;
      read_q    <= '0;
    end else begin
      planned_q <= planned_q + 32'(taken);
      if (running_o && read_valid_i && !bad_read) read_q <= read_count_i;
    end
  end
  assign room    = size - (planned_q - read_q);
  assign address = base_q + {26'd0, planned_q & (size - 1'b1), 6'd0};

  ring_writer #(
    .BusWidth      (BusWidth),
    .LineBits      (RecordBits),
    .BufferLines   (BufferRecords),
    .BurstLines    (BurstRecords),
    .Outstanding   (Outstanding),
    .BoundaryLines (BoundaryLines)
  ) u_writer (
    .clk_i,
    .rst_ni,
    .enable_i,
    .hold_off_i      (1'b0),
    .settings_ok_i   (settings_ok),
    .tail_address_i  (tail_address_q),
    .tail_lines_i    (tail_records_i),
    .fault_i         (bad_read),
    .start_o         (start),
    .running_o,
    .drained_o,
    .error_o,
    .error_count_o,
    .written_o,
    .reported_o      (reported),
    .line_valid_i    (record_valid_i),
    .line_ready_o    (record_ready_o),
    .line_data_i     (record_data_i),
    .place_address_i (address),
    .place_lines_i   (room),
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
    .lines_i       (interrupt_records_i),
    .clocks_i      (interrupt_clocks_i),
    .acknowledge_i,
    .interrupt_o
  );

  assign failed_o = enable_i && error_o != '0;
endmodule
