// register_link: carries register accesses from the bus clock to the core and the answers back, one at a
// time. A write acts, and a read looks, 4 edges of core_clk_i after the request (5 when it moves just at
// an edge); the answer shows 4 edges of bus_clk_i (5) after the clock of the core in which it was ready.
module register_link (
  input  logic        bus_clk_i,
  input  logic        bus_rst_ni,   // asynchronous
  input  logic        request_valid_i,
  output logic        request_ready_o,
  input  logic        request_write_i,
  input  logic [15:0] request_address_i,
  input  logic [31:0] request_data_i,
  output logic        answer_valid_o,
  output logic [31:0] answer_data_o,  // of a write: what the last read gave
  input  logic        core_clk_i,
  input  logic        core_rst_ni,  // asynchronous
  output logic        bus_write_o,
  output logic        bus_read_o,
  output logic [15:0] bus_address_o,
  output logic [31:0] bus_wdata_o,
  input  logic [31:0] bus_rdata_i     // in the clock after bus_read_o
);
  logic asked, write, answered_q, answer_ready;

  word_crossing #(.Width(49)) u_request (
    .in_clk_i    (bus_clk_i),
    .in_rst_ni   (bus_rst_ni),
    .in_valid_i  (request_valid_i),
    .in_ready_o  (request_ready_o),
    .in_data_i   ({request_write_i, request_address_i, request_data_i}),
    .out_clk_i   (core_clk_i),
    .out_rst_ni  (core_rst_ni),
    .out_valid_o (asked),
    .out_data_o  ({write, bus_address_o, bus_wdata_o})
  );

  assign bus_write_o = asked && write;
  assign bus_read_o  = asked && !write;

  always_ff @(posedge core_clk_i or negedge core_rst_ni) begin
    if (!core_rst_ni) answered_q <= 1'b0;
    else              answered_q <= asked || (answered_q && !answer_ready);
  end

  word_crossing #(.Width(32)) u_answer (
    .in_clk_i    (core_clk_i),
    .in_rst_ni   (core_rst_ni),
    .in_valid_i  (answered_q),
    .in_ready_o  (answer_ready),
    .in_data_i   (bus_rdata_i),
    .out_clk_i   (bus_clk_i),
    .out_rst_ni  (bus_rst_ni),
    .out_valid_o (answer_valid_o),
    .out_data_o  (answer_data_o)
  );
endmodule
