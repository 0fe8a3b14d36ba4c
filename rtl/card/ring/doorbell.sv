// doorbell: brings the newest of the words that are written into another clock. Every write shows there, or a newer
// one in its place, also when the word is the same as before. Latency: word_crossing's.
module doorbell #(
  parameter int Width = 32  // bits
) (
  input  logic             in_clk_i,
  input  logic             in_rst_ni,   // asynchronous
  input  logic             write_i,
  input  logic [Width-1:0] word_i,
  input  logic             out_clk_i,
  input  logic             out_rst_ni,  // asynchronous
  output logic             valid_o,     // one clock
  output logic [Width-1:0] word_o
);
  logic             waits_q, ready;
  logic [Width-1:0] word_q;

  always_ff @(posedge in_clk_i or negedge in_rst_ni) begin
    if (!in_rst_ni) waits_q <= 1'b0;
    else            waits_q <= write_i || (waits_q && !ready);
  end
  always_ff @(posedge in_clk_i) if (write_i) word_q <= word_i;

  word_crossing #(.Width(Width)) u_word (
    .in_clk_i,
    .in_rst_ni,
    .in_valid_i  (waits_q),
    .in_ready_o  (ready),
    .in_data_i   (word_q),
    .out_clk_i,
    .out_rst_ni,
    .out_valid_o (valid_o),
    .out_data_o  (word_o)
  );
endmodule
