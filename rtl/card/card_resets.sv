// card_resets: one asynchronous reset becomes a reset of each clock domain: all begin at once, without a
// clock, and each ends with its own clock.
module card_resets (
  input  logic rst_ni,  // asynchronous
  input  logic core_clk_i,
  output logic core_rst_no,
  input  logic bus_clk_i,
  output logic bus_rst_no,
  input  logic adc_clk_i,
  output logic adc_rst_no,
  input  logic link_clk_i,
  output logic link_rst_no,
  input  logic scan_clk_i,
  output logic scan_rst_no
);
  reset_synchronizer u_core (.clk_i (core_clk_i), .rst_ni, .rst_no (core_rst_no));
  reset_synchronizer u_bus  (.clk_i (bus_clk_i), .rst_ni, .rst_no (bus_rst_no));
  reset_synchronizer u_adc  (.clk_i (adc_clk_i), .rst_ni, .rst_no (adc_rst_no));
  reset_synchronizer u_link (.clk_i (link_clk_i), .rst_ni, .rst_no (link_rst_no));
  reset_synchronizer u_scan (.clk_i (scan_clk_i), .rst_ni, .rst_no (scan_rst_no));
endmodule
