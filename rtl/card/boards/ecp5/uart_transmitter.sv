// uart_transmitter: sends bytes 8N1, lowest bit first, one after the other without a pause while there are some.
// line_o is a flip-flop; idle is 1.
module uart_transmitter #(
  parameter int ClocksPerBit = 100  // 8 to 65535
) (
  input  logic       clk_i,
  input  logic       rst_ni,  // asynchronous
  input  logic       in_valid_i,
  output logic       in_ready_o,
  input  logic [7:0] in_data_i,
  output logic       line_o
);
  if (ClocksPerBit < 8 || ClocksPerBit > 65535) begin : g_check
    uart_transmitter_needs_ClocksPerBit_8_to_65535 u_error ();
  end

  logic [15:0] wait_q;
  logic [3:0]  left_q;  // bits still to be sent, this one counted
  logic [8:0]  bits_q;

  assign in_ready_o = left_q == '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wait_q <= '0;
      left_q <= '0;
      bits_q <= '1;
      line_o <= 1'b1;
    end else if (in_ready_o) begin
      if (in_valid_i) begin
        left_q <= 4'd10;
        bits_q <= {1'b1, in_data_i};
        line_o <= 1'b0;
        wait_q <= 16'(ClocksPerBit - 1);
      end
    end else if (wait_q != '0) begin
      wait_q <= wait_q - 1'b1;
    end else begin
      left_q <= left_q - 1'b1;
      bits_q <= {1'b1, bits_q[8:1]};
      line_o <= left_q == 4'd1 || bits_q[0];
      wait_q <= 16'(ClocksPerBit - 1);
    end
  end
endmodule
