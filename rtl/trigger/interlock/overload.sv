// overload: the detector sees more than it may. overload_o is high when the last samples_i samples, one after the
// other, were at level_i or above, or at an end of the ADC's range, where nobody knows how far beyond they are.
//   samples_i   0: always. 65535: never, not watched.
// Latency 1: the edge that takes the deciding sample raises overload_o; it falls with the first sample below.
// Combinational path: samples_i to overload_o.
module overload (
  input  logic               clk_i,
  input  logic               rst_ni,    // asynchronous
  input  logic signed [15:0] level_i,   // 1/64 electron
  input  logic [15:0]        samples_i,
  input  logic               sample_valid_i,
  input  logic signed [15:0] sample_i,  // 1/64 electron
  input  logic               sample_clipped_i,
  output logic               overload_o
);
  logic [15:0] above_q;  // samples so far; saturates

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      above_q <= '0;
    end else if (sample_valid_i) begin
      if (!sample_clipped_i && sample_i < level_i) above_q <= '0;
      else if (!(&above_q))                        above_q <= above_q + 16'd1;
    end
  end

  assign overload_o = !(&samples_i) && above_q >= samples_i;
endmodule
