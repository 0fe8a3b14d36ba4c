// network_pins: a network on seven pins, so that it can be placed on a part and its clock be read there.
// Registers stand before and behind it: every path of the network begins and ends at a flip-flop.
// A vector comes in serially, its highest bit first. start_i comes with the last bit, while ready_o is
// high. The result stands in the register Latency + 2 clocks after that edge, with valid_o high for one clock;
// from then on it leaves serially, its highest bit first, one a clock: read it before the next comes.
// No combinational path from inputs to outputs.
module network_pins (
  input  logic clk_i,
  input  logic rst_ni,  // asynchronous
  input  logic serial_i,
  input  logic start_i,
  output logic ready_o,
  output logic valid_o,
  output logic serial_o
);
  localparam int InBits  = network_config::InputCount * network_config::InputWidth;
  localparam int OutBits = network_config::OutputCount * network_config::OutputWidth;

  logic [InBits-1:0]  vector_q;
  logic [OutBits-1:0] result, result_q;
  logic               start_q, ready, ready_q, valid, valid_q;

  network u_network (
    .clk_i,
    .rst_ni,
    .in_valid_i  (start_q),
    .in_ready_o  (ready),
    .in_data_i   (vector_q),
    .out_valid_o (valid),
    .out_ready_i (1'b1),
    .out_data_o  (result)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      start_q <= 1'b0;
      ready_q <= 1'b0;
      valid_q <= 1'b0;
    end else begin
      start_q <= start_i;
      ready_q <= ready;
      valid_q <= valid;
    end
  end
  always_ff @(posedge clk_i) begin
    vector_q <= (vector_q << 1) | InBits'(serial_i);
    result_q <= valid ? result : result_q << 1;
  end

  assign ready_o  = ready_q;
  assign valid_o  = valid_q;
  assign serial_o = result_q[OutBits-1];
endmodule
