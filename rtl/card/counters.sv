// counters: Count counters of 32 bits, each counting the clocks in which its input is high. They wrap.
// A count shows in the clock after. No combinational paths.
module counters #(
  parameter int Count = 4
) (
  input  logic                clk_i,
  input  logic                rst_ni,  // asynchronous
  input  logic                clear_i,
  input  logic [Count-1:0]    count_i,
  output logic [32*Count-1:0] counts_o  // counter 0 lowest
);
  if (Count < 1) begin : g_check
    counters_needs_Count_of_at_least_1 u_error ();
  end

  for (genvar i = 0; i < Count; i++) begin : g_counter
    logic [31:0] count_q;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni)          count_q <= '0;
      else if (clear_i)     count_q <= '0;
      else if (count_i[i])  count_q <= count_q + 32'd1;
    end
    assign counts_o[32*i +: 32] = count_q;
  end
endmodule
