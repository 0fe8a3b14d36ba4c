// slot: holds the network, and carries a tag past it for every vector. Results come out in the order
// of their vectors, each with its own tag; they are not held back: there is no ready.
//
// Two sources, chosen by host_i:
//   ADC   newest wins. A vector that the network cannot take waits; a newer one replaces it
//         (replaced_o). The ADC is never stalled. With nothing waiting a vector reaches the network
//         in its own clock, so the slot adds no latency. clear_i drops the waiting vector, and marks
//         the results under way as dead (result_live_o low).
//   host  lossless. host_ready_o holds the source back; one vector a clock when the network takes
//         one a clock. clear_i does not concern these.
//
// A test vector goes in when neither source offers one in this clock; its result comes out at test_* only.
//
// Towards the network the data of an untaken vector may change in the ADC case (newest wins).
// Combinational paths: vector and host inputs, and stall_i, to the network's input;
// network ready and stall_i to host_ready_o; network output to result outputs.
module slot #(
  parameter int TagBits  = 8,  // bits of a tag
  parameter int TagDepth = 8   // vectors under way; at least what the network holds, else it starves
) (
  input  logic               clk_i,
  input  logic               rst_ni,  // asynchronous
  input  logic               clear_i,
  input  logic               clear_counters_i,
  input  logic               host_i,  // 1: vectors from the host, 0: from the ADC
  input  logic               stall_i, // test hook: no vector passes into the network
  input  logic [31:0]        time_i,  // cycle counter
  input  logic               vector_valid_i,
  input  logic [95:0]        vector_data_i,  // six features of 16 bits
  input  logic [TagBits-1:0] vector_tag_i,
  input  logic               host_valid_i,
  output logic               host_ready_o,
  input  logic [network_config::InputCount*network_config::InputWidth-1:0] host_data_i,
  input  logic [TagBits-1:0] host_tag_i,
  input  logic               test_valid_i,
  output logic               test_ready_o,
  output logic               offered_o,            // a source offers a vector in this clock
  input  logic [network_config::InputCount*network_config::InputWidth-1:0] test_data_i,
  output logic               test_result_valid_o,  // its result is at result_data_o
  output logic               result_valid_o,
  output logic [network_config::OutputCount*network_config::OutputWidth-1:0] result_data_o,
  output logic [TagBits-1:0] result_tag_o,
  output logic               result_host_o,     // of a host vector
  output logic               result_live_o,     // 0: from before the last clear_i
  output logic [15:0]        result_latency_o,  // clocks in the network, 65535 = more
  output logic               adc_usable_o,      // the features fit this network (constant)
  output logic               taken_o,           // pulses: a vector entered the network ...
  output logic               replaced_o,        // ... or was replaced by a newer one
  output logic               error_o,           // a result without a vector: the network broke its contract
  output logic [15:0]        latency_min_o,     // 65535 until the first result
  output logic [15:0]        latency_max_o
);
  localparam int InBits       = network_config::InputCount * network_config::InputWidth;
  localparam int OutBits      = network_config::OutputCount * network_config::OutputWidth;
  localparam bit FeaturesFit  = network_config::InputWidth == 16 && network_config::InputCount <= 6;
  localparam int EntryBits    = TagBits + 34;
  localparam int LevelBits    = $clog2(TagDepth + 1);

  if (TagBits < 1 || TagDepth < 1) begin : g_check
    slot_needs_TagBits_and_TagDepth_of_at_least_1 u_error ();
  end

  // Newest wins.
  logic               vector_valid, adc_taken, offered, open, waiting_q, waiting_d;
  logic [InBits-1:0]  features, waiting_data_q, adc_data;
  logic [TagBits-1:0] waiting_tag_q, adc_tag;
  logic               unused_features;

  if (FeaturesFit) begin : g_adc
    assign features     = vector_data_i[InBits-1:0];
    assign vector_valid = vector_valid_i && !host_i && !clear_i;
  end else begin : g_no_adc
    assign features     = '0;
    assign vector_valid = 1'b0;
  end
  assign unused_features = vector_valid_i ^ (^vector_data_i);

  assign adc_data   = waiting_q ? waiting_data_q : features;
  assign adc_tag    = waiting_q ? waiting_tag_q : vector_tag_i;
  assign adc_taken  = !host_i && taken_o;  // never by a test vector: it goes last
  assign replaced_o = vector_valid && waiting_q && !adc_taken;
  assign waiting_d  = !clear_i && !host_i && (waiting_q ? (vector_valid || !adc_taken)
                                                        : (vector_valid && !adc_taken));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) waiting_q <= 1'b0;
    else         waiting_q <= waiting_d;
  end
  always_ff @(posedge clk_i) begin
    if (vector_valid) begin
      waiting_data_q <= features;
      waiting_tag_q  <= vector_tag_i;
    end
  end

  // The network, and beside it the tags.
  logic                 network_ready, network_valid, tag_ready, tag_valid, host_tagged, test_tagged;
  logic                 test, any_taken, any_result;
  logic [InBits-1:0]    network_data;
  logic [OutBits-1:0]   result_data;
  logic [EntryBits-1:0] entry_in, entry_out;
  logic [31:0]          taken_time, latency;
  logic [LevelBits-1:0] level;

  assign offered      = host_i ? host_valid_i : ((waiting_q && !clear_i) || vector_valid);
  assign open         = !stall_i && tag_ready;
  assign offered_o    = offered;
  assign test         = !offered && test_valid_i;
  assign network_data = test ? test_data_i : host_i ? host_data_i : adc_data;
  assign any_taken    = (offered || test_valid_i) && open && network_ready;
  assign taken_o      = offered && any_taken;
  assign test_ready_o = !offered && open && network_ready;
  assign host_ready_o = host_i && open && network_ready;
  assign entry_in     = {time_i, test, host_i && !test, host_i ? host_tag_i : adc_tag};

  network u_network (
    .clk_i,
    .rst_ni,
    .in_valid_i  ((offered || test_valid_i) && open),
    .in_ready_o  (network_ready),
    .in_data_i   (network_data),
    .out_valid_o (network_valid),
    .out_ready_i (1'b1),
    .out_data_o  (result_data)
  );

  fifo #(
    .Width       (EntryBits),
    .Depth       (TagDepth),
    .PassThrough (1'b1)
  ) u_tags (
    .clk_i,
    .rst_ni,
    .in_valid_i  (any_taken),
    .in_ready_o  (tag_ready),
    .in_data_i   (entry_in),
    .out_valid_o (tag_valid),
    .out_ready_i (network_valid),
    .out_data_o  (entry_out),
    .level_o     (level)
  );

  assign {taken_time, test_tagged, host_tagged, result_tag_o} = entry_out;
  assign latency = time_i - taken_time;

  assign any_result          = network_valid && tag_valid;
  assign result_valid_o      = any_result && !test_tagged;
  assign test_result_valid_o = any_result && test_tagged;
  assign result_data_o    = result_data;
  assign result_host_o    = host_tagged;
  assign result_latency_o = latency > 32'd65535 ? 16'hFFFF : latency[15:0];
  assign error_o          = network_valid && !tag_valid;
  assign adc_usable_o     = FeaturesFit;

  // Order is kept, so the dead are the next dead_q results.
  logic [LevelBits-1:0] dead_q, remaining;

  assign remaining     = (any_result && level != '0) ? level - 1'b1 : level;
  assign result_live_o = dead_q == '0 || level == '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)                                dead_q <= '0;
    else if (clear_i)                           dead_q <= remaining;
    else if (any_result && dead_q != '0)        dead_q <= dead_q - 1'b1;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      latency_min_o <= 16'hFFFF;
      latency_max_o <= '0;
    end else if (clear_counters_i) begin
      latency_min_o <= 16'hFFFF;
      latency_max_o <= '0;
    end else if (result_valid_o) begin
      if (result_latency_o < latency_min_o) latency_min_o <= result_latency_o;
      if (result_latency_o > latency_max_o) latency_max_o <= result_latency_o;
    end
  end
endmodule
