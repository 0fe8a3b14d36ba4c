// network_core: stands in for a compiled network in tests of what surrounds it. It is no network:
//   y_k = x_[(k + 2) mod inputs] * 2^(k mod 2) - x_[k mod inputs]
// so that a test can say in one line what must come out. Shape and latency come from network_config.
module network_core (
  input  logic clk_i,
  input  logic [network_config::InputCount*network_config::InputWidth-1:0]   data_i,
  output logic [network_config::OutputCount*network_config::OutputWidth-1:0] data_o
);
  localparam int Inputs   = network_config::InputCount;
  localparam int InWidth  = network_config::InputWidth;
  localparam int Outputs  = network_config::OutputCount;
  localparam int OutWidth = network_config::OutputWidth;
  localparam int Latency  = network_config::Latency;
  localparam int OutBits  = Outputs * OutWidth;

  logic [OutBits*(Latency+1)-1:0] stages;

  for (genvar k = 0; k < Outputs; k++) begin : g_output
    logic signed [InWidth-1:0]  plus, minus;
    logic signed [OutWidth-1:0] y;
    assign plus  = data_i[((k + 2) % Inputs)*InWidth +: InWidth];
    assign minus = data_i[(k % Inputs)*InWidth +: InWidth];
    assign y     = (OutWidth'(plus) <<< (k % 2)) - OutWidth'(minus);
    assign stages[k*OutWidth +: OutWidth] = y;
  end

  for (genvar i = 0; i < Latency; i++) begin : g_stage
    logic [OutBits-1:0] stage_q;
    always_ff @(posedge clk_i) stage_q <= stages[i*OutBits +: OutBits];
    assign stages[(i+1)*OutBits +: OutBits] = stage_q;
  end

  logic unused_inputs;  // there may be more inputs than these outputs read, and no clock to wait for
  assign unused_inputs = ^{clk_i, data_i};

  assign data_o = stages[Latency*OutBits +: OutBits];
endmodule
