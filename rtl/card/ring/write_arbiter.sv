// write_arbiter: two AXI4 masters that write -> one, with one ID. Bursts stay whole, data and answers keep the
// order of the addresses. When both ask, the one that had no turn last time goes. An address shows one clock after
// it was taken; data may go on in that clock. Combinational paths: data and answers, valid, ready.
module write_arbiter #(
  parameter int BusWidth    = 128,  // bits
  parameter int Outstanding = 32    // bursts without an answer
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,  // asynchronous
  // masters, the first in the low bits
  input  logic [1:0]              awvalid_i,
  output logic [1:0]              awready_o,
  input  logic [127:0]            awaddr_i,
  input  logic [15:0]             awlen_i,
  input  logic [1:0]              wvalid_i,
  output logic [1:0]              wready_o,
  input  logic [2*BusWidth-1:0]   wdata_i,
  input  logic [2*BusWidth/8-1:0] wstrb_i,
  input  logic [1:0]              wlast_i,
  output logic [1:0]              bvalid_o,  // is taken at once
  output logic [1:0]              bresp_o,
  // bus
  output logic                    awvalid_o,
  input  logic                    awready_i,
  output logic [63:0]             awaddr_o,
  output logic [7:0]              awlen_o,
  output logic                    wvalid_o,
  input  logic                    wready_i,
  output logic [BusWidth-1:0]     wdata_o,
  output logic [BusWidth/8-1:0]   wstrb_o,
  output logic                    wlast_o,
  input  logic                    bvalid_i,
  output logic                    bready_o,
  input  logic [1:0]              bresp_i
);
  localparam int LevelBits = $clog2(Outstanding + 1);

  // ---------------------------------------------------------------- addresses
  logic        take, turn, last_q, valid_q, data_ready, answer_ready;
  logic [63:0] address_q;
  logic [7:0]  length_q;

  assign turn      = awvalid_i == 2'b11 ? !last_q : awvalid_i[1];
  assign take      = awvalid_i != 2'b00 && (!valid_q || awready_i) && data_ready && answer_ready;
  assign awready_o = {take && turn, take && !turn};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      last_q  <= 1'b1;
    end else begin
      valid_q <= take || (valid_q && !awready_i);
      if (take) last_q <= turn;
    end
  end
  always_ff @(posedge clk_i) begin
    if (take) begin
      address_q <= turn ? awaddr_i[127:64] : awaddr_i[63:0];
      length_q  <= turn ? awlen_i[15:8] : awlen_i[7:0];
    end
  end
  assign awvalid_o = valid_q;
  assign awaddr_o  = address_q;
  assign awlen_o   = length_q;

  // ---------------------------------------------------------------- data and answers, in the order of the addresses
  logic data_waits, data_of, answer_waits, answer_of;
  logic [LevelBits-1:0] unused_data, unused_answers;

  fifo #(.Width(1), .Depth(Outstanding)) u_data (
    .clk_i,
    .rst_ni,
    .in_valid_i  (take),
    .in_ready_o  (data_ready),
    .in_data_i   (turn),
    .out_valid_o (data_waits),
    .out_ready_i (wvalid_o && wready_i && wlast_o),
    .out_data_o  (data_of),
    .level_o     (unused_data)
  );
  assign wvalid_o = data_waits && (data_of ? wvalid_i[1] : wvalid_i[0]);
  assign wdata_o  = data_of ? wdata_i[2*BusWidth-1:BusWidth] : wdata_i[BusWidth-1:0];
  assign wstrb_o  = data_of ? wstrb_i[2*BusWidth/8-1:BusWidth/8] : wstrb_i[BusWidth/8-1:0];
  assign wlast_o  = data_of ? wlast_i[1] : wlast_i[0];
  assign wready_o = {data_waits && data_of && wready_i, data_waits && !data_of && wready_i};

  fifo #(.Width(1), .Depth(Outstanding)) u_answers (
    .clk_i,
    .rst_ni,
    .in_valid_i  (take),
    .in_ready_o  (answer_ready),
    .in_data_i   (turn),
    .out_valid_o (answer_waits),
    .out_ready_i (bvalid_i),
    .out_data_o  (answer_of),
    .level_o     (unused_answers)
  );
  // An answer to nothing goes to the first, which stops for it.
  assign bready_o = 1'b1;
  assign bvalid_o = {bvalid_i && answer_waits && answer_of, bvalid_i && !(answer_waits && answer_of)};
  assign bresp_o  = bresp_i;
endmodule
