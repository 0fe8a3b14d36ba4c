// card_rings: the card in the memory of its host. Event records go out into a ring, vectors come in from one, by
// one AXI4 port in the bus clock. Settings, counts and states cross to and from the registers in the core's clock:
// settings whole, with their enable bit; counts of the host with every write.
module card_rings #(
  parameter int BusWidth    = 128,  // bits: 128, 256 or 512
  parameter int VectorBits  = 96,
  parameter int VectorDepth = 8     // vectors on their way between the clocks
) (
  // registers, core clock
  input  logic        core_clk_i,
  input  logic        core_rst_ni,  // asynchronous
  input  logic [31:0] write_data_i,
  input  logic        event_enable_i,
  input  logic [63:0] event_base_i,
  input  logic [4:0]  event_records_log2_i,
  input  logic [63:0] event_tail_address_i,
  input  logic [15:0] event_tail_records_i,
  input  logic [15:0] event_interrupt_records_i,
  input  logic [31:0] event_interrupt_clocks_i,
  input  logic        event_read_write_i,
  input  logic        event_acknowledge_i,
  output logic [69:0] event_state_o,   // {error answers, written, interrupt, error, failed, drained, running}
  input  logic        stream_enable_i,
  input  logic [63:0] stream_base_i,
  input  logic [4:0]  stream_lines_log2_i,
  input  logic [63:0] stream_consumed_address_i,
  input  logic [15:0] stream_consumed_lines_i,
  input  logic [31:0] stream_stall_clocks_i,
  input  logic        stream_produced_write_i,
  output logic [69:0] stream_state_o,  // {error answers, consumed, error, failed, drained, running}
  // vectors, core clock
  output logic                  vector_valid_o,
  input  logic                  vector_ready_i,
  output logic [VectorBits-1:0] vector_data_o,
  // records, bus clock
  input  logic         bus_clk_i,
  input  logic         bus_rst_ni,  // asynchronous
  input  logic         record_valid_i,
  output logic         record_ready_o,
  input  logic [511:0] record_data_i,
  output logic         interrupt_o,
  // AXI4, bus clock; ID 0, INCR, full width
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
  input  logic [1:0]            bresp_i,
  output logic                  arvalid_o,
  input  logic                  arready_i,
  output logic [63:0]           araddr_o,
  output logic [7:0]            arlen_o,
  input  logic                  rvalid_i,
  output logic                  rready_o,
  input  logic [BusWidth-1:0]   rdata_i,
  input  logic [1:0]            rresp_i,
  input  logic                  rlast_i
);
  localparam int EventBits = 198, StreamBits = 182, StateBits = 70;

  // ---------------------------------------------------------------- to the bus clock
  logic [EventBits-1:0]  event_settings;
  logic [StreamBits-1:0] stream_settings;
  logic                  event_enable, stream_enable, read_valid, produced_valid, acknowledge;
  logic [63:0]           event_base, event_tail_address, stream_base, stream_consumed_address;
  logic [4:0]            event_log2, stream_log2;
  logic [15:0]           event_tail_records, event_interrupt_records, stream_consumed_lines;
  logic [31:0]           event_interrupt_clocks, stream_stall_clocks, read_count, produced_count;
  logic [7:0]            unused;

  value_crossing #(.Width(EventBits)) u_event_settings (
    .in_clk_i    (core_clk_i),
    .in_rst_ni   (core_rst_ni),
    .in_data_i   ({event_enable_i, event_records_log2_i, event_base_i, event_tail_address_i, event_tail_records_i,
                   event_interrupt_records_i, event_interrupt_clocks_i}),
    .in_busy_o   (unused[0]),
    .out_clk_i   (bus_clk_i),
    .out_rst_ni  (bus_rst_ni),
    .out_valid_o (unused[1]),
    .out_data_o  (event_settings)
  );
  assign {event_enable, event_log2, event_base, event_tail_address, event_tail_records, event_interrupt_records,
          event_interrupt_clocks} = event_settings;

  value_crossing #(.Width(StreamBits)) u_stream_settings (
    .in_clk_i    (core_clk_i),
    .in_rst_ni   (core_rst_ni),
    .in_data_i   ({stream_enable_i, stream_lines_log2_i, stream_base_i, stream_consumed_address_i,
                   stream_consumed_lines_i, stream_stall_clocks_i}),
    .in_busy_o   (unused[2]),
    .out_clk_i   (bus_clk_i),
    .out_rst_ni  (bus_rst_ni),
    .out_valid_o (unused[3]),
    .out_data_o  (stream_settings)
  );
  assign {stream_enable, stream_log2, stream_base, stream_consumed_address, stream_consumed_lines,
          stream_stall_clocks} = stream_settings;

  doorbell u_read (
    .in_clk_i   (core_clk_i),
    .in_rst_ni  (core_rst_ni),
    .write_i    (event_read_write_i),
    .word_i     (write_data_i),
    .out_clk_i  (bus_clk_i),
    .out_rst_ni (bus_rst_ni),
    .valid_o    (read_valid),
    .word_o     (read_count)
  );
  doorbell u_produced (
    .in_clk_i   (core_clk_i),
    .in_rst_ni  (core_rst_ni),
    .write_i    (stream_produced_write_i),
    .word_i     (write_data_i),
    .out_clk_i  (bus_clk_i),
    .out_rst_ni (bus_rst_ni),
    .valid_o    (produced_valid),
    .word_o     (produced_count)
  );
  pulse_crossing u_acknowledge (
    .in_clk_i   (core_clk_i),
    .in_rst_ni  (core_rst_ni),
    .pulse_i    (event_acknowledge_i),
    .out_clk_i  (bus_clk_i),
    .out_rst_ni (bus_rst_ni),
    .pulse_o    (acknowledge)
  );

  // ---------------------------------------------------------------- from the bus clock
  logic [StateBits-1:0] event_state, stream_state, event_state_q, stream_state_q;

  always_ff @(posedge bus_clk_i or negedge bus_rst_ni) begin
    if (!bus_rst_ni) {event_state_q, stream_state_q} <= '0;
    else             {event_state_q, stream_state_q} <= {event_state, stream_state};
  end
  value_crossing #(.Width(StateBits)) u_event_state (
    .in_clk_i    (bus_clk_i),
    .in_rst_ni   (bus_rst_ni),
    .in_data_i   (event_state_q),
    .in_busy_o   (unused[4]),
    .out_clk_i   (core_clk_i),
    .out_rst_ni  (core_rst_ni),
    .out_valid_o (unused[5]),
    .out_data_o  (event_state_o)
  );
  value_crossing #(.Width(StateBits)) u_stream_state (
    .in_clk_i    (bus_clk_i),
    .in_rst_ni   (bus_rst_ni),
    .in_data_i   (stream_state_q),
    .in_busy_o   (unused[6]),
    .out_clk_i   (core_clk_i),
    .out_rst_ni  (core_rst_ni),
    .out_valid_o (unused[7]),
    .out_data_o  (stream_state_o)
  );

  // ---------------------------------------------------------------- the masters
  logic [1:0]              awvalid, awready, wvalid, wready, wlast, bvalid, bresp;
  logic [127:0]            awaddr;
  logic [15:0]             awlen;
  logic [2*BusWidth-1:0]   wdata;
  logic [2*BusWidth/8-1:0] wstrb;
  logic [1:0]              unused_ready;
  logic                    stream_valid, stream_ready;
  logic [VectorBits-1:0]   stream_data;

  event_ring #(.BusWidth(BusWidth)) u_events (
    .clk_i               (bus_clk_i),
    .rst_ni              (bus_rst_ni),
    .enable_i            (event_enable),
    .base_i              (event_base),
    .records_log2_i      (event_log2),
    .tail_address_i      (event_tail_address),
    .tail_records_i      (event_tail_records),
    .interrupt_records_i (event_interrupt_records),
    .interrupt_clocks_i  (event_interrupt_clocks),
    .read_valid_i        (read_valid),
    .read_count_i        (read_count),
    .acknowledge_i       (acknowledge),
    .interrupt_o         (interrupt_o),
    .running_o           (event_state[0]),
    .drained_o           (event_state[1]),
    .failed_o            (event_state[2]),
    .error_o             (event_state[4:3]),
    .error_count_o       (event_state[69:38]),
    .written_o           (event_state[37:6]),
    .record_valid_i,
    .record_ready_o,
    .record_data_i,
    .awvalid_o           (awvalid[0]),
    .awready_i           (awready[0]),
    .awaddr_o            (awaddr[63:0]),
    .awlen_o             (awlen[7:0]),
    .wvalid_o            (wvalid[0]),
    .wready_i            (wready[0]),
    .wdata_o             (wdata[BusWidth-1:0]),
    .wstrb_o             (wstrb[BusWidth/8-1:0]),
    .wlast_o             (wlast[0]),
    .bvalid_i            (bvalid[0]),
    .bready_o            (unused_ready[0]),
    .bresp_i             (bresp)
  );
  assign event_state[5] = interrupt_o;

  host_stream #(.BusWidth(BusWidth), .VectorBits(VectorBits)) u_stream (
    .clk_i              (bus_clk_i),
    .rst_ni             (bus_rst_ni),
    .enable_i           (stream_enable),
    .base_i             (stream_base),
    .lines_log2_i       (stream_log2),
    .consumed_address_i (stream_consumed_address),
    .consumed_lines_i   (stream_consumed_lines),
    .stall_clocks_i     (stream_stall_clocks),
    .produced_valid_i   (produced_valid),
    .produced_count_i   (produced_count),
    .running_o          (stream_state[0]),
    .drained_o          (stream_state[1]),
    .failed_o           (stream_state[2]),
    .error_o            (stream_state[5:3]),
    .error_count_o      (stream_state[69:38]),
    .consumed_o         (stream_state[37:6]),
    .vector_valid_o     (stream_valid),
    .vector_ready_i     (stream_ready),
    .vector_data_o      (stream_data),
    .arvalid_o,
    .arready_i,
    .araddr_o,
    .arlen_o,
    .rvalid_i,
    .rready_o,
    .rdata_i,
    .rresp_i,
    .rlast_i,
    .awvalid_o          (awvalid[1]),
    .awready_i          (awready[1]),
    .awaddr_o           (awaddr[127:64]),
    .awlen_o            (awlen[15:8]),
    .wvalid_o           (wvalid[1]),
    .wready_i           (wready[1]),
    .wdata_o            (wdata[2*BusWidth-1:BusWidth]),
    .wstrb_o            (wstrb[2*BusWidth/8-1:BusWidth/8]),
    .wlast_o            (wlast[1]),
    .bvalid_i           (bvalid[1]),
    .bready_o           (unused_ready[1]),
    .bresp_i            (bresp)
  );

  async_fifo #(.Width(VectorBits), .Depth(VectorDepth)) u_vectors (
    .in_clk_i    (bus_clk_i),
    .in_rst_ni   (bus_rst_ni),
    .in_valid_i  (stream_valid),
    .in_ready_o  (stream_ready),
    .in_data_i   (stream_data),
    .out_clk_i   (core_clk_i),
    .out_rst_ni  (core_rst_ni),
    .out_valid_o (vector_valid_o),
    .out_ready_i (vector_ready_i),
    .out_data_o  (vector_data_o)
  );

  write_arbiter #(.BusWidth(BusWidth)) u_arbiter (
    .clk_i     (bus_clk_i),
    .rst_ni    (bus_rst_ni),
    .awvalid_i (awvalid),
    .awready_o (awready),
    .awaddr_i  (awaddr),
    .awlen_i   (awlen),
    .wvalid_i  (wvalid),
    .wready_o  (wready),
    .wdata_i   (wdata),
    .wstrb_i   (wstrb),
    .wlast_i   (wlast),
    .bvalid_o  (bvalid),
    .bresp_o   (bresp),
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
endmodule
