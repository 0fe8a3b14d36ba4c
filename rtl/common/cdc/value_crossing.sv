// value_crossing: shows the value of another clock domain, whole: out_data_o is always one that in_data_i
// had. A value that stays comes through; of values that change faster the newest does.
// Latency as word_crossing, and the way back of the value before it while that is under way.
// out_valid_o is high for the clock in which a new value begins to show.
module value_crossing #(
  parameter int Width = 8,                      // bits
  parameter logic [Width-1:0] ResetValue = '0   // shown until another one has come
) (
  input  logic             in_clk_i,
  input  logic             in_rst_ni,   // asynchronous
  input  logic [Width-1:0] in_data_i,
  output logic             in_busy_o,   // a value is under way
  input  logic             out_clk_i,
  input  logic             out_rst_ni,  // asynchronous
  output logic             out_valid_o,
  output logic [Width-1:0] out_data_o
);
  logic             ready;
  logic [Width-1:0] sent_q;

  assign in_busy_o = !ready;

  word_crossing #(.Width(Width), .ResetValue(ResetValue)) u_word (
    .in_clk_i,
    .in_rst_ni,
    .in_valid_i (in_data_i != sent_q),
    .in_ready_o (ready),
    .in_data_i,
    .out_clk_i,
    .out_rst_ni,
    .out_valid_o,
    .out_data_o
  );

  always_ff @(posedge in_clk_i or negedge in_rst_ni) begin
    if (!in_rst_ni) sent_q <= ResetValue;
    else if (ready) sent_q <= in_data_i;
  end
endmodule
