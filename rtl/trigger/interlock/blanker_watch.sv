// blanker_watch: the pin blanks, but does the beam go off? Then the detector falls to its pedestal. failed_o is high
// when the pin has been low for settle_i clocks and more, and since then samples_i samples, one after the other,
// were above limit_i.
//   settle_i    delay and fall of the blanker, decay of the scintillator and pipeline of the ADC: earlier samples
//               may still hold light of the beam
//   samples_i   0: always. 65535: never, not watched.
// It looks in every state, so that a card whose beam does not go off cannot be armed.
// Latency 1: the edge that takes the deciding sample raises failed_o; it falls with the first sample at the limit or
// below, or when the pin permits. Combinational path: samples_i to failed_o.
module blanker_watch (
  input  logic               clk_i,
  input  logic               rst_ni,    // asynchronous
  input  logic [31:0]        settle_i,  // clocks
  input  logic [15:0]        samples_i,
  input  logic signed [15:0] limit_i,   // 1/64 electron
  input  logic               permit_i,  // level of the pin
  input  logic               sample_valid_i,
  input  logic signed [15:0] sample_i,  // 1/64 electron
  output logic               failed_o
);
  logic [31:0] blanked_q;  // clocks with the pin low; saturates
  logic [15:0] above_q;    // samples above the limit since then; saturates

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      blanked_q <= '0;
      above_q   <= '0;
    end else if (permit_i) begin
      blanked_q <= '0;
      above_q   <= '0;
    end else begin
      if (!(&blanked_q)) blanked_q <= blanked_q + 32'd1;
      if (sample_valid_i && blanked_q >= settle_i) begin
        if (sample_i <= limit_i) above_q <= '0;
        else if (!(&above_q))    above_q <= above_q + 16'd1;
      end
    end
  end

  assign failed_o = !(&samples_i) && above_q >= samples_i;
endmodule
