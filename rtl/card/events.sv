// events: what happens on the card -> numbered records of 64 bytes (drawn in events.md).
// A record is numbered when it is made; when there is no room then it is dropped and counted, so that
// a reader sees every loss as a gap. Nothing here ever holds the trigger path back.
// Trips and ends are not dropped: two places are kept for them, and they wait for one. So the last record of
// a run always comes, and shows by its number what was lost before it.
// One record a clock. Decisions go first; pixels wait in a queue of PixelDepth, then trips, then ends,
// so an end of run comes after everything of its run. Latency 1 from decision_valid_i to event_valid_o.
// event_data_o holds while event_valid_o && !event_ready_i. No combinational paths.
module events #(
  parameter int EventDepth  = 256,  // records, 4 to 16384; two of them for trips and ends only
  parameter int PixelDepth  = 16,   // pixels
  parameter int OutputCount = 4,    // outputs of the network; the first 8 are recorded
  parameter int OutputWidth = 16,   // bits, signed
  localparam int LevelBits  = $clog2(EventDepth + 1)
) (
  input  logic        clk_i,
  input  logic        rst_ni,  // asynchronous
  input  logic        clear_counters_i,
  input  logic [63:0] time_i,             // cycle counter
  // decision of a dwell or a host vector
  input  logic        decision_valid_i,
  input  logic        decision_host_i,
  input  logic [7:0]  decision_class_i,
  input  logic [7:0]  decision_cause_i,
  input  logic [7:0]  decision_flags_i,
  input  logic [31:0] decision_site_i,
  input  logic [15:0] decision_samples_i,
  input  logic [15:0] decision_latency_i,
  input  logic [15:0] decision_events_i,
  input  logic [15:0] decision_network_latency_i,
  input  logic [31:0] decision_sum_i,
  input  logic [OutputCount*OutputWidth-1:0] decision_data_i,
  // a fixed dwell ended
  input  logic        pixel_valid_i,
  input  logic        pixel_clipped_i,
  input  logic [1:0]  pixel_marks_i,  // {audit, shadow}
  input  logic [31:0] pixel_site_i,
  input  logic [15:0] pixel_samples_i,
  input  logic [15:0] pixel_latency_i,
  input  logic [15:0] pixel_events_i,
  input  logic [31:0] pixel_sum_i,
  input  logic        trip_i,         // it tripped at the edge before
  input  logic [15:0] trip_causes_i,
  input  logic        end_i,          // a run ended
  input  logic        end_aborted_i,
  input  logic [31:0] site_i,
  input  logic [63:0] unblanked_run_i,
  // room that records of host vectors under way will need
  input  logic [15:0]          reserved_i,
  output logic                 pending_o,  // a pixel, trip or end waits for a clock without decision
  output logic [LevelBits-1:0] level_o,
  output logic [31:0] numbered_o,
  output logic [31:0] dropped_o,
  output logic         event_valid_o,
  input  logic         event_ready_i,
  output logic [511:0] event_data_o
);
  if (EventDepth < 4 || EventDepth > 16384 || PixelDepth < 1) begin : g_check
    events_needs_EventDepth_4_to_16384_and_PixelDepth_of_at_least_1 u_error ();
  end

  localparam logic [7:0] KindDecision = 8'd1, KindPixel = 8'd2, KindVector = 8'd3, KindTrip = 8'd4,
                         KindEnd = 8'd5;
  localparam logic [7:0] NoClass = 8'd255, CauseFixed = 8'd3, CauseAborted = 8'd4;

  // Lowest byte first: the last member of a concatenation is byte 0.
  function automatic logic [479:0] body(
    input logic [7:0] kind, class_number, cause, flags,
    input logic [31:0] site, input logic [63:0] happened,
    input logic [15:0] samples, clocks, event_count, network_clocks,
    input logic [31:0] sum, input logic [255:0] outputs
  );
    body = {outputs, sum, network_clocks, event_count, clocks, samples, happened, site,
            flags, cause, class_number, kind};
  endfunction

  // Outputs as eight 32-bit words.
  logic [255:0] outputs;
  for (genvar k = 0; k < 8; k++) begin : g_output
    logic signed [31:0] word;
    if (k >= OutputCount) begin : g_none
      assign word = '0;
    end else if (OutputWidth > 32) begin : g_wide
      logic unused_saturated;
      saturate #(.InWidth(OutputWidth), .OutWidth(32)) u_saturate (
        .data_i (decision_data_i[k*OutputWidth +: OutputWidth]), .data_o (word),
        .saturated_o (unused_saturated)
      );
    end else begin : g_narrow
      assign word = 32'($signed(decision_data_i[k*OutputWidth +: OutputWidth]));
    end
    assign outputs[k*32 +: 32] = word;
  end
  logic unused_outputs;
  assign unused_outputs = ^decision_data_i;

  // Pixels.
  localparam int PixelBits = 179, PixelLevelBits = $clog2(PixelDepth + 1);
  logic [PixelBits-1:0]      pixel;
  logic                      pixel_ready, pixel_waits, pixel_taken, clipped;
  logic [1:0]                marks;
  logic [63:0]               pixel_time;
  logic [31:0]               pixel_site, pixel_sum;
  logic [15:0]               pixel_samples, pixel_latency, pixel_events;
  logic [PixelLevelBits-1:0] unused_pixel_level;

  fifo #(.Width(PixelBits), .Depth(PixelDepth)) u_pixels (
    .clk_i,
    .rst_ni,
    .in_valid_i  (pixel_valid_i),
    .in_ready_o  (pixel_ready),
    .in_data_i   ({pixel_marks_i, pixel_clipped_i, time_i, pixel_site_i, pixel_sum_i, pixel_samples_i,
                   pixel_latency_i, pixel_events_i}),
    .out_valid_o (pixel_waits),
    .out_ready_i (pixel_taken),
    .out_data_o  (pixel),
    .level_o     (unused_pixel_level)
  );
  assign {marks, clipped, pixel_time, pixel_site, pixel_sum, pixel_samples, pixel_latency, pixel_events} = pixel;

  // Trips and ends: one of each waits until there is a place. They come far apart, each takes a command to come
  // again; one that comes again while the one before still waits replaces it, numbered and counted as dropped.
  logic        trip_q, end_q, end_aborted_q, trip_taken, end_taken;
  logic [15:0] trip_causes_q;
  logic [7:0]  trip_cause;
  logic [31:0] trip_site_q, end_site_q;
  logic [63:0] before_q, trip_time_q, end_time_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      trip_q <= 1'b0;
      end_q  <= 1'b0;
    end else begin
      trip_q <= trip_i || (trip_q && !trip_taken);
      end_q  <= end_i || (end_q && !end_taken);
    end
  end
  always_ff @(posedge clk_i) begin
    before_q <= time_i;
    if (trip_i) begin
      trip_causes_q <= trip_causes_i;
      trip_site_q   <= site_i;
      trip_time_q   <= before_q;
    end
    if (end_i) begin
      end_aborted_q <= end_aborted_i;
      end_site_q    <= site_i;
      end_time_q    <= time_i;
    end
  end

  assign trip_cause = trip_causes_q[7:0];

  // One of them.
  logic [479:0] record;
  logic         write, write_ready, room, lost, ending_room, trip_replaced, end_replaced;

  assign pixel_taken = pixel_waits && !decision_valid_i;
  assign trip_taken  = trip_q && !decision_valid_i && !pixel_waits && ending_room;
  assign end_taken   = end_q && !decision_valid_i && !pixel_waits && !trip_q && ending_room;
  assign write       = decision_valid_i || pixel_waits || trip_taken || end_taken;
  assign pending_o   = pixel_waits || ((trip_q || end_q) && ending_room);

  always_comb begin
    if (decision_valid_i) begin
      record = body(decision_host_i ? KindVector : KindDecision, decision_class_i, decision_cause_i,
                    decision_flags_i, decision_site_i, time_i, decision_samples_i, decision_latency_i,
                    decision_events_i, decision_network_latency_i, decision_sum_i, outputs);
    end else if (pixel_waits) begin
      record = body(KindPixel, NoClass, CauseFixed, {1'b0, marks, 3'd0, clipped, 1'b0}, pixel_site, pixel_time,
                    pixel_samples, pixel_latency, pixel_events, '0, pixel_sum, '0);
    end else if (trip_q) begin
      record = body(KindTrip, NoClass, trip_cause, '0, trip_site_q, trip_time_q, '0, '0, '0, '0, '0,
                    {128'd0, dropped_o, 16'd0, trip_causes_q, unblanked_run_i});
    end else begin
      record = body(KindEnd, NoClass, end_aborted_q ? CauseAborted : 8'd0, '0, end_site_q, end_time_q,
                    '0, '0, '0, '0, '0, {128'd0, dropped_o, 32'd0, unblanked_run_i});
    end
  end

  // Host vectors have reserved their room before they went in. The last two places are for trips and ends.
  logic [16:0] spoken_for;
  assign spoken_for = 17'(level_o) + 17'(reserved_i);
  assign ending_room = write_ready && spoken_for < 17'(EventDepth);
  always_comb begin
    if (decision_valid_i && decision_host_i) room = write_ready;
    else if (decision_valid_i)               room = 17'(level_o) < 17'(EventDepth - 2);
    else if (pixel_waits)                    room = spoken_for < 17'(EventDepth - 2);
    else                                     room = ending_room;
  end
  assign lost          = pixel_valid_i && !pixel_ready;
  assign trip_replaced = trip_i && trip_q && !trip_taken;
  assign end_replaced  = end_i && end_q && !end_taken;

  logic [31:0] more;  // numbers that no record has
  assign more = 32'(lost) + 32'(trip_replaced) + 32'(end_replaced);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      numbered_o <= '0;
      dropped_o  <= '0;
    end else begin
      numbered_o <= numbered_o + 32'(write) + more;
      dropped_o  <= clear_counters_i ? '0 : dropped_o + 32'(write && !room) + more;
    end
  end

  fifo #(.Width(512), .Depth(EventDepth)) u_events (
    .clk_i,
    .rst_ni,
    .in_valid_i  (write && room),
    .in_ready_o  (write_ready),
    .in_data_i   ({numbered_o, record}),
    .out_valid_o (event_valid_o),
    .out_ready_i (event_ready_i),
    .out_data_o  (event_data_o),
    .level_o     (level_o)
  );
endmodule
