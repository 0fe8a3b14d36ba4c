// card: the top. Clocks and resets, the crossings between them, and the trigger path (card_core) in its
// own clock. permit_beam_o and keep_alive_o come straight from flip-flops of the interlock, which reset
// clears without a clock.
//
//   adc_clk    samples ------ async_fifo --+
//   link_clk   vectors ------ async_fifo --+--> card_core --+-- value_crossing --> scan_clk  X, Y
//   bus_clk    AXI4-Lite ---- register_link ^               +-- async_fifo ------> bus_clk   records --> card_rings
//   bus_clk    card_rings --- async_fifo ---+ vectors                              AXI4 into host memory
//   no clock   pins --------- synchronizer  |               +--> pins
//
// Latency: card_core's, and 2 to 3 core clocks from the edge of adc_clk_i to the edge at which the core can
// take the sample (card.md). Reset is one asynchronous input; each domain leaves it with its own clock.
module card #(
  parameter int PositionDepth       = 4096,   // positions of the list, 2 to 65536
  parameter int EventDepth          = 256,    // event records that can wait, 8 to 16384
  parameter int KeepAliveClocks     = 256,    // core clocks between two edges of keep_alive_o
  parameter int ScanStoppedClocks   = 4096,   // core clocks after which a position not taken counts as lost
  parameter int BusWidth            = 128,    // bits of the port into host memory: 128, 256 or 512
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
  // host memory, AXI4 in the bus clock: ID 0, INCR, full width
  output logic                  host_awvalid_o,
  input  logic                  host_awready_i,
  output logic [63:0]           host_awaddr_o,
  output logic [7:0]            host_awlen_o,
  output logic                  host_wvalid_o,
  input  logic                  host_wready_i,
  output logic [BusWidth-1:0]   host_wdata_o,
  output logic [BusWidth/8-1:0] host_wstrb_o,
  output logic                  host_wlast_o,
  input  logic                  host_bvalid_i,
  output logic                  host_bready_o,
  input  logic [1:0]            host_bresp_i,
  output logic                  host_arvalid_o,
  input  logic                  host_arready_i,
  output logic [63:0]           host_araddr_o,
  output logic [7:0]            host_arlen_o,
  input  logic                  host_rvalid_i,
  output logic                  host_rready_o,
  input  logic [BusWidth-1:0]   host_rdata_i,
  input  logic [1:0]            host_rresp_i,
  input  logic                  host_rlast_i,
  output logic                  interrupt_o,  // a level, bus clock
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
  logic [511:0] record_data, event_data;
  logic         event_valid, event_ready;

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
    .event_valid_o       (event_valid),
    .event_ready_i       (event_ready),
    .event_data_o        (event_data),
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

  // ---------------------------------------------------------------- rings in host memory
  logic        event_enable, event_read_write, event_acknowledge, stream_enable, stream_produced_write;
  logic [63:0] event_base, event_tail_address, stream_base, stream_consumed_address;
  logic [4:0]  event_log2, stream_log2;
  logic [15:0] event_tail_records, event_interrupt_records, stream_consumed_lines;
  logic [31:0] event_interrupt_clocks, stream_stall_clocks, write_data;
  logic [69:0] event_state, stream_state;
  logic        memory_vector_valid, core_vector_ready;
  logic [VectorBits-1:0] memory_vector_data;

  // Vectors from memory go first.
  assign vector_ready = core_vector_ready && !memory_vector_valid;

  card_rings #(.BusWidth(BusWidth), .VectorBits(VectorBits)) u_rings (
    .core_clk_i,
    .core_rst_ni               (core_rst_n),
    .write_data_i              (write_data),
    .event_enable_i            (event_enable),
    .event_base_i              (event_base),
    .event_records_log2_i      (event_log2),
    .event_tail_address_i      (event_tail_address),
    .event_tail_records_i      (event_tail_records),
    .event_interrupt_records_i (event_interrupt_records),
    .event_interrupt_clocks_i  (event_interrupt_clocks),
    .event_read_write_i        (event_read_write),
    .event_acknowledge_i       (event_acknowledge),
    .event_state_o             (event_state),
    .stream_enable_i           (stream_enable),
    .stream_base_i             (stream_base),
    .stream_lines_log2_i       (stream_log2),
    .stream_consumed_address_i (stream_consumed_address),
    .stream_consumed_lines_i   (stream_consumed_lines),
    .stream_stall_clocks_i     (stream_stall_clocks),
    .stream_produced_write_i   (stream_produced_write),
    .stream_state_o            (stream_state),
    .vector_valid_o            (memory_vector_valid),
    .vector_ready_i            (core_vector_ready),
    .vector_data_o             (memory_vector_data),
    .bus_clk_i,
    .bus_rst_ni                (bus_rst_n),
    .record_valid_i            (event_valid),
    .record_ready_o            (event_ready),
    .record_data_i             (event_data),
    .interrupt_o,
    .awvalid_o                 (host_awvalid_o),
    .awready_i                 (host_awready_i),
    .awaddr_o                  (host_awaddr_o),
    .awlen_o                   (host_awlen_o),
    .wvalid_o                  (host_wvalid_o),
    .wready_i                  (host_wready_i),
    .wdata_o                   (host_wdata_o),
    .wstrb_o                   (host_wstrb_o),
    .wlast_o                   (host_wlast_o),
    .bvalid_i                  (host_bvalid_i),
    .bready_o                  (host_bready_o),
    .bresp_i                   (host_bresp_i),
    .arvalid_o                 (host_arvalid_o),
    .arready_i                 (host_arready_i),
    .araddr_o                  (host_araddr_o),
    .arlen_o                   (host_arlen_o),
    .rvalid_i                  (host_rvalid_i),
    .rready_o                  (host_rready_o),
    .rdata_i                   (host_rdata_i),
    .rresp_i                   (host_rresp_i),
    .rlast_i                   (host_rlast_i)
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
    .vector_valid_i      (memory_vector_valid || vector_valid),
    .vector_ready_o      (core_vector_ready),
    .vector_data_i       (memory_vector_valid ? memory_vector_data : vector_data),
    .event_valid_o       (record_valid),
    .event_ready_i       (record_ready),
    .event_data_o        (record_data),
    .word_open_i         (1'b0),  // the payload ring is not wired yet
    .word_valid_o        (payload_valid),
    .word_o              (payload_word),
    .word_first_o        (payload_first),
    .word_last_o         (payload_last),
    .events_under_way_i  (records_under_way),
    .event_ring_enable_o            (event_enable),
    .event_ring_base_o              (event_base),
    .event_ring_records_log2_o      (event_log2),
    .event_ring_tail_address_o      (event_tail_address),
    .event_ring_tail_records_o      (event_tail_records),
    .event_ring_interrupt_records_o (event_interrupt_records),
    .event_ring_interrupt_clocks_o  (event_interrupt_clocks),
    .event_ring_read_write_o        (event_read_write),
    .event_ring_acknowledge_o       (event_acknowledge),
    .event_ring_state_i             (event_state),
    .host_stream_enable_o           (stream_enable),
    .host_stream_base_o             (stream_base),
    .host_stream_lines_log2_o       (stream_log2),
    .host_stream_consumed_address_o (stream_consumed_address),
    .host_stream_consumed_lines_o   (stream_consumed_lines),
    .host_stream_stall_clocks_o     (stream_stall_clocks),
    .host_stream_produced_write_o   (stream_produced_write),
    .host_stream_state_i            (stream_state),
    .write_data_o                   (write_data),
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
