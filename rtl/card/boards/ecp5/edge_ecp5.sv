// edge_ecp5: the card on a board with a Lattice ECP5-85k: one clock, detector samples on pins, and a serial line as
// host link (uart_bridge) instead of PCIe. Small memories: what a board without a host's memory has room for.
// clk_i comes from the board's oscillator; place and route tells how fast it may be (edge_ecp5.md).
// Latency, registers, pins: as the card's (card.md), with all clocks the same.
module edge_ecp5 #(
  parameter int ClockKilohertz = 50000,
  parameter int Baud           = 1_000_000
) (
  input  logic        clk_i,
  input  logic        rst_ni,               // asynchronous
  input  logic        uart_i,
  output logic        uart_o,
  input  logic        adc_valid_i,          // synchronous to clk_i
  input  logic [15:0] adc_data_i,
  input  logic        microscope_blank_i,   // 1 = blank
  input  logic        external_interlock_i, // 1 = closed
  output logic        permit_beam_o,
  output logic        keep_alive_o,
  output logic        pixel_advance_o,
  output logic        aux_trigger_o,
  output logic [15:0] scan_x_o,
  output logic [15:0] scan_y_o,
  output logic        scan_strobe_o,
  output logic        damaged_o             // lamp: something on the serial line was not understood
);
  localparam int ClocksPerBit = (ClockKilohertz * 1000 + Baud / 2) / Baud;

  logic         awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready, rvalid, rready;
  logic [15:0]  awaddr, araddr;
  logic [31:0]  wdata, rdata;
  logic [3:0]   wstrb;
  logic [1:0]   bresp, rresp;
  logic         event_valid, event_ready, unused_vector_ready, bus_rst_n;
  logic [511:0] event_data;
  logic         host_awvalid, host_awready, host_wvalid, host_wready, host_wlast, host_bvalid, host_bready;
  logic [511:0] host_wdata;
  logic [63:0]  host_wstrb;
  logic         unused_interrupt, unused_host_arvalid, unused_host_rready;
  logic [63:0]  unused_host_awaddr, unused_host_araddr;
  logic [7:0]   unused_host_awlen, unused_host_arlen;

  reset_synchronizer u_reset (.clk_i, .rst_ni, .rst_no (bus_rst_n));

  uart_bridge #(.ClocksPerBit(ClocksPerBit)) u_bridge (
    .clk_i,
    .rst_ni            (bus_rst_n),
    .line_i            (uart_i),
    .line_o            (uart_o),
    .control_awvalid_o (awvalid),
    .control_awready_i (awready),
    .control_awaddr_o  (awaddr),
    .control_wvalid_o  (wvalid),
    .control_wready_i  (wready),
    .control_wdata_o   (wdata),
    .control_wstrb_o   (wstrb),
    .control_bvalid_i  (bvalid),
    .control_bready_o  (bready),
    .control_bresp_i   (bresp),
    .control_arvalid_o (arvalid),
    .control_arready_i (arready),
    .control_araddr_o  (araddr),
    .control_rvalid_i  (rvalid),
    .control_rready_o  (rready),
    .control_rdata_i   (rdata),
    .control_rresp_i   (rresp),
    .event_valid_i     (event_valid),
    .event_ready_o     (event_ready),
    .event_data_i      (event_data),
    .damaged_o
  );

  record_window u_window (
    .clk_i,
    .rst_ni        (bus_rst_n),
    .awvalid_i     (host_awvalid),
    .awready_o     (host_awready),
    .wvalid_i      (host_wvalid),
    .wready_o      (host_wready),
    .wdata_i       (host_wdata),
    .wstrb_i       (host_wstrb),
    .wlast_i       (host_wlast),
    .bvalid_o      (host_bvalid),
    .bready_i      (host_bready),
    .event_valid_o (event_valid),
    .event_ready_i (event_ready),
    .event_data_o  (event_data)
  );

  card #(
    .BusWidth       (512),
    .PositionDepth  (512),
    .EventDepth     (16),
    .ClockKilohertz (ClockKilohertz)
  ) u_card (
    .rst_ni,
    .core_clk_i        (clk_i),
    .bus_clk_i         (clk_i),
    .adc_clk_i         (clk_i),
    .link_clk_i        (clk_i),
    .scan_clk_i        (clk_i),
    .control_awvalid_i (awvalid),
    .control_awready_o (awready),
    .control_awaddr_i  (awaddr),
    .control_wvalid_i  (wvalid),
    .control_wready_o  (wready),
    .control_wdata_i   (wdata),
    .control_wstrb_i   (wstrb),
    .control_bvalid_o  (bvalid),
    .control_bready_i  (bready),
    .control_bresp_o   (bresp),
    .control_arvalid_i (arvalid),
    .control_arready_o (arready),
    .control_araddr_i  (araddr),
    .control_rvalid_o  (rvalid),
    .control_rready_i  (rready),
    .control_rdata_o   (rdata),
    .control_rresp_o   (rresp),
    .host_awvalid_o    (host_awvalid),
    .host_awready_i    (host_awready),
    .host_awaddr_o     (unused_host_awaddr),
    .host_awlen_o      (unused_host_awlen),
    .host_wvalid_o     (host_wvalid),
    .host_wready_i     (host_wready),
    .host_wdata_o      (host_wdata),
    .host_wstrb_o      (host_wstrb),
    .host_wlast_o      (host_wlast),
    .host_bvalid_i     (host_bvalid),
    .host_bready_o     (host_bready),
    .host_bresp_i      (2'd0),
    .host_arvalid_o    (unused_host_arvalid),  // no vectors of a host here
    .host_arready_i    (1'b0),
    .host_araddr_o     (unused_host_araddr),
    .host_arlen_o      (unused_host_arlen),
    .host_rvalid_i     (1'b0),
    .host_rready_o     (unused_host_rready),
    .host_rdata_i      ('0),
    .host_rresp_i      (2'd0),
    .host_rlast_i      (1'b0),
    .interrupt_o       (unused_interrupt),
    .adc_valid_i,
    .adc_data_i,
    .keep_alive_word_i (1'b0),
    .reconfigure_i     (1'b0),
    .pixel_clock_i     (1'b0),
    .line_clock_i      (1'b0),
    .frame_clock_i     (1'b0),
    .vector_valid_i    (1'b0),
    .vector_ready_o    (unused_vector_ready),
    .vector_data_i     ('0),
    .microscope_blank_i,
    .external_interlock_i,
    .stall_network_i   (1'b0),
    .permit_beam_o,
    .keep_alive_o,
    .pixel_advance_o,
    .aux_trigger_o,
    .scan_x_o,
    .scan_y_o,
    .scan_strobe_o
  );
endmodule
