// network: the stand-in core behind the port contract, as the fabric compiler prints it.
module network (
  input  logic clk_i,
  input  logic rst_ni,  // asynchronous
  input  logic in_valid_i,
  output logic in_ready_o,
  input  logic [network_config::InputCount*network_config::InputWidth-1:0]   in_data_i,
  output logic out_valid_o,
  input  logic out_ready_i,
  output logic [network_config::OutputCount*network_config::OutputWidth-1:0] out_data_o
);
  localparam int OutBits = network_config::OutputCount * network_config::OutputWidth;
  logic [OutBits-1:0] core_data;

  network_core u_core (
    .clk_i,
    .data_i (in_data_i),
    .data_o (core_data)
  );

  fabric_flow #(
    .Latency  (network_config::Latency),
    .DataBits (OutBits)
  ) u_flow (
    .clk_i,
    .rst_ni,
    .in_valid_i,
    .in_ready_o,
    .core_data_i (core_data),
    .out_valid_o,
    .out_ready_i,
    .out_data_o
  );
endmodule
