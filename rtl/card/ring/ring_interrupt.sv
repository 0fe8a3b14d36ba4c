// ring_interrupt: raises an interrupt for lines that a tail has reported. It rises when lines_i of them are
// new since the last rise, or clocks_i after the first new one; it stays until acknowledged. Lines reported
// while it is high make it rise again after the acknowledgement: none is forgotten, one may be told twice.
module ring_interrupt (
  input  logic        clk_i,
  input  logic        rst_ni,       // asynchronous
  input  logic        start_i,      // reported_i begins at 0 again
  input  logic [31:0] reported_i,   // modulo 2^32
  input  logic [15:0] lines_i,      // 0 is 1
  input  logic [31:0] clocks_i,     // 0: at once
  input  logic        acknowledge_i,
  output logic        interrupt_o
);
  logic [31:0] told_q, age_q, unsaid;
  logic        interrupt_q, rise;

  assign unsaid = reported_i - told_q;
  assign rise   = unsaid != '0 && !interrupt_q && (unsaid >= 32'(lines_i) || age_q >= clocks_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      told_q      <= '0;
      age_q       <= '0;
      interrupt_q <= 1'b0;
    end else begin
      told_q      <= start_i ? '0 : rise ? reported_i : told_q;
      age_q       <= (unsaid == '0 || rise) ? '0 : age_q + 32'(age_q != '1);
      interrupt_q <= rise || (interrupt_q && !acknowledge_i);
    end
  end
  assign interrupt_o = interrupt_q;
endmodule
