// playback: plays inputs from stimulus.hex into a card and prints its outputs, clock by clock, for
// whichever simulator runs it. A word of the stimulus, highest first:
//   rst_ni, bus_write, bus_read, adc_valid, vector_valid, event_ready, microscope_blank,
//   external_interlock, stall, keep_alive_word, reconfigure, 0, address 16, adc 16, wdata 32, vector 192
module playback #(
  parameter int Clocks = 1000
);
  localparam int VectorBits = network_config::InputCount * network_config::InputWidth;

  logic [267:0] stimulus [Clocks];
  logic         clk = 1'b0;
  logic         rst_n, bus_write, bus_read, adc_valid, vector_valid, event_ready, microscope_blank;
  logic         unused_valid, unused_first, unused_last;
  logic [63:0]  unused_word;
  logic         external_interlock, stall, keep_alive_word, reconfigure, unused, vector_ready, event_valid, permit, keep_alive, advance, aux;
  logic [15:0]  address, adc, x, y;
  logic [31:0]  wdata, rdata;
  logic [191:0] vector;
  logic [511:0] record;

  card_core #(.PositionDepth(16), .EventDepth(16), .KeepAliveClocks(4)) u_card (
    .clk_i                (clk),
    .rst_ni               (rst_n),
    .bus_write_i          (bus_write),
    .bus_read_i           (bus_read),
    .bus_address_i        (address),
    .bus_wdata_i          (wdata),
    .bus_rdata_o          (rdata),
    .adc_valid_i          (adc_valid),
    .adc_data_i           (adc),
    .sample_lost_i        (1'b0),
    .scan_stopped_i       (1'b0),
    .vector_valid_i       (vector_valid),
    .vector_ready_o       (vector_ready),
    .vector_data_i        (vector[VectorBits-1:0]),
    .event_valid_o        (event_valid),
    .event_ready_i        (event_ready),
    .event_data_o         (record),
    .word_open_i          (1'b1),
    .word_valid_o         (unused_valid),
    .word_o               (unused_word),
    .word_first_o         (unused_first),
    .word_last_o          (unused_last),
    .events_under_way_i   (16'd0),
    .event_ring_state_i   (70'd0),
    .host_stream_state_i  (70'd0),
    .microscope_blank_i   (microscope_blank),
    .external_interlock_i (external_interlock),
    .keep_alive_word_i    (keep_alive_word),
    .reconfigure_i        (reconfigure),
    .pixel_clock_i        (1'b0),
    .line_clock_i         (1'b0),
    .frame_clock_i        (1'b0),
    .stall_network_i      (stall),
    .permit_beam_o        (permit),
    .keep_alive_o         (keep_alive),
    .pixel_advance_o      (advance),
    .aux_trigger_o        (aux),
    .scan_x_o             (x),
    .scan_y_o             (y)
  );

  initial begin
    $readmemh("stimulus.hex", stimulus);
    for (int i = 0; i < Clocks; i++) begin
      {rst_n, bus_write, bus_read, adc_valid, vector_valid, event_ready, microscope_blank, external_interlock,
       stall, keep_alive_word, reconfigure, unused, address, adc, wdata, vector} = stimulus[i];
      #2;
      $display("%b %b %b %b %b %b %h %h %h %h", permit, keep_alive, advance, aux, vector_ready, event_valid, x, y,
               rdata, event_valid ? record : 512'd0);
      clk = 1'b1;
      #2;
      clk = 1'b0;
    end
    $finish;
  end
endmodule
