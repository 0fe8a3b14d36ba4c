// dwell_sums: what is known of a dwell after each of its samples, as sums and as a feature vector.
// A sample with sample_first_i starts a dwell and takes over from an earlier one. Samples before the
// first dwell, and after the last sample of a fixed dwell, are ignored. One vector per sample of a
// dwell, in order, none lost: there is no ready. Latency 1. No combinational path to the outputs.
//
// vector_data_o, six signed numbers with 4 bits after the point (1.0 = 16), saturated:
//    95..80   79..64    63..48        47..32   31..16   15..0
//  | last   | maximum | clipped sum | sum    | events | elapsed |
// From sample 65535 on the sums stand still; last and maximum go on.
module dwell_sums (
  input  logic               clk_i,
  input  logic               rst_ni,             // asynchronous
  input  logic               clear_i,            // end the dwell, and take no sample at this edge
  input  logic [11:0]        elapsed_step_i,     // dose of a sample, 256 = nominal
  input  logic signed [15:0] event_threshold_i,  // 1/64 electron
  input  logic signed [15:0] clip_i,             // 1/64 electron
  input  logic               sample_valid_i,
  input  logic               sample_first_i,
  input  logic [31:0]        sample_site_i,      // with sample_first_i, as the next three
  input  logic               sample_fixed_i,     // the dwell ends after ...
  input  logic [15:0]        sample_dwell_i,     // ... so many samples
  input  logic [1:0]         sample_marks_i,     // travel with the dwell, unread
  input  logic signed [15:0] sample_i,           // 1/64 electron
  input  logic               sample_extreme_i,   // the ADC stood at an end of its range
  input  logic [31:0]        sample_time_i,
  output logic               vector_valid_o,     // one clock
  output logic [95:0]        vector_data_o,
  output logic [31:0]        vector_site_o,
  output logic [15:0]        vector_samples_o,
  output logic signed [31:0] vector_sum_o,       // 1/64 electron
  output logic [15:0]        vector_events_o,
  output logic               vector_clipped_o,   // an ADC extreme or a saturated feature in this dwell
  output logic [31:0]        vector_time_o,
  output logic               pixel_valid_o,      // with vector_valid_o: it is the last of a fixed dwell
  output logic [1:0]         vector_marks_o,
  output logic               collecting_o
);
  logic               collecting_q, take, full, last, above_d, above_q, event_found;
  logic [15:0]        samples_d, samples_q, events_d, events_q;
  logic [27:0]        elapsed_d, elapsed_q;
  logic signed [15:0] maximum_d, maximum_q, clipped_sample;
  logic signed [31:0] sum_d, sum_q, clipped_sum_d, clipped_sum_q;
  logic               clipped_d, clipped_q, valid_q, pixel_q;
  logic [95:0]        features_d, features_q;
  logic [31:0]        site_q, time_q;
  logic               fixed, fixed_q;
  logic [15:0]        dwell, dwell_q;
  logic [1:0]         marks_q;
  logic signed [15:0] feature_elapsed, feature_events, feature_sum, feature_clipped;
  logic signed [15:0] feature_maximum, feature_last;
  logic [3:0]         saturated;

  assign take = sample_valid_i && !clear_i && (sample_first_i || collecting_q);
  assign full = !sample_first_i && samples_q == 16'hFFFF;
  assign fixed = sample_first_i ? sample_fixed_i : fixed_q;
  assign dwell = sample_first_i ? sample_dwell_i : dwell_q;
  assign last  = fixed && samples_d >= dwell;

  assign clipped_sample = sample_i < clip_i ? sample_i : clip_i;
  assign above_d        = sample_i >= event_threshold_i;
  assign event_found    = above_d && (sample_first_i || !above_q);

  // Widths hold 65535 samples of any size: 2^16 * 2^12 and 2^16 * 2^15.
  always_comb begin
    samples_d     = sample_first_i ? '0 : samples_q;
    elapsed_d     = sample_first_i ? '0 : elapsed_q;
    events_d      = sample_first_i ? '0 : events_q;
    sum_d         = sample_first_i ? '0 : sum_q;
    clipped_sum_d = sample_first_i ? '0 : clipped_sum_q;
    maximum_d     = (sample_first_i || sample_i > maximum_q) ? sample_i : maximum_q;
    if (!full) begin
      samples_d     = samples_d + 16'd1;
      elapsed_d     = elapsed_d + 28'(elapsed_step_i);
      events_d      = events_d + 16'(event_found);
      sum_d         = sum_d + 32'(sample_i);
      clipped_sum_d = clipped_sum_d + 32'(clipped_sample);
    end
    clipped_d = sample_extreme_i || saturated != '0 || (!sample_first_i && clipped_q);
  end

  saturate #(.InWidth(25), .OutWidth(16)) u_elapsed (
    .data_i ({1'b0, elapsed_d[27:4]}), .data_o (feature_elapsed), .saturated_o (saturated[0])
  );
  saturate #(.InWidth(21), .OutWidth(16)) u_events (
    .data_i ({1'b0, events_d, 4'b0}), .data_o (feature_events), .saturated_o (saturated[1])
  );
  saturate #(.InWidth(30), .OutWidth(16)) u_sum (
    .data_i (sum_d[31:2]), .data_o (feature_sum), .saturated_o (saturated[2])
  );
  saturate #(.InWidth(30), .OutWidth(16)) u_clipped_sum (
    .data_i (clipped_sum_d[31:2]), .data_o (feature_clipped), .saturated_o (saturated[3])
  );

  assign feature_last    = sample_i >>> 2;
  assign feature_maximum = maximum_d >>> 2;
  assign features_d = {
    feature_last, feature_maximum, feature_clipped, feature_sum, feature_events, feature_elapsed
  };

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      collecting_q <= 1'b0;
      valid_q      <= 1'b0;
      pixel_q      <= 1'b0;
    end else begin
      valid_q <= take;
      pixel_q <= take && last;
      if (clear_i)   collecting_q <= 1'b0;
      else if (take) collecting_q <= !last;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      samples_q     <= samples_d;
      elapsed_q     <= elapsed_d;
      events_q      <= events_d;
      sum_q         <= sum_d;
      clipped_sum_q <= clipped_sum_d;
      maximum_q     <= maximum_d;
      above_q       <= above_d;
      clipped_q     <= clipped_d;
      features_q    <= features_d;
      time_q        <= sample_time_i;
      if (sample_first_i) begin
        site_q  <= sample_site_i;
        fixed_q <= sample_fixed_i;
        dwell_q <= sample_dwell_i;
        marks_q <= sample_marks_i;
      end
    end
  end

  assign vector_valid_o   = valid_q;
  assign vector_data_o    = features_q;
  assign vector_site_o    = site_q;
  assign vector_samples_o = samples_q;
  assign vector_sum_o     = sum_q;
  assign vector_events_o  = events_q;
  assign vector_clipped_o = clipped_q;
  assign vector_time_o    = time_q;
  assign pixel_valid_o    = pixel_q;
  assign vector_marks_o   = marks_q;
  assign collecting_o     = collecting_q;
endmodule
