// vote: k of n. A sure result of a dwell passes when at least `needed` of the last `window` results of this
// dwell, itself among them, were sure of its class. Latency 0: combinational from sure_i, class_i and the
// settings to agreed_o; what came before is registered. With needed 1 (or 0) every sure result passes;
// with needed above window none does.
module vote (
  input  logic       clk_i,
  input  logic       rst_ni,    // asynchronous
  input  logic [3:0] needed_i,  // results, 1 to 8
  input  logic [3:0] window_i,  // results, 1 to 8
  input  logic       clear_i,   // the dwell is over: forget its results
  input  logic       valid_i,   // a result of the dwell under way
  input  logic       sure_i,
  input  logic [7:0] class_i,
  output logic       agreed_o
);
  // The seven results before this one, the newest lowest: {sure, class}.
  logic [62:0] before_q;
  logic [3:0]  votes;

  always_comb begin
    votes = 4'd1;
    for (int k = 0; k < 7; k++) begin
      if (4'(k) + 4'd1 < window_i && before_q[9*k +: 9] == {1'b1, class_i}) votes = votes + 4'd1;
    end
  end
  assign agreed_o = sure_i && votes >= needed_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)      before_q <= '0;
    else if (clear_i) before_q <= '0;
    else if (valid_i) before_q <= {before_q[53:0], sure_i, class_i};
  end
endmodule
