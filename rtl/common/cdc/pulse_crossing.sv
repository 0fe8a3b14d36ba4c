// pulse_crossing: brings pulses of one clock into another clock domain. After every pulse_i at least one
// pulse_o follows; pulses that come while one is under way become one more, together.
// Latency 3 edges of out_clk_i (4 when the input moves just at an edge); a pulse that waits adds the way
// back, 2 edges of in_clk_i (3) after that.
// Both sides are reset together.
module pulse_crossing (
  input  logic in_clk_i,
  input  logic in_rst_ni,   // asynchronous
  input  logic pulse_i,
  input  logic out_clk_i,
  input  logic out_rst_ni,  // asynchronous
  output logic pulse_o      // one clock
);
  logic sent_q, waiting_q, returned, arrived, seen_q, free;

  assign free = sent_q == returned;

  always_ff @(posedge in_clk_i or negedge in_rst_ni) begin
    if (!in_rst_ni) begin
      sent_q    <= 1'b0;
      waiting_q <= 1'b0;
    end else begin
      if (free && (pulse_i || waiting_q)) sent_q <= !sent_q;
      waiting_q <= !free && (pulse_i || waiting_q);
    end
  end

  synchronizer u_there (.clk_i (out_clk_i), .rst_ni (out_rst_ni), .level_i (sent_q), .level_o (arrived));

  always_ff @(posedge out_clk_i or negedge out_rst_ni) begin
    if (!out_rst_ni) begin
      seen_q  <= 1'b0;
      pulse_o <= 1'b0;
    end else begin
      seen_q  <= arrived;
      pulse_o <= arrived != seen_q;
    end
  end

  synchronizer u_back (.clk_i (in_clk_i), .rst_ni (in_rst_ni), .level_i (seen_q), .level_o (returned));
endmodule
