// card: the top. Clocks and resets, the crossings between them, and the trigger path (card_core) in its
// own clock. permit_beam_o and keep_alive_o come straight from flip-flops of the interlock, which reset
// clears without a clock.
//
//   adc_clk    samples ------ async_fifo --+
//   link_clk   vectors ------ async_fifo --+--> card_core --+-- value_crossing --> scan_clk  X, Y
//   bus_clk    AXI4-Lite ---- register_link ^               +-- async_fifo ------> bus_clk   records
//   no clock   pins --------- synchronizer  |               +--> pins
//
// Latency: card_core's, and 2 to 3 core clocks from the edge of adc_clk_i to the edge at which the core can
// take the sample (card.md). Reset is one asynchronous input; each domain leaves it with its own clock.
module card #(
  parameter int PositionDepth       = 4096,   // positions of the list, 2 to 65536
  parameter int EventDepth          = 256,    // event records that can wait, 8 to 16384
  parameter int KeepAliveClocks     = 256,    // core clocks between two edges of keep_alive_o
  parameter int ScanStoppedClocks   = 4096,   // core clocks after which a position not taken counts as lost
  parameter int BusTimeoutClocks    = 4096,   // bus clocks after which a register access is given up
  parameter logic [31:0] BuildId    = '0,     // tells builds apart; 0: not told
  parameter int ClockKilohertz      = 0       // of core_clk_i as built for; 0: not told
) (
  input  logic         rst_ni,      // asynchronous
  input  logic         core_clk_i,
  input  logic         bus_clk_i,
  input  logic         adc_clk_i,
  input  logic         link_clk_i,
  input  logic         scan_clk_i,
  // AXI4-Lite, bus clock
  input  logic         control_awvalid_i,
  output logic         control_awready_o,
  input  logic [15:0]  control_awaddr_i,
  input  logic         control_wvalid_i,
  output logic         control_wready_o,
  input  logic [31:0]  control_wdata_i,
  input  logic [3:0]   control_wstrb_i,
  output logic         control_bvalid_o,
  input  logic         control_bready_i,
  output logic [1:0]   control_bresp_o,
  input  logic         control_arvalid_i,
  output logic         control_arready_o,
  input  logic [15:0]  control_araddr_i,
  output logic         control_rvalid_o,
  input  logic         control_rready_i,
  output logic [31:0]  control_rdata_o,
  output logic [1:0]   control_rresp_o,
  // event records, bus clock; 64 bytes, byte 0 lowest
  output logic         event_valid_o,
  input  logic         event_ready_i,
  output logic [511:0] event_data_o,
  // detector, ADC clock
  input  logic         adc_valid_i,
  input  logic [15:0]  adc_data_i,
  input  logic         keep_alive_word_i,  // link clock, one clock: the detector says that it is well
  // vectors of a network link, link clock
  input  logic         vector_valid_i,
  output logic         vector_ready_o,
  input  logic [network_config::InputCount*network_config::InputWidth-1:0] vector_data_i,
  // pins without a clock
  input  logic         microscope_blank_i,    // 1 = blank
  input  logic         external_interlock_i,  // 1 = closed
  input  logic         reconfigure_i,         // 1 = a part of the card is being configured anew
  input  logic         pixel_clock_i,         // of another scan generator, as the next two
  input  logic         line_clock_i,
  input  logic         frame_clock_i,
  // pins, core clock
  input  logic         stall_network_i,       // test hook: 0 in use
  output logic         permit_beam_o,
  output logic         keep_alive_o,
  output logic         pixel_advance_o,
  output logic         aux_trigger_o,
  // position, scan clock
  output logic [15:0]  scan_x_o,
  output logic [15:0]  scan_y_o,
  output logic         scan_strobe_o
);
  localparam int VectorBits = network_config::InputCount * network_config::InputWidth;

  logic core_rst_n, bus_rst_n, adc_rst_n, link_rst_n, scan_rst_n;

  card_resets u_resets (
    .rst_ni,
    .core_clk_i,
    .core_rst_no (core_rst_n),
    .bus_clk_i,
    .bus_rst_no  (bus_rst_n),
    .adc_clk_i,
    .adc_rst_no  (adc_rst_n),
    .link_clk_i,
    .link_rst_no (link_rst_n),
    .scan_clk_i,
    .scan_rst_no (scan_rst_n)
  );

  // ---------------------------------------------------------------- in
  logic                  sample_valid, sample_lost, keep_alive_word, vector_valid, vector_ready;
  logic [15:0]           sample_data;
  logic [VectorBits-1:0] vector_data;

  card_inputs #(.VectorBits(VectorBits)) u_inputs (
    .core_clk_i,
    .core_rst_ni         (core_rst_n),
    .adc_clk_i,
    .adc_rst_ni          (adc_rst_n),
    .adc_valid_i,
    .adc_data_i,
    .link_clk_i,
    .link_rst_ni         (link_rst_n),
    .vector_valid_i,
    .vector_ready_o,
    .vector_data_i,
    .keep_alive_word_i,
    .sample_valid_o      (sample_valid),
    .sample_data_o       (sample_data),
    .sample_lost_o       (sample_lost),
    .core_vector_valid_o (vector_valid),
    .core_vector_ready_i (vector_ready),
    .core_vector_data_o  (vector_data),
    .core_keep_alive_o   (keep_alive_word)
  );

  // ---------------------------------------------------------------- host
  logic         write, read, record_valid, record_ready;
  logic [15:0]  address, records_under_way;
  logic [31:0]  wdata, rdata;
  logic [511:0] record_data;

  card_host #(.TimeoutClocks(BusTimeoutClocks)) u_host (
    .bus_clk_i,
    .bus_rst_ni          (bus_rst_n),
    .awvalid_i           (control_awvalid_i),
    .awready_o           (control_awready_o),
    .awaddr_i            (control_awaddr_i),
    .wvalid_i            (control_wvalid_i),
    .wready_o            (control_wready_o),
    .wdata_i             (control_wdata_i),
    .wstrb_i             (control_wstrb_i),
    .bvalid_o            (control_bvalid_o),
    .bready_i            (control_bready_i),
    .bresp_o             (control_bresp_o),
    .arvalid_i           (control_arvalid_i),
    .arready_o           (control_arready_o),
    .araddr_i            (control_araddr_i),
    .rvalid_o            (control_rvalid_o),
    .rready_i            (control_rready_i),
    .rdata_o             (control_rdata_o),
    .rresp_o             (control_rresp_o),
    .event_valid_o,
    .event_ready_i,
    .event_data_o,
    .core_clk_i,
    .core_rst_ni         (core_rst_n),
    .register_write_o    (write),
    .register_read_o     (read),
    .register_address_o  (address),
    .register_wdata_o    (wdata),
    .register_rdata_i    (rdata),
    .record_valid_i      (record_valid),
    .record_ready_o      (record_ready),
    .record_data_i       (record_data),
    .records_under_way_o (records_under_way)
  );

  // ---------------------------------------------------------------- trigger path
  logic        scan_stopped;
  logic        payload_valid, payload_first, payload_last, unused_payload;
  logic [63:0] payload_word;

  // No payload ring stands in this top yet: captures of the spy buffer are read through registers.
  assign unused_payload = ^{payload_valid, payload_first, payload_last, payload_word};
  logic [15:0] x, y;

  card_core #(
    .PositionDepth   (PositionDepth),
    .EventDepth      (EventDepth),
    .KeepAliveClocks (KeepAliveClocks),
    .BuildId         (BuildId),
    .ClockKilohertz  (ClockKilohertz)
  ) u_core (
    .clk_i               (core_clk_i),
    .rst_ni              (core_rst_n),
    .bus_write_i         (write),
    .bus_read_i          (read),
    .bus_address_i       (address),
    .bus_wdata_i         (wdata),
    .bus_rdata_o         (rdata),
    .adc_valid_i         (sample_valid),
    .adc_data_i          (sample_data),
    .sample_lost_i       (sample_lost),
    .keep_alive_word_i   (keep_alive_word),
    .scan_stopped_i      (scan_stopped),
    .vector_valid_i      (vector_valid),
    .vector_ready_o      (vector_ready),
    .vector_data_i       (vector_data),
    .event_valid_o       (record_valid),
    .event_ready_i       (record_ready),
    .event_data_o        (record_data),
    .word_valid_o        (payload_valid),
    .word_o              (payload_word),
    .word_first_o        (payload_first),
    .word_last_o         (payload_last),
    .events_under_way_i  (records_under_way),
    .microscope_blank_i,
    .external_interlock_i,
    .reconfigure_i,
    .pixel_clock_i,
    .line_clock_i,
    .frame_clock_i,
    .stall_network_i,
    .permit_beam_o,
    .keep_alive_o,
    .pixel_advance_o,
    .aux_trigger_o,
    .scan_x_o            (x),
    .scan_y_o            (y)
  );

  card_scan_port #(.StoppedClocks(ScanStoppedClocks)) u_scan_port (
    .core_clk_i,
    .core_rst_ni (core_rst_n),
    .x_i         (x),
    .y_i         (y),
    .stopped_o   (scan_stopped),
    .scan_clk_i,
    .scan_rst_ni (scan_rst_n),
    .x_o         (scan_x_o),
    .y_o         (scan_y_o),
    .strobe_o    (scan_strobe_o)
  );
endmodule
