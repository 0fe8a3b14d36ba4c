// async_fifo: a queue between two clock domains. In order, nothing lost: an entry is taken when
// in_valid_i && in_ready_o, and leaves when out_valid_o && out_ready_i, each at its own clock. It shows
// its oldest entry; out_data_o holds while out_valid_o && !out_ready_i.
// Latency: an entry shows at the second edge of out_clk_i after the one of in_clk_i that took it (the
// third, when both fall together). One entry a clock of the slower side when Depth >= 8.
// All outputs depend on registers only. Both sides are reset together.
module async_fifo #(
  parameter int Width = 8,  // bits
  parameter int Depth = 8   // entries, a power of two, 2 or more
) (
  input  logic             in_clk_i,
  input  logic             in_rst_ni,   // asynchronous
  input  logic             in_valid_i,
  output logic             in_ready_o,
  input  logic [Width-1:0] in_data_i,
  input  logic             out_clk_i,
  input  logic             out_rst_ni,  // asynchronous
  output logic             out_valid_o,
  input  logic             out_ready_i,
  output logic [Width-1:0] out_data_o
);
  if (Width < 1 || Depth < 2 || (Depth & (Depth - 1)) != 0) begin : g_check
    async_fifo_needs_Depth_a_power_of_two u_error ();
  end

  localparam int AddressBits = $clog2(Depth);
  localparam int PointerBits = AddressBits + 1;  // counts modulo 2 Depth: full and empty differ

  // In Gray code a pointer that moves changes one bit. Whoever samples it just then has the value before
  // or the one after, never a third.
  function automatic logic [PointerBits-1:0] gray(input logic [PointerBits-1:0] binary);
    gray = binary ^ (binary >> 1);
  endfunction

  logic [Width-1:0]       memory [Depth];
  logic [Width-1:0]       data_q;
  logic [PointerBits-1:0] write_q, write_gray_q, write_seen, read_q, read_d, read_gray_q, read_seen;
  logic [PointerBits-1:0] write_next;
  logic                   push, pop;

  // Full: the pointers are Depth apart, which in Gray code is the two highest bits inverted.
  assign in_ready_o = write_gray_q != (read_seen ^ (PointerBits'(3) << (PointerBits - 2)));
  assign push       = in_valid_i && in_ready_o;
  assign write_next = write_q + 1'b1;

  always_ff @(posedge in_clk_i or negedge in_rst_ni) begin
    if (!in_rst_ni) begin
      write_q      <= '0;
      write_gray_q <= '0;
    end else if (push) begin
      write_q      <= write_next;
      write_gray_q <= gray(write_next);
    end
  end
  always_ff @(posedge in_clk_i) if (push) memory[write_q[AddressBits-1:0]] <= in_data_i;

  for (genvar i = 0; i < PointerBits; i++) begin : g_bit
    synchronizer u_write (
      .clk_i (out_clk_i), .rst_ni (out_rst_ni), .level_i (write_gray_q[i]), .level_o (write_seen[i])
    );
    synchronizer u_read (
      .clk_i (in_clk_i), .rst_ni (in_rst_ni), .level_i (read_gray_q[i]), .level_o (read_seen[i])
    );
  end

  assign out_valid_o = read_gray_q != write_seen;
  assign out_data_o  = data_q;
  assign pop         = out_valid_o && out_ready_i;
  assign read_d      = read_q + PointerBits'(pop);

  always_ff @(posedge out_clk_i or negedge out_rst_ni) begin
    if (!out_rst_ni) begin
      read_q      <= '0;
      read_gray_q <= '0;
    end else begin
      read_q      <= read_d;
      read_gray_q <= gray(read_d);
    end
  end

  // Read one clock ahead. What is shown as valid had its pointer in the first flip-flop of the
  // synchronisers an edge before, so it has stood still in the memory for a clock.
  always_ff @(posedge out_clk_i) data_q <= memory[read_d[AddressBits-1:0]];
endmodule
