// adc_ingress: ADC samples of a dwell -> feature vectors, one per sample, none lost, in order.
// A dwell starts with the marker start_i, delayed by align_samples_i strobes: sample number 1 is the
// first strobe at an edge after the one that takes the delayed marker. Until the first marker nothing
// comes out. A marker that comes while an earlier dwell still collects takes over.
// Latency exactly 2: an edge takes the ADC sample, the next registers the normalised sample, the one
// after that the sums and the vector. Any spacing of strobes, down to one a clock.
// No combinational path from inputs to outputs. Settings may change only while no dwell is under way.
module adc_ingress (
  input  logic               clk_i,
  input  logic               rst_ni,             // asynchronous
  input  logic               clear_i,            // drop markers, samples under way and the dwell
  input  logic [31:0]        time_i,             // cycle counter
  // settings
  input  logic [5:0]         align_samples_i,    // strobes
  input  logic [15:0]        offset_i,           // ADC counts without signal
  input  logic [15:0]        gain_i,             // 1/64 electron per ADC count, times 2^14
  input  logic [15:0]        full_scale_i,       // ADC counts from here on are an extreme
  input  logic [11:0]        elapsed_step_i,     // dose of a sample, 256 = nominal
  input  logic signed [15:0] event_threshold_i,  // 1/64 electron
  input  logic signed [15:0] clip_i,             // 1/64 electron
  // ADC and scan
  input  logic               adc_valid_i,        // strobe
  input  logic [15:0]        adc_data_i,         // unsigned
  input  logic               start_i,
  input  logic [31:0]        start_site_i,       // of the dwell that starts, as the next three
  input  logic               fixed_dwell_i,      // it ends after ...
  input  logic [15:0]        dwell_samples_i,    // ... so many samples
  input  logic [1:0]         start_marks_i,      // travel with the dwell, unread
  // vectors: see dwell_sums
  output logic               vector_valid_o,
  output logic [95:0]        vector_data_o,
  output logic [31:0]        vector_site_o,
  output logic [15:0]        vector_samples_o,
  output logic signed [31:0] vector_sum_o,
  output logic [15:0]        vector_events_o,
  output logic               vector_clipped_o,
  output logic [31:0]        vector_time_o,      // time_i at the edge that took the sample
  output logic               pixel_valid_o,
  output logic [1:0]         vector_marks_o,
  output logic               collecting_o,       // the vector outputs are those of a dwell under way
  output logic               busy_o,             // a marker or a dwell is under way
  // every sample, of a dwell or not, cleared or not, for the watches of the interlock
  output logic               sample_valid_o,
  output logic signed [15:0] sample_o,           // 1/64 electron
  output logic               sample_clipped_o    // it was at an end of the ADC's range
);
  logic        first, marker_busy;
  localparam int NoteBits = 51;  // {marks, fixed, samples, site}
  logic [NoteBits-1:0] first_note;

  marker_delay #(.Bits(NoteBits)) u_marker_delay (
    .clk_i,
    .rst_ni,
    .clear_i,
    .align_samples_i,
    .start_i,
    .start_note_i ({start_marks_i, fixed_dwell_i, dwell_samples_i, start_site_i}),
    .strobe_i     (adc_valid_i),
    .first_o      (first),
    .first_note_o (first_note),
    .busy_o       (marker_busy)
  );

  // The sample as the ADC gave it.
  logic        raw_valid_q, raw_first_q, raw_seen_q;
  logic [15:0] raw_q;
  logic [31:0] raw_time_q;
  logic [NoteBits-1:0] raw_note_q;

  // The sample in units of 1/64 electron.
  logic               sample_valid_q, sample_first_q, sample_extreme_q, sample_seen_q, unused_saturated;
  logic signed [16:0] difference;
  logic signed [33:0] product;
  logic signed [15:0] sample_d, sample_q;
  logic [31:0]        sample_time_q;
  logic [NoteBits-1:0] sample_note_q;

  assign difference = $signed({1'b0, raw_q}) - $signed({1'b0, offset_i});
  assign product    = 34'(difference) * 34'($signed({1'b0, gain_i}));

  saturate #(.InWidth(20), .OutWidth(16)) u_saturate (
    .data_i (product[33:14]), .data_o (sample_d), .saturated_o (unused_saturated)
  );

  logic unused_product;
  assign unused_product = ^product[13:0];  // rounded towards minus infinity

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      raw_valid_q    <= 1'b0;
      sample_valid_q <= 1'b0;
      raw_seen_q     <= 1'b0;
      sample_seen_q  <= 1'b0;
    end else begin
      raw_valid_q    <= adc_valid_i && !clear_i;
      sample_valid_q <= raw_valid_q && !clear_i;
      raw_seen_q     <= adc_valid_i;
      sample_seen_q  <= raw_seen_q;
    end
  end

  always_ff @(posedge clk_i) begin
    raw_q            <= adc_data_i;
    raw_time_q       <= time_i;
    raw_first_q      <= first;
    raw_note_q       <= first_note;
    sample_q         <= sample_d;
    sample_extreme_q <= raw_q == '0 || raw_q >= full_scale_i;
    sample_time_q    <= raw_time_q;
    sample_first_q   <= raw_first_q;
    sample_note_q    <= raw_note_q;
  end

  dwell_sums u_dwell_sums (
    .clk_i,
    .rst_ni,
    .clear_i,
    .elapsed_step_i,
    .event_threshold_i,
    .clip_i,
    .sample_valid_i   (sample_valid_q),
    .sample_first_i   (sample_first_q),
    .sample_site_i    (sample_note_q[31:0]),
    .sample_dwell_i   (sample_note_q[47:32]),
    .sample_fixed_i   (sample_note_q[48]),
    .sample_marks_i   (sample_note_q[50:49]),
    .sample_i         (sample_q),
    .sample_extreme_i (sample_extreme_q),
    .sample_time_i    (sample_time_q),
    .vector_valid_o,
    .vector_data_o,
    .vector_site_o,
    .vector_samples_o,
    .vector_sum_o,
    .vector_events_o,
    .vector_clipped_o,
    .vector_time_o,
    .pixel_valid_o,
    .vector_marks_o,
    .collecting_o
  );

  assign sample_valid_o   = sample_seen_q;
  assign sample_o         = sample_q;
  assign sample_clipped_o = sample_extreme_q;

  assign busy_o = marker_busy || collecting_o || (raw_valid_q && raw_first_q)
                  || (sample_valid_q && sample_first_q);
endmodule
