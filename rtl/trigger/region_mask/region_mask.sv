// region_mask: where in the scan field nothing may be decided, and where the beam may never be. The field of
// 65536 x 65536 scan steps has 64 x 64 cells of 1024 x 1024 steps with two bits each.
//
//   word of the mask at index 4 * (y / 1024) + (x / 16384), 256 words:
//     31     30       ...   1      0
//   | beam | decide | ... | beam | decide |      cell (x / 1024) mod 16, the lowest lowest; 1 forbids
//
// The mask is a memory of one clock: lookup_x_i and lookup_y_i are looked up at every edge. While the probe
// settles they must be its own position, while a dwell is under way the next pixel's. Then no_beam_next_o is right
// at the very edge at which a dwell starts: combinational from start_i.
module region_mask (
  input  logic        clk_i,
  input  logic        rst_ni,         // asynchronous
  input  logic        enable_i,       // 0: nothing is forbidden
  // window to the mask
  input  logic        index_write_i,
  input  logic        data_write_i,
  input  logic [31:0] write_data_i,
  output logic [31:0] index_o,
  input  logic [15:0] lookup_x_i,
  input  logic [15:0] lookup_y_i,
  input  logic        start_i,        // a dwell starts at this edge, at the position looked up last
  output logic        no_beam_next_o, // the beam may not be on after this edge
  output logic        no_beam_o,      // of the dwell under way
  output logic        no_decision_o   // of the dwell under way
);
  logic [31:0] mask [256];
  logic [31:0] index_q, word_q;
  logic [3:0]  cell_q;
  logic [1:0]  found, here_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)                                   index_q <= '0;
    else if (index_write_i)                        index_q <= write_data_i;
    else if (data_write_i && index_q < 32'd256)    index_q <= index_q + 32'd1;
  end
  always_ff @(posedge clk_i) begin
    if (data_write_i && index_q < 32'd256) mask[index_q[7:0]] <= write_data_i;
    word_q <= mask[{lookup_y_i[15:10], lookup_x_i[15:14]}];
    cell_q <= lookup_x_i[13:10];
  end

  assign found = enable_i ? word_q[2*cell_q +: 2] : 2'b00;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)      here_q <= '0;
    else if (start_i) here_q <= found;
  end

  assign no_beam_next_o = start_i ? found[1] : here_q[1];
  assign no_beam_o      = here_q[1];
  assign no_decision_o  = here_q != '0;
  assign index_o        = index_q;

  logic unused_fraction;
  assign unused_fraction = ^{lookup_x_i[9:0], lookup_y_i[9:0]};
endmodule
