// watchdog: says when a sign of life is late. late_o is high when the last one is timeout_i clocks old or older, and
// since reset until the first has come and is younger. A timeout of 0 is always late.
// alive_i taken at an edge counts from that edge. Combinational path: timeout_i to late_o.
module watchdog (
  input  logic        clk_i,
  input  logic        rst_ni,     // asynchronous
  input  logic        alive_i,
  input  logic [31:0] timeout_i,  // clocks
  output logic        late_o
);
  logic [31:0] age_q;  // saturates: what is late stays late

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)        age_q <= '1;  // none has come yet
    else if (alive_i)   age_q <= '0;
    else if (!(&age_q)) age_q <= age_q + 32'd1;
  end

  assign late_o = age_q >= timeout_i;
endmodule
