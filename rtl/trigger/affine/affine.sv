// affine: scan coordinates -> codes of the scan DACs. Flips, rotation, shear, scale and shift in one:
//
//   x_o = saturate16((xx * x + xy * y) / 2^16 + x_offset / 2^12, rounded half up)        and so for y_o
//
// Off (enable_i 0): x_o, y_o and advance_o are the inputs of the same clock. On: all three come 3 clocks
// later, one position a clock. Settings change only while the probe rests.
module affine (
  input  logic               clk_i,
  input  logic               rst_ni,      // asynchronous
  input  logic               enable_i,
  input  logic signed [17:0] xx_i,        // 1/65536, from -2 to just below 2, as the next three
  input  logic signed [17:0] xy_i,
  input  logic signed [17:0] yx_i,
  input  logic signed [17:0] yy_i,
  input  logic signed [31:0] x_offset_i,  // 1/4096 DAC code
  input  logic signed [31:0] y_offset_i,
  input  logic [15:0]        x_i,
  input  logic [15:0]        y_i,
  input  logic               advance_i,   // one clock, the first at a new position
  output logic [15:0]        x_o,
  output logic [15:0]        y_o,
  output logic               advance_o
);
  logic [2:0] advance_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) advance_q <= '0;
    else         advance_q <= {advance_q[1:0], advance_i};
  end
  assign advance_o = enable_i ? advance_q[2] : advance_i;

  // Products, sum, rounded code: a register each. 18 x 17 bits is one multiplier of the fabric.
  for (genvar k = 0; k < 2; k++) begin : g_axis
    logic signed [17:0] from_x, from_y;
    logic signed [31:0] offset;
    logic signed [34:0] x_product_q, y_product_q;
    logic signed [37:0] sum_q;
    logic signed [21:0] code;
    logic [15:0]        code_q;

    assign from_x = k == 0 ? xx_i : yx_i;
    assign from_y = k == 0 ? xy_i : yy_i;
    assign offset = k == 0 ? x_offset_i : y_offset_i;
    assign code   = sum_q[37:16];

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        x_product_q <= '0;
        y_product_q <= '0;
        sum_q       <= '0;
        code_q      <= '0;
      end else begin
        x_product_q <= 35'(from_x) * 35'($signed({1'b0, x_i}));
        y_product_q <= 35'(from_y) * 35'($signed({1'b0, y_i}));
        sum_q       <= 38'(x_product_q) + 38'(y_product_q) + (38'(offset) <<< 4) + 38'sd32768;
        code_q      <= code[21] ? 16'd0 : code[20:16] != '0 ? 16'hFFFF : code[15:0];
      end
    end

    logic unused_fraction;
    assign unused_fraction = ^sum_q[15:0];
  end

  assign x_o = enable_i ? g_axis[0].code_q : x_i;
  assign y_o = enable_i ? g_axis[1].code_q : y_i;
endmodule
