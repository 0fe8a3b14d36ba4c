// synchronizer: brings one asynchronous level into this clock domain by two flip-flops.
// Latency 2 clocks (3 when the input moves just at the edge). A pulse shorter than a clock may be lost.
module synchronizer #(
  parameter bit ResetValue = 1'b0  // level seen until the input has come through
) (
  input  logic clk_i,
  input  logic rst_ni,   // asynchronous
  input  logic level_i,  // asynchronous
  output logic level_o
);
  // Kept apart from retiming and shift-register extraction: the first may be metastable for a clock.
  (* keep, ASYNC_REG = "TRUE" *) logic first_q;
  (* keep, ASYNC_REG = "TRUE" *) logic second_q;

  assign level_o = second_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      first_q  <= ResetValue;
      second_q <= ResetValue;
    end else begin
      first_q  <= level_i;
      second_q <= first_q;
    end
  end
endmodule
