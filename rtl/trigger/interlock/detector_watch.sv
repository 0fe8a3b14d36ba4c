// detector_watch: is the detector there? What counts as its sign of life is chosen: a detector that is read by an
// ADC strobes without pause; one that sends events is silent in the dark, and says by keep-alive words that it is
// well. Late as watchdog says. Combinational path: timeout_i to late_o.
module detector_watch (
  input  logic        clk_i,
  input  logic        rst_ni,             // asynchronous
  input  logic [1:0]  source_i,           // 0 ADC strobes, 1 keep-alive words, 2 either, 3 nothing: always late
  input  logic [31:0] timeout_i,          // clocks; 0 is always late
  input  logic        adc_valid_i,
  input  logic        keep_alive_word_i,
  output logic        late_o
);
  logic alive, late;

  always_comb begin
    case (source_i)
      2'd0:    alive = adc_valid_i;
      2'd1:    alive = keep_alive_word_i;
      2'd2:    alive = adc_valid_i || keep_alive_word_i;
      default: alive = 1'b0;
    endcase
  end

  watchdog u_watchdog (.clk_i, .rst_ni, .alive_i (alive), .timeout_i, .late_o (late));

  assign late_o = late || source_i == 2'd3;
endmodule
