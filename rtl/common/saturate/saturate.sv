// saturate: narrows a signed integer to the nearest one that fits. Combinational, no clock.
module saturate #(
  parameter int InWidth  = 16,  // bits, signed
  parameter int OutWidth = 8    // bits, signed; 2 <= OutWidth < InWidth
) (
  input  logic signed [InWidth-1:0]  data_i,
  output logic signed [OutWidth-1:0] data_o,
  output logic                       saturated_o  // data_o differs from data_i
);
  if (OutWidth < 2 || OutWidth >= InWidth) begin : g_check
    saturate_needs_2_le_OutWidth_lt_InWidth u_error ();
  end

  logic sign;

  // It fits when every dropped bit repeats the sign.
  assign sign        = data_i[InWidth-1];
  assign saturated_o = data_i[InWidth-1:OutWidth-1] != {(InWidth - OutWidth + 1) {sign}};
  assign data_o      = saturated_o ? {sign, {(OutWidth - 1) {!sign}}} : data_i[OutWidth-1:0];
endmodule
