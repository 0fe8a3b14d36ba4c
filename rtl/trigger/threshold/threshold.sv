// threshold: the classical rules on the running sums of a dwell, without a network. Looked at after every
// sample: met_o and class_o belong to the vector_* of their clock, so that the decision can be made one
// clock after the sums. Latency 0: combinational from vector_* and the settings to met_o and class_o.
//
//   class 0 count  vector_events >= count
//   class 1 rate   at least rate_events of the dwell's events lie in its last rate_samples samples
//   class 2 sum    vector_sum >= sum_limit
//
// The class is the first of the rules in use that is met. Vectors may come every clock.
module threshold (
  input  logic               clk_i,
  input  logic               rst_ni,          // asynchronous
  // settings, to be changed only while no dwell is under way
  input  logic [2:0]         rules_i,         // bit k: rule k is in use
  input  logic [15:0]        count_i,         // events
  input  logic [7:0]         rate_events_i,   // 1 to 255, 0 is taken as 1
  input  logic [15:0]        rate_samples_i,  // 0: never
  input  logic signed [31:0] sum_limit_i,     // 1/64 electron
  // the dwell after this sample; held until the next
  input  logic               vector_valid_i,
  input  logic [15:0]        vector_samples_i,
  input  logic [15:0]        vector_events_i,
  input  logic signed [31:0] vector_sum_i,
  output logic               met_o,
  output logic [7:0]         class_o          // 255: none
);
  // Sample numbers of the last 256 events, each at the place of its number.
  logic [15:0] sample_of [256];
  logic [15:0] events_before, events_q, ahead_q, oldest, oldest_q, age;
  logic [7:0]  rate_events, ahead;
  logic        event_now, newest_q;
  logic [15:0] read_q, written_q;
  logic [2:0]  met;

  assign rate_events   = rate_events_i == '0 ? 8'd1 : rate_events_i;
  assign events_before = vector_samples_i <= 16'd1 ? '0 : events_q;
  assign event_now     = vector_valid_i && vector_events_i != events_before;

  // The first event inside the last rate_events ones: read one event ahead, for the memory takes a clock.
  assign ahead   = vector_events_i[7:0] + 8'd2 - rate_events;
  assign ahead_q = newest_q ? written_q : read_q;
  always_comb begin
    oldest = oldest_q;
    if (event_now) oldest = rate_events == 8'd1 ? vector_samples_i : ahead_q;
  end

  always_ff @(posedge clk_i) begin
    if (event_now) sample_of[vector_events_i[7:0]] <= vector_samples_i;
    read_q    <= sample_of[ahead];
    written_q <= vector_samples_i;
    newest_q  <= event_now && ahead == vector_events_i[7:0];
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      events_q <= '0;
      oldest_q <= '0;
    end else if (vector_valid_i) begin
      events_q <= vector_events_i;
      oldest_q <= oldest;
    end
  end

  assign age = vector_samples_i - oldest;
  assign met = rules_i & {
    vector_sum_i >= sum_limit_i,
    vector_events_i >= 16'(rate_events) && age < rate_samples_i,
    vector_events_i >= count_i
  };
  assign met_o   = met != '0;
  assign class_o = met[0] ? 8'd0 : met[1] ? 8'd1 : met[2] ? 8'd2 : 8'd255;
endmodule
