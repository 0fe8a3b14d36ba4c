  // What is chosen keeps the detector alive, and nothing else does. Inserted before the design's endmodule by prove.py.
  (* hierconn *) wire [31:0] \u_watchdog.age_q ;
  logic [31:0] since;
  logic        past_q;
  wire         chosen = (adc_valid_i && (source_i == 2'd0 || source_i == 2'd2)) || (keep_alive_word_i && (source_i == 2'd1 || source_i == 2'd2));

  initial assume (!rst_ni);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      past_q <= 1'b0;
      since <= '1;
    end else begin
      past_q <= 1'b1;
      since <= chosen ? 32'd0 : (since == '1 ? since : since + 1'b1);
    end
  end

  always_comb begin
    if (rst_ni) begin
      i_since: assert (since == \u_watchdog.age_q );
      a_late: assert (late_o == (since >= timeout_i || source_i == 2'd3));
    end
  end

  always_comb begin
    if (rst_ni && past_q) begin
      c_words: cover (source_i == 2'd1 && !late_o);
      c_silent: cover (source_i == 2'd0 && late_o && since == 32'd6 && timeout_i == 32'd6);
    end
  end
