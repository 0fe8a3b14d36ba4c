// card_host: the card's side of the host bus, and its crossings into the core: registers by AXI4-Lite,
// event records out.
module card_host #(
  parameter int RecordDepth   = 8,    // records on their way between the clocks
  parameter int TimeoutClocks = 4096  // of the bus, for an answer of the core
) (
  input  logic         bus_clk_i,
  input  logic         bus_rst_ni,   // asynchronous
  // AXI4-Lite
  input  logic         awvalid_i,
  output logic         awready_o,
  input  logic [15:0]  awaddr_i,
  input  logic         wvalid_i,
  output logic         wready_o,
  input  logic [31:0]  wdata_i,
  input  logic [3:0]   wstrb_i,
  output logic         bvalid_o,
  input  logic         bready_i,
  output logic [1:0]   bresp_o,
  input  logic         arvalid_i,
  output logic         arready_o,
  input  logic [15:0]  araddr_i,
  output logic         rvalid_o,
  input  logic         rready_i,
  output logic [31:0]  rdata_o,
  output logic [1:0]   rresp_o,
  // event records
  output logic         event_valid_o,
  input  logic         event_ready_i,
  output logic [511:0] event_data_o,
  // core
  input  logic         core_clk_i,
  input  logic         core_rst_ni,  // asynchronous
  output logic         register_write_o,
  output logic         register_read_o,
  output logic [15:0]  register_address_o,
  output logic [31:0]  register_wdata_o,
  input  logic [31:0]  register_rdata_i,
  input  logic         record_valid_i,
  output logic         record_ready_o,
  input  logic [511:0] record_data_i,
  output logic [15:0]  records_under_way_o  // taken from the core, and not known to have left
);
  logic        request_valid, request_ready, request_write, answer_valid;
  logic [15:0] request_address;
  logic [31:0] request_data, answer_data;

  axi_lite #(.TimeoutClocks(TimeoutClocks)) u_axi_lite (
    .clk_i             (bus_clk_i),
    .rst_ni            (bus_rst_ni),
    .awvalid_i,
    .awready_o,
    .awaddr_i,
    .wvalid_i,
    .wready_o,
    .wdata_i,
    .wstrb_i,
    .bvalid_o,
    .bready_i,
    .bresp_o,
    .arvalid_i,
    .arready_o,
    .araddr_i,
    .rvalid_o,
    .rready_i,
    .rdata_o,
    .rresp_o,
    .request_valid_o   (request_valid),
    .request_ready_i   (request_ready),
    .request_write_o   (request_write),
    .request_address_o (request_address),
    .request_data_o    (request_data),
    .answer_valid_i    (answer_valid),
    .answer_data_i     (answer_data)
  );

  register_link u_link (
    .bus_clk_i,
    .bus_rst_ni,
    .request_valid_i   (request_valid),
    .request_ready_o   (request_ready),
    .request_write_i   (request_write),
    .request_address_i (request_address),
    .request_data_i    (request_data),
    .answer_valid_o    (answer_valid),
    .answer_data_o     (answer_data),
    .core_clk_i,
    .core_rst_ni,
    .bus_write_o       (register_write_o),
    .bus_read_o        (register_read_o),
    .bus_address_o     (register_address_o),
    .bus_wdata_o       (register_wdata_o),
    .bus_rdata_i       (register_rdata_i)
  );

  async_fifo #(.Width(512), .Depth(RecordDepth)) u_records (
    .in_clk_i    (core_clk_i),
    .in_rst_ni   (core_rst_ni),
    .in_valid_i  (record_valid_i),
    .in_ready_o  (record_ready_o),
    .in_data_i   (record_data_i),
    .out_clk_i   (bus_clk_i),
    .out_rst_ni  (bus_rst_ni),
    .out_valid_o (event_valid_o),
    .out_ready_i (event_ready_i),
    .out_data_o  (event_data_o)
  );

  // Counts of records, modulo 2^16. Whoever sees none in the core and none under way has them all.
  logic [15:0] given_q, left_q, left;
  logic        unused_new, unused_busy;

  always_ff @(posedge core_clk_i or negedge core_rst_ni) begin
    if (!core_rst_ni) given_q <= '0;
    else              given_q <= given_q + 16'(record_valid_i && record_ready_o);
  end

  always_ff @(posedge bus_clk_i or negedge bus_rst_ni) begin
    if (!bus_rst_ni) left_q <= '0;
    else             left_q <= left_q + 16'(event_valid_o && event_ready_i);
  end

  value_crossing #(.Width(16)) u_left (
    .in_clk_i    (bus_clk_i),
    .in_rst_ni   (bus_rst_ni),
    .in_data_i   (left_q),
    .in_busy_o   (unused_busy),
    .out_clk_i   (core_clk_i),
    .out_rst_ni  (core_rst_ni),
    .out_valid_o (unused_new),
    .out_data_o  (left)
  );

  assign records_under_way_o = given_q - left;
endmodule
