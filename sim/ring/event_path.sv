// event_path: what makes event records and what writes them into host memory, joined as on the card but in
// one clock, for the bench in event_bench.cpp. Of a decision only what tells one from another is driven.
module event_path #(
  parameter int BusWidth   = 128,
  parameter int EventDepth = 256
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        decision_i,
  input  logic [31:0] decision_site_i,
  input  logic        trip_i,
  input  logic        end_i,
  input  logic [63:0] time_i,
  output logic [31:0] numbered_o,
  output logic [31:0] dropped_o,
  output logic [31:0] waiting_o,
  input  logic        enable_i,
  input  logic [63:0] base_i,
  input  logic [4:0]  records_log2_i,
  input  logic [63:0] tail_address_i,
  input  logic [15:0] tail_records_i,
  input  logic        read_valid_i,
  input  logic [31:0] read_count_i,
  output logic        drained_o,
  output logic [1:0]  error_o,
  output logic                  awvalid_o,
  input  logic                  awready_i,
  output logic [63:0]           awaddr_o,
  output logic [7:0]            awlen_o,
  output logic                  wvalid_o,
  input  logic                  wready_i,
  output logic [BusWidth-1:0]   wdata_o,
  output logic [BusWidth/8-1:0] wstrb_o,
  output logic                  wlast_o,
  input  logic                  bvalid_i,
  input  logic [1:0]            bresp_i
);
  localparam int LevelBits = $clog2(EventDepth + 1);
  logic                 valid, ready, unused;
  logic [511:0]         data;
  logic [LevelBits-1:0] level;
  logic                 pending, interrupt, running, failed, bready;
  logic [31:0]          error_count, written;

  assign unused    = &{pending, interrupt, running, failed, bready, error_count, written};
  assign waiting_o = 32'(level);

  events #(.EventDepth(EventDepth), .OutputCount(4), .OutputWidth(32)) u_events (
    .clk_i,
    .rst_ni,
    .clear_counters_i (1'b0),
    .time_i,
    .decision_valid_i (decision_i),
    .decision_host_i  (1'b0),
    .decision_class_i (decision_site_i[7:0]),
    .decision_cause_i (8'd1),
    .decision_flags_i (8'd9),
    .decision_site_i,
    .decision_samples_i (decision_site_i[15:0]),
    .decision_latency_i (decision_site_i[31:16]),
    .decision_events_i  (~decision_site_i[15:0]),
    .decision_network_latency_i (~decision_site_i[31:16]),
    .decision_sum_i   (~decision_site_i),
    .decision_data_i  ({~decision_site_i, decision_site_i, ~decision_site_i, decision_site_i}),
    .pixel_valid_i    (1'b0),
    .pixel_clipped_i  (1'b0),
    .pixel_site_i     ('0),
    .pixel_samples_i  ('0),
    .pixel_latency_i  ('0),
    .pixel_events_i   ('0),
    .pixel_sum_i      ('0),
    .trip_i,
    .trip_causes_i    (8'h02),
    .end_i,
    .end_aborted_i    (1'b0),
    .site_i           (decision_site_i),
    .unblanked_run_i  (time_i),
    .reserved_i       ('0),
    .pending_o        (pending),
    .level_o          (level),
    .numbered_o,
    .dropped_o,
    .event_valid_o    (valid),
    .event_ready_i    (ready),
    .event_data_o     (data)
  );

  event_ring #(.BusWidth(BusWidth)) u_ring (
    .clk_i,
    .rst_ni,
    .enable_i,
    .base_i,
    .records_log2_i,
    .tail_address_i,
    .tail_records_i,
    .interrupt_records_i (16'd64),
    .interrupt_clocks_i  (32'd1000),
    .read_valid_i,
    .read_count_i,
    .acknowledge_i    (1'b1),
    .interrupt_o      (interrupt),
    .running_o        (running),
    .drained_o,
    .failed_o         (failed),
    .error_o,
    .error_count_o    (error_count),
    .written_o        (written),
    .record_valid_i   (valid),
    .record_ready_o   (ready),
    .record_data_i    (data),
    .awvalid_o,
    .awready_i,
    .awaddr_o,
    .awlen_o,
    .wvalid_o,
    .wready_i,
    .wdata_o,
    .wstrb_o,
    .wlast_o,
    .bvalid_i,
    .bready_o         (bready),
    .bresp_i
  );
endmodule
