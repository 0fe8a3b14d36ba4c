// audit: draws which dwells take their full length although they are decided, so that what the decision
// misses is measured in operation. A share of fraction / 65536 of the dwells, by a 32-bit shift register
// (x^32 + x^22 + x^2 + x + 1, Galois) that moves 16 places a dwell: the same seed, the same dwells.
// audit_o is about the dwell that starts next and comes from registers.
module audit (
  input  logic        clk_i,
  input  logic        rst_ni,        // asynchronous
  input  logic        seed_write_i,
  input  logic [31:0] seed_i,        // 0 is taken as 1
  input  logic [15:0] fraction_i,    // of 65536; 0: never
  input  logic        draw_i,        // a dwell starts at this edge: draw for the next
  output logic        audit_o
);
  logic [31:0] state_q;

  function automatic logic [31:0] drawn(input logic [31:0] state);
    drawn = state;
    for (int k = 0; k < 16; k++) drawn = (drawn >> 1) ^ (drawn[0] ? 32'h80200003 : 32'd0);
  endfunction

  assign audit_o = state_q[15:0] < fraction_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)           state_q <= 32'd1;
    else if (seed_write_i) state_q <= drawn(seed_i == '0 ? 32'd1 : seed_i);
    else if (draw_i)       state_q <= drawn(state_q);
  end
endmodule
