// latency: statistics of a latency in clocks: last, smallest, largest, count, sum, histogram.
// A measurement shows in the clock after measure_i. No combinational paths.
module latency (
  input  logic          clk_i,
  input  logic          rst_ni,  // asynchronous
  input  logic          clear_i,
  input  logic          measure_i,
  input  logic [15:0]   clocks_i,   // 65535 = more
  output logic [15:0]   last_o,
  output logic [15:0]   min_o,      // 65535 until the first
  output logic [15:0]   max_o,
  output logic [31:0]   count_o,
  output logic [63:0]   sum_o,
  output logic [1023:0] histogram_o // 32 counts of 32 bits: latency k, the last: 31 and more
);
  logic [4:0] bin;
  assign bin = clocks_i > 16'd31 ? 5'd31 : clocks_i[4:0];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      last_o      <= '0;
      min_o       <= 16'hFFFF;
      max_o       <= '0;
      count_o     <= '0;
      sum_o       <= '0;
      histogram_o <= '0;
    end else if (clear_i) begin
      last_o      <= '0;
      min_o       <= 16'hFFFF;
      max_o       <= '0;
      count_o     <= '0;
      sum_o       <= '0;
      histogram_o <= '0;
    end else if (measure_i) begin
      last_o  <= clocks_i;
      if (clocks_i < min_o) min_o <= clocks_i;
      if (clocks_i > max_o) max_o <= clocks_i;
      count_o <= count_o + 32'd1;
      sum_o   <= sum_o + 64'(clocks_i);
      histogram_o[bin*32 +: 32] <= histogram_o[bin*32 +: 32] + 32'd1;
    end
  end
endmodule
