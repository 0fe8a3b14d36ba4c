// card_inputs: brings the samples of the ADC and the vectors of a network link into the core's clock.
// A sample shows to the core 2 edges of core_clk_i after the edge of adc_clk_i that took it (3 when both
// fall together). The ADC cannot wait: a sample that finds no room is lost, and sample_lost_o says so.
// That takes a core clock slower than the strobes. A vector waits in the link until there is room.
module card_inputs #(
  parameter int SampleDepth = 8,  // samples that can wait
  parameter int VectorDepth = 8,  // vectors that can wait
  parameter int VectorBits  = 96
) (
  input  logic                  core_clk_i,
  input  logic                  core_rst_ni,  // asynchronous
  input  logic                  adc_clk_i,
  input  logic                  adc_rst_ni,   // asynchronous
  input  logic                  adc_valid_i,
  input  logic [15:0]           adc_data_i,
  input  logic                  link_clk_i,
  input  logic                  link_rst_ni,  // asynchronous
  input  logic                  vector_valid_i,
  output logic                  vector_ready_o,
  input  logic [VectorBits-1:0] vector_data_i,
  input  logic                  keep_alive_word_i,  // one clock
  // core
  output logic                  sample_valid_o,
  output logic [15:0]           sample_data_o,
  output logic                  sample_lost_o,  // one clock; several lost ones may become one
  output logic                  core_vector_valid_o,
  input  logic                  core_vector_ready_i,
  output logic [VectorBits-1:0] core_vector_data_o,
  output logic                  core_keep_alive_o  // one clock; several words may become one
);
  logic room;

  async_fifo #(.Width(16), .Depth(SampleDepth)) u_samples (
    .in_clk_i    (adc_clk_i),
    .in_rst_ni   (adc_rst_ni),
    .in_valid_i  (adc_valid_i),
    .in_ready_o  (room),
    .in_data_i   (adc_data_i),
    .out_clk_i   (core_clk_i),
    .out_rst_ni  (core_rst_ni),
    .out_valid_o (sample_valid_o),
    .out_ready_i (1'b1),
    .out_data_o  (sample_data_o)
  );

  pulse_crossing u_lost (
    .in_clk_i   (adc_clk_i),
    .in_rst_ni  (adc_rst_ni),
    .pulse_i    (adc_valid_i && !room),
    .out_clk_i  (core_clk_i),
    .out_rst_ni (core_rst_ni),
    .pulse_o    (sample_lost_o)
  );

  async_fifo #(.Width(VectorBits), .Depth(VectorDepth)) u_vectors (
    .in_clk_i    (link_clk_i),
    .in_rst_ni   (link_rst_ni),
    .in_valid_i  (vector_valid_i),
    .in_ready_o  (vector_ready_o),
    .in_data_i   (vector_data_i),
    .out_clk_i   (core_clk_i),
    .out_rst_ni  (core_rst_ni),
    .out_valid_o (core_vector_valid_o),
    .out_ready_i (core_vector_ready_i),
    .out_data_o  (core_vector_data_o)
  );

  pulse_crossing u_keep_alive (
    .in_clk_i   (link_clk_i),
    .in_rst_ni  (link_rst_ni),
    .pulse_i    (keep_alive_word_i),
    .out_clk_i  (core_clk_i),
    .out_rst_ni (core_rst_ni),
    .pulse_o    (core_keep_alive_o)
  );
endmodule
