// word_crossing: brings words into another clock domain whole, one at a time, in order, none lost. A word
// is taken when in_valid_i && in_ready_o; it shows with out_valid_o high for one clock, and stays.
// Latency 3 edges of out_clk_i (4 when the input moves just at an edge). The next word goes when the
// answer has come back: 2 edges of in_clk_i (3) after that.
// in_ready_o depends on registers only. Both sides are reset together.
module word_crossing #(
  parameter int Width = 8,                      // bits
  parameter logic [Width-1:0] ResetValue = '0   // shown until a word has come
) (
  input  logic             in_clk_i,
  input  logic             in_rst_ni,   // asynchronous
  input  logic             in_valid_i,
  output logic             in_ready_o,
  input  logic [Width-1:0] in_data_i,
  input  logic             out_clk_i,
  input  logic             out_rst_ni,  // asynchronous
  output logic             out_valid_o,
  output logic [Width-1:0] out_data_o
);
  if (Width < 1) begin : g_check
    word_crossing_needs_Width_of_at_least_1 u_error ();
  end

  logic             request_q, answered, arrived, seen_q, taken;
  logic [Width-1:0] word_q;

  assign in_ready_o = request_q == answered;
  assign taken      = in_valid_i && in_ready_o;

  always_ff @(posedge in_clk_i or negedge in_rst_ni) begin
    if (!in_rst_ni) request_q <= 1'b0;
    else if (taken) request_q <= !request_q;
  end
  always_ff @(posedge in_clk_i) if (taken) word_q <= in_data_i;

  synchronizer u_there (.clk_i (out_clk_i), .rst_ni (out_rst_ni), .level_i (request_q), .level_o (arrived));

  // word_q has stood still since two edges before, and does until the answer is back.
  always_ff @(posedge out_clk_i or negedge out_rst_ni) begin
    if (!out_rst_ni) begin
      seen_q      <= 1'b0;
      out_valid_o <= 1'b0;
      out_data_o  <= ResetValue;
    end else begin
      seen_q      <= arrived;
      out_valid_o <= arrived != seen_q;
      if (arrived != seen_q) out_data_o <= word_q;
    end
  end

  synchronizer u_back (.clk_i (in_clk_i), .rst_ni (in_rst_ni), .level_i (seen_q), .level_o (answered));
endmodule
