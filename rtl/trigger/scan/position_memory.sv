// position_memory: the positions of a list scan, written through a window whose index moves on by
// itself. Writes beyond the last position are ignored. Reading takes 1 clock: read_data_o belongs
// to the read_index_i of the edge before, and is new when that edge wrote it. One write and one read a
// clock.
module position_memory #(
  parameter int Depth = 4096,  // positions, 2 to 65536
  parameter int Width = 32,    // bits of an entry, up to 32
  localparam int IndexBits = $clog2(Depth)
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,         // asynchronous
  input  logic                 index_write_i,  // set the index of the window
  input  logic                 data_write_i,   // write a position there, then move on
  input  logic [31:0]          write_data_i,   // index, or an entry: {y[15:0], x[15:0]}
  output logic [31:0]          index_o,
  input  logic [IndexBits-1:0] read_index_i,
  output logic [Width-1:0]     read_data_o
);
  if (Depth < 2 || Depth > 65536 || Width < 1 || Width > 32) begin : g_check
    position_memory_needs_Depth_2_to_65536_and_Width_1_to_32 u_error ();
  end

  logic [Width-1:0] memory [Depth];
  logic [Width-1:0] read_data_q, newest_q;
  logic [31:0]      index_q;
  logic             write, newest_read_q;

  assign index_o     = index_q;
  assign write       = data_write_i && index_q < 32'(Depth);
  assign read_data_o = newest_read_q ? newest_q : read_data_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)            index_q <= '0;
    else if (index_write_i) index_q <= write_data_i;
    else if (write)         index_q <= index_q + 32'd1;
  end

  always_ff @(posedge clk_i) begin
    if (write) memory[index_q[IndexBits-1:0]] <= write_data_i[Width-1:0];
    read_data_q   <= memory[read_index_i];
    newest_q      <= write_data_i[Width-1:0];  // round the block RAM, which need not read what it writes
    newest_read_q <= write && index_q[IndexBits-1:0] == read_index_i;
  end
endmodule
