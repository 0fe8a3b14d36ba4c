// synchronizer, as it may behave: where its input moves just at an edge of the clock, the first flip-flop
// takes the level before or the one after, as the solver likes. Stands in for rtl/common/cdc/synchronizer.sv
// in proofs of units with two clocks.
module synchronizer #(
  parameter bit ResetValue = 1'b0
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic level_i,
  output logic level_o,
  output logic first_o
);
  (* anyseq *) logic after;
  logic first, first_q, level_q, clk_q, second_q;

  assign first   = !rst_ni ? ResetValue : (clk_i && !clk_q) ? (after ? level_i : level_q) : first_q;
  assign level_o = second_q;
  assign first_o = first;

  always @($global_clock) begin
    clk_q   <= clk_i;
    level_q <= level_i;
    first_q <= first;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) second_q <= ResetValue;
    else         second_q <= first;
  end
endmodule
