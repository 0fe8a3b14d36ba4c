// hysteresis: a class that was sure needs less to be sure again. While class k is held, its threshold is
// lower by `amount`; the thresholds of the others stand. thresholds_o goes into the comparison of the
// decision: combinational from thresholds_i, and from registers that know the held class.
//
// Held is the class of the newest sure result of the dwell. When the dwell is over:
//   carry 0   nothing is held
//   carry 1   the class is held on into the next dwell if this one was decided as it; a dwell that ends
//             without a class forgets it, and so does the start of a run
// A class is held from the edge that sees its sure result: the result compared at that very edge still
// meets the thresholds before.
module hysteresis #(
  parameter int ClassCount = 4  // 1 to 16
) (
  input  logic         clk_i,
  input  logic         rst_ni,        // asynchronous
  input  logic [511:0] thresholds_i,  // 16 x 32 bits, signed, class 0 lowest
  input  logic [31:0]  amount_i,      // unsigned; 0: off
  input  logic         carry_i,
  input  logic         forget_i,      // a run starts, or nothing is decided
  input  logic         dwell_over_i,  // no dwell is under way after this edge, or another one starts
  input  logic         named_i,       // it is, or was, decided as a class
  input  logic         sure_i,        // at this edge a result of the dwell is sure ...
  input  logic [7:0]   class_i,       // ... of this class
  output logic [511:0] thresholds_o
);
  if (ClassCount < 1 || ClassCount > 16) begin : g_check
    hysteresis_needs_ClassCount_1_to_16 u_error ();
  end

  logic       held_q;
  logic [7:0] class_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) held_q <= 1'b0;
    else if (forget_i || (dwell_over_i && !(carry_i && named_i))) held_q <= 1'b0;
    else if (sure_i) held_q <= amount_i != '0;
  end
  always_ff @(posedge clk_i) if (sure_i) class_q <= class_i;

  // The lower thresholds are settings, too: registered, so that the comparison sees only a choice.
  for (genvar k = 0; k < 16; k++) begin : g_class
    if (k < ClassCount) begin : g_held
      logic signed [33:0] lower;
      logic [31:0]        lower_q;
      assign lower = 34'($signed(thresholds_i[32*k +: 32])) - 34'($signed({2'b0, amount_i}));
      always_ff @(posedge clk_i) begin
        lower_q <= lower < -34'sd2147483648 ? 32'h80000000 : lower[31:0];
      end
      assign thresholds_o[32*k +: 32] = held_q && class_q == 8'(k) ? lower_q : thresholds_i[32*k +: 32];
    end else begin : g_none
      assign thresholds_o[32*k +: 32] = thresholds_i[32*k +: 32];
    end
  end
endmodule
