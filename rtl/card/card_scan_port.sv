// card_scan_port: brings the probe position to the digital-to-analogue converters of the scan, in their
// clock. X and Y always belong together; strobe_o is high for the clock in which a new pair begins.
// Latency 3 edges of scan_clk_i after the core moved (4 when it moves just at an edge). A position that is
// replaced before it could leave is left out, so settling times must cover the crossing.
// stopped_o: a position has waited StoppedClocks clocks of the core: the scan clock stands still.
module card_scan_port #(
  parameter int StoppedClocks = 4096
) (
  input  logic        core_clk_i,
  input  logic        core_rst_ni,  // asynchronous
  input  logic [15:0] x_i,
  input  logic [15:0] y_i,
  output logic        stopped_o,
  input  logic        scan_clk_i,
  input  logic        scan_rst_ni,  // asynchronous
  output logic [15:0] x_o,
  output logic [15:0] y_o,
  output logic        strobe_o
);
  if (StoppedClocks < 16) begin : g_check
    card_scan_port_needs_StoppedClocks_of_at_least_16 u_error ();
  end

  localparam int ClockBits = $clog2(StoppedClocks + 1);
  logic                 busy;
  logic [ClockBits-1:0] clocks_q;

  assign stopped_o = clocks_q == ClockBits'(StoppedClocks);

  always_ff @(posedge core_clk_i or negedge core_rst_ni) begin
    if (!core_rst_ni)    clocks_q <= '0;
    else if (!busy)      clocks_q <= '0;
    else if (!stopped_o) clocks_q <= clocks_q + 1'b1;
  end

  value_crossing #(.Width(32)) u_position (
    .in_clk_i    (core_clk_i),
    .in_rst_ni   (core_rst_ni),
    .in_data_i   ({y_i, x_i}),
    .in_busy_o   (busy),
    .out_clk_i   (scan_clk_i),
    .out_rst_ni  (scan_rst_ni),
    .out_valid_o (strobe_o),
    .out_data_o  ({y_o, x_o})
  );
endmodule
