  // A row of samples ends with the first that is neither clipped nor at the level; its length is counted here without
  // an end. Inserted before the design's endmodule by prove.py.
  logic [19:0] row;
  logic        past_q;
  wire         too_much = sample_clipped_i || sample_i >= level_i;

  initial assume (!rst_ni);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      past_q <= 1'b0;
      row <= '0;
    end else begin
      past_q <= 1'b1;
      if (sample_valid_i && !too_much) row <= '0;
      else if (sample_valid_i && row != '1) row <= row + 1'b1;
    end
  end

  always_comb begin
    if (rst_ni) begin
      i_row: assert (above_q == (row > 20'hFFFF ? 16'hFFFF : 16'(row)));
      a_overload: assert (overload_o == (samples_i != 16'hFFFF && row >= 20'(samples_i)));
      a_never: assert (samples_i != 16'hFFFF || !overload_o);
      a_always: assert (samples_i != 16'h0000 || overload_o);
    end else begin
      a_reset: assert (samples_i == 16'h0000 || !overload_o);
    end
  end

  always_comb begin
    if (rst_ni && past_q) begin
      c_overload: cover (overload_o && samples_i == 16'd4);
      c_over: cover (!overload_o && samples_i == 16'd2 && row == 20'd0 && !sample_valid_i);
    end
  end
