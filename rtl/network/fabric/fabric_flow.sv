// fabric_flow: the port contract of a network around a core that runs free. The core takes a new
// vector every clock and shows its result Latency clocks later, whether anyone wants it or not;
// this unit knows which of its outputs are results, and keeps those that are not taken at once.
// One result per vector, in order, none lost. Latency: that of the core, when out_ready_i is high.
// One vector a clock while out_ready_i is high.
// in_ready_o depends on registers only. out_valid_o and out_data_o follow core_data_i combinationally
// while no result waits; out_data_o holds while out_valid_o && !out_ready_i.
module fabric_flow #(
  parameter int Latency  = 1,  // clocks from the edge that takes a vector to its result; 0: combinational
  parameter int DataBits = 8   // bits of a result
) (
  input  logic                clk_i,
  input  logic                rst_ni,  // asynchronous
  input  logic                in_valid_i,
  output logic                in_ready_o,
  input  logic [DataBits-1:0] core_data_i,  // result of the vector taken Latency clocks ago
  output logic                out_valid_o,
  input  logic                out_ready_i,
  output logic [DataBits-1:0] out_data_o
);
  if (Latency < 0 || DataBits < 1) begin : g_check
    fabric_flow_needs_Latency_of_at_least_0_and_DataBits_of_at_least_1 u_error ();
  end

  // A credit stands for a place in the queue. It is taken with the vector, and given back when the
  // result leaves: Latency + 1 of them bridge that way at one vector a clock.
  localparam int Credits    = Latency + 1;
  localparam int CreditBits = $clog2(Credits + 1);

  logic [CreditBits-1:0] credits_q, unused_level;
  logic                  take, leave, core_valid, fifo_ready;

  assign in_ready_o = credits_q != '0;
  assign take       = in_valid_i && in_ready_o;
  assign leave      = out_valid_o && out_ready_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)             credits_q <= CreditBits'(Credits);
    else if (take && !leave) credits_q <= credits_q - 1'b1;
    else if (leave && !take) credits_q <= credits_q + 1'b1;
  end

  if (Latency == 0) begin : g_combinational
    assign core_valid = take;
  end else begin : g_pipeline
    logic [Latency:0] valid;
    assign valid[0]   = take;
    assign core_valid = valid[Latency];
    for (genvar i = 0; i < Latency; i++) begin : g_stage
      logic valid_q;
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) valid_q <= 1'b0;
        else         valid_q <= valid[i];
      end
      assign valid[i+1] = valid_q;
    end
  end

  fifo #(
    .Width       (DataBits),
    .Depth       (Credits),
    .PassThrough (1'b1)
  ) u_fifo (
    .clk_i,
    .rst_ni,
    .in_valid_i  (core_valid),
    .in_ready_o  (fifo_ready),
    .in_data_i   (core_data_i),
    .out_valid_o,
    .out_ready_i,
    .out_data_o,
    .level_o     (unused_level)
  );

`ifndef SYNTHESIS
  // Credits promise a place for every result.
  always @(posedge clk_i) if (rst_ni && core_valid) assert (fifo_ready);
`endif
endmodule
