  // A result passes only with its votes: `needed` sure results of its class since the dwell began, itself included, none of
  // them older than `window` results. Inserted before the design's endmodule by prove.py.
  (* anyconst *) logic [7:0] chosen;  // the class, whichever the solver likes
  logic [3:0] sure_results;           // of the chosen class since clear_i, before this one; saturated
  logic       past_q;

  initial assume (!rst_ni);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      past_q       <= 1'b0;
      sure_results <= '0;
    end else begin
      past_q <= 1'b1;
      if (clear_i) sure_results <= '0;
      else if (valid_i && sure_i && class_i == chosen && sure_results != 4'd15) sure_results <= sure_results + 4'd1;
    end
  end

  // What is remembered has happened: not more sure results of the class than there were.
  logic [3:0] remembered;
  always_comb begin
    remembered = '0;
    for (int k = 0; k < 7; k++) remembered = remembered + 4'(before_q[9*k +: 9] == {1'b1, chosen});
  end

  always_comb if (past_q) begin
    i_remembered: assert (remembered <= sure_results);
    a_enough: assert (!(agreed_o && class_i == chosen) || needed_i <= 4'd1 || 5'(sure_results) + 5'd1 >= 5'(needed_i));
    a_window: assert (!agreed_o || needed_i <= 4'd1 || needed_i <= window_i);
    a_sure: assert (!agreed_o || sure_i);
    a_one: assert (!(sure_i && needed_i <= 4'd1) || agreed_o);
    c_three: cover (agreed_o && needed_i == 4'd3 && window_i == 4'd5);
    c_not: cover (sure_i && !agreed_o && needed_i == 4'd2 && window_i == 4'd8);
  end
