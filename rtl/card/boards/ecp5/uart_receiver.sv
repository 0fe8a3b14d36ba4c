// uart_receiver: bytes of a serial line, 8 data bits, no parity, one stop bit (8N1), lowest bit first.
// Each bit is read in its middle, counted from the start bit's edge: a sender may be off by 4 %.
// A byte whose stop bit is 0 is not given out; error_o tells, and the line must be idle (1) before the next.
module uart_receiver #(
  parameter int ClocksPerBit = 100  // 8 to 65535
) (
  input  logic       clk_i,
  input  logic       rst_ni,  // asynchronous
  input  logic       line_i,  // asynchronous
  output logic       valid_o,  // one clock
  output logic [7:0] data_o,
  output logic       error_o   // one clock: the stop bit was 0
);
  if (ClocksPerBit < 8 || ClocksPerBit > 65535) begin : g_check
    uart_receiver_needs_ClocksPerBit_8_to_65535 u_error ();
  end

  logic        line, busy_q, broken_q;
  logic [15:0] wait_q;
  logic [3:0]  bit_q;  // 0 start, 1 to 8 data, 9 stop
  logic [7:0]  data_q;

  synchronizer #(.ResetValue(1'b1)) u_line (.clk_i, .rst_ni, .level_i (line_i), .level_o (line));

  assign data_o = data_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q   <= 1'b0;
      broken_q <= 1'b1;  // until the line has been seen idle
      wait_q   <= '0;
      bit_q    <= '0;
      data_q   <= '0;
      valid_o  <= 1'b0;
      error_o  <= 1'b0;
    end else begin
      valid_o <= 1'b0;
      error_o <= 1'b0;
      if (!busy_q) begin
        if (line) broken_q <= 1'b0;
        if (!line && !broken_q) begin
          busy_q <= 1'b1;
          bit_q  <= '0;
          wait_q <= 16'(ClocksPerBit / 2);
        end
      end else if (wait_q != '0) begin
        wait_q <= wait_q - 1'b1;
      end else begin
        wait_q <= 16'(ClocksPerBit - 1);
        bit_q  <= bit_q + 1'b1;
        if (bit_q == 4'd0) begin
          if (line) busy_q <= 1'b0;  // a spike, no start bit
        end else if (bit_q <= 4'd8) begin
          data_q <= {line, data_q[7:1]};
        end else begin
          busy_q   <= 1'b0;
          valid_o  <= line;
          error_o  <= !line;
          broken_q <= !line;
        end
      end
    end
  end
endmodule
