// fifo: a queue in one clock domain. In order, nothing lost: an entry is taken when in_valid_i &&
// in_ready_o, and leaves when out_valid_o && out_ready_i. It shows its oldest entry (show-ahead);
// out_data_o holds while out_valid_o && !out_ready_i.
// Latency 1; with PassThrough an empty queue shows its input in the same clock, latency 0.
// in_ready_o depends on registers only. With PassThrough out_valid_o and out_data_o follow
// in_valid_i and in_data_i combinationally; without it they come from registers.
// One entry a clock when Depth >= 2 (with PassThrough: when Depth >= 1 and out_ready_i stays high).
module fifo #(
  parameter int Width       = 8,     // bits
  parameter int Depth       = 4,     // entries
  parameter bit PassThrough = 1'b0,  // 1: an empty queue does not cost a clock
  localparam int LevelBits  = $clog2(Depth + 1)
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,  // asynchronous
  input  logic                 in_valid_i,
  output logic                 in_ready_o,
  input  logic [Width-1:0]     in_data_i,
  output logic                 out_valid_o,
  input  logic                 out_ready_i,
  output logic [Width-1:0]     out_data_o,
  output logic [LevelBits-1:0] level_o  // entries held
);
  if (Width < 1 || Depth < 1) begin : g_check
    fifo_needs_Width_and_Depth_of_at_least_1 u_error ();
  end

  localparam int PointerBits = (Depth > 1) ? $clog2(Depth) : 1;

  logic [Width-1:0]       memory [Depth];
  logic [Width-1:0]       read_data_q, newest_q;
  logic                   newest_shown_q;
  logic [PointerBits-1:0] write_q, read_q, read_d;
  logic [LevelBits-1:0]   level_q;
  logic                   empty, through, push, pop;

  function automatic logic [PointerBits-1:0] following(input logic [PointerBits-1:0] pointer);
    following = (pointer == PointerBits'(Depth - 1)) ? '0 : pointer + 1'b1;
  endfunction

  assign empty   = level_q == '0;
  assign through = PassThrough && empty && in_valid_i && out_ready_i;
  assign push    = in_valid_i && in_ready_o && !through;
  assign pop     = out_ready_i && !empty;
  assign read_d  = pop ? following(read_q) : read_q;

  assign in_ready_o  = level_q != LevelBits'(Depth);
  assign out_valid_o = !empty || (PassThrough && in_valid_i);
  assign out_data_o  = (PassThrough && empty) ? in_data_i : newest_shown_q ? newest_q : read_data_q;
  assign level_o     = level_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      write_q        <= '0;
      read_q         <= '0;
      level_q        <= '0;
      newest_shown_q <= 1'b0;
    end else begin
      read_q <= read_d;
      if (push) write_q <= following(write_q);
      if (push && !pop) level_q <= level_q + 1'b1;
      if (!push && pop) level_q <= level_q - 1'b1;
      // The memory is read one clock ahead, so that it can be a block RAM. An entry that is
      // written in the clock in which it would be read comes round the memory instead.
      newest_shown_q <= push && write_q == read_d;
    end
  end

  always_ff @(posedge clk_i) begin
    if (push) memory[write_q] <= in_data_i;
    if (push) newest_q <= in_data_i;
    read_data_q <= memory[read_d];
  end
endmodule
