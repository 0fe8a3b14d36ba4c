// Techmap rules for iCE40, after synth_ice40: adder bits whose two operands are one net, as in x + 3x at bit 0.
// nextpnr-ice40 routes such a net to both inputs of one LUT in turns, and never ends. The carry of equal
// operands is the operand; the LUT reads it once.

module SB_CARRY (output CO, input I0, I1, CI);
  parameter _TECHMAP_CONNMAP_I0_ = 0;
  parameter _TECHMAP_CONNMAP_I1_ = 0;
  wire _TECHMAP_FAIL_ = _TECHMAP_CONNMAP_I0_ != _TECHMAP_CONNMAP_I1_;
  assign CO = I0;
endmodule

module SB_LUT4 (output O, input I0, I1, I2, I3);
  parameter [15:0] LUT_INIT = 0;
  parameter _TECHMAP_CONNMAP_I1_ = 0;
  parameter _TECHMAP_CONNMAP_I2_ = 0;
  parameter _TECHMAP_CONSTMSK_I1_ = 0;
  wire _TECHMAP_FAIL_ = _TECHMAP_CONNMAP_I1_ != _TECHMAP_CONNMAP_I2_ || _TECHMAP_CONSTMSK_I1_;
  // Inputs I3 I2 I1 I0 are the index. With I2 = I1 the entries 6 and 7 stand for I1 = 1, wherever I2 is tied.
  localparam [7:0] Low = {LUT_INIT[7:6], LUT_INIT[1:0], LUT_INIT[7:6], LUT_INIT[1:0]};
  localparam [7:0] High = {LUT_INIT[15:14], LUT_INIT[9:8], LUT_INIT[15:14], LUT_INIT[9:8]};
  SB_LUT4 #(.LUT_INIT({High, Low})) _TECHMAP_REPLACE_ (.O(O), .I0(I0), .I1(I1), .I2(1'b0), .I3(I3));
endmodule
