  // late_o exactly when the last sign of life is timeout_i clocks old, or none has come since reset. Inserted before the
  // design's endmodule by prove.py.
  logic        came;                // one has come since reset
  logic [39:0] clocks;              // since then; wider than the design counts, so that wrapping would show
  logic        past_q, alive_q;

  initial assume (!rst_ni);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {came, past_q, alive_q} <= '0;
      clocks <= '0;
    end else begin
      past_q <= 1'b1;
      alive_q <= alive_i;
      came <= came || alive_i;
      clocks <= alive_i ? 40'd0 : (clocks == '1 ? clocks : clocks + 1'b1);
    end
  end

  always_comb begin
    if (rst_ni) begin
      i_age: assert (age_q == (!came || clocks > 40'hFFFFFFFF ? 32'hFFFFFFFF : 32'(clocks)));
      a_late: assert (late_o == (!came || clocks >= 40'(timeout_i) || timeout_i == '0));
      a_zero: assert (timeout_i != '0 || late_o);
      a_alive: assert (!alive_q || late_o == (timeout_i == '0));
    end
  end

  always_comb begin
    if (rst_ni && past_q) begin
      c_late_again: cover (came && late_o && timeout_i == 32'd5);
      c_in_time: cover (came && !late_o);
    end
  end
