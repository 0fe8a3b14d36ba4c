// reset_synchronizer: a reset that begins without a clock and ends with one. rst_no falls with rst_ni,
// at once. It rises at the second edge of clk_i after rst_ni rose (the third, when rst_ni rises just at
// an edge). Where the clock stands still, reset stays.
module reset_synchronizer (
  input  logic clk_i,
  input  logic rst_ni,  // asynchronous
  output logic rst_no   // begins asynchronously, ends with clk_i
);
  (* keep, ASYNC_REG = "TRUE" *) logic first_q;
  (* keep, ASYNC_REG = "TRUE" *) logic second_q;

  assign rst_no = second_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      first_q  <= 1'b0;
      second_q <= 1'b0;
    end else begin
      first_q  <= 1'b1;
      second_q <= first_q;
    end
  end
endmodule
