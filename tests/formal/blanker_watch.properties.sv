  // Light that is seen with the pin low for long enough. Time and samples are counted here without an end. Inserted before
  // the design's endmodule by prove.py.
  logic [39:0] dark;
  logic [19:0] row;
  logic        past_q, permit_q;

  initial assume (!rst_ni);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {past_q, permit_q} <= '0;
      dark <= '0;
      row <= '0;
    end else begin
      past_q <= 1'b1;
      permit_q <= permit_i;
      dark <= permit_i ? 40'd0 : (dark == '1 ? dark : dark + 1'b1);
      if (permit_i) row <= '0;
      // A settling time of 2^32 - 1 clocks is over when the count has reached it.
      else if (sample_valid_i && dark >= 40'(settle_i)) row <= sample_i > limit_i ? (row == '1 ? row : row + 1'b1) : 20'd0;
    end
  end

  always_comb begin
    if (rst_ni) begin
      i_dark: assert (blanked_q == (dark > 40'hFFFFFFFF ? 32'hFFFFFFFF : 32'(dark)));
      i_row: assert (above_q == (row > 20'hFFFF ? 16'hFFFF : 16'(row)));
      a_failed: assert (failed_o == (samples_i != 16'hFFFF && row >= 20'(samples_i)));
      a_never: assert (samples_i != 16'hFFFF || !failed_o);
      a_always: assert (samples_i != 16'h0000 || failed_o);
      // While the beam is permitted, and in the clock after, no light is a failure.
      a_lit: assert (!(past_q && permit_q) || samples_i == 16'h0000 || !failed_o);
    end
  end

  always_comb begin
    if (rst_ni && past_q) begin
      c_failed: cover (failed_o && samples_i == 16'd3 && dark == 40'd9);
      c_lit: cover (permit_q && sample_i > limit_i && !failed_o);
    end
  end
