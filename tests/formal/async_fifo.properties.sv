  // Two clocks in any order and at any distance, together too. One entry, whichever the solver likes, is followed from the
  // edge that takes it to the one that gives it away: it comes out whole and in its place, whatever the others do.
  // Inserted before the design's endmodule by prove.py.
  (* anyseq *) logic follow;               // take the entry that comes now
  logic                   seen, given;
  logic [Width-1:0]       value;
  logic [PointerBits-1:0] place;           // how many were taken before it
  logic [PointerBits-1:0] taken_count, given_count;

  initial assume (!in_rst_ni && !out_rst_ni);
  // Both sides are reset together. Either may be released first, and none is pulled again.
  logic in_ran = 1'b0, out_ran = 1'b0;
  always @($global_clock) begin
    in_ran  <= in_ran || in_rst_ni;
    out_ran <= out_ran || out_rst_ni;
  end
  always_comb begin
    if (in_ran) assume (in_rst_ni);
    if (out_ran) assume (out_rst_ni);
  end

  wire push_now = in_valid_i && in_ready_o;
  wire give_now = out_valid_o && out_ready_i;

  always_ff @(posedge in_clk_i or negedge in_rst_ni) begin
    if (!in_rst_ni) begin
      seen <= 1'b0;
      taken_count <= '0;
    end else begin
      taken_count <= taken_count + PointerBits'(push_now);
      if (push_now && follow && !seen) begin
        seen  <= 1'b1;
        value <= in_data_i;
        place <= taken_count;
      end
    end
  end

  always_ff @(posedge out_clk_i or negedge out_rst_ni) begin
    if (!out_rst_ni) begin
      given <= 1'b0;
      given_count <= '0;
    end else begin
      given_count <= given_count + PointerBits'(give_now);
      if (give_now && seen && given_count == place) given <= 1'b1;
    end
  end

  function automatic logic [PointerBits-1:0] binary(input logic [PointerBits-1:0] code);
    binary = code;
    for (int i = 1; i < PointerBits; i++) binary = binary ^ (code >> i);
  endfunction

  // The way round the pointers, from what the writer knows of the reader up to the writer itself.
  wire [PointerBits-1:0] origin = binary(read_seen);
  wire [PointerBits-1:0] to_read_first  = binary(read_first) - origin;
  wire [PointerBits-1:0] to_read        = read_q - origin;
  wire [PointerBits-1:0] to_write_seen  = binary(write_seen) - origin;
  wire [PointerBits-1:0] to_write_first = binary(write_first) - origin;
  wire [PointerBits-1:0] to_write       = write_q - origin;
  wire [PointerBits-1:0] to_place       = place - origin;
  wire                   inside = seen && !given;

  always_comb begin
    // Invariants.
    i_gray: assert (write_gray_q == gray(write_q) && read_gray_q == gray(read_q));
    i_counts: assert (taken_count == write_q && given_count == read_q);
    i_order: assert (to_read_first <= to_read && to_read <= to_write_seen && to_write_seen <= to_write_first
                     && to_write_first <= to_write && to_write <= Depth);
    i_place: assert (!inside || (to_place >= to_read && to_place < to_write));
    i_memory: assert (!inside || memory[place[AddressBits-1:0]] == value);
    i_given: assert (!given || seen);
    i_shown: assert (!out_valid_o || data_q == memory[read_q[AddressBits-1:0]]);

    // What cdc.md promises.
    a_in_order: assert (!(inside && out_valid_o && given_count == place) || out_data_o == value);
    a_room: assert (PointerBits'(taken_count - given_count) <= Depth);
    a_nothing_from_nothing: assert (!out_valid_o || taken_count != given_count);
    a_reset: assert (in_rst_ni || out_valid_o == 1'b0);
  end

  logic shown_q, ran_q = 1'b0;
  logic [Width-1:0] shown_data_q;
  always_ff @(posedge out_clk_i or negedge out_rst_ni) begin
    if (!out_rst_ni) shown_q <= 1'b0;
    else             shown_q <= out_valid_o && !out_ready_i;
  end
  always_ff @(posedge out_clk_i) shown_data_q <= out_data_o;
  always_comb a_holds: assert (!shown_q || (out_valid_o && out_data_o == shown_data_q));

  always_comb begin
    c_full: cover (in_rst_ni && !in_ready_o);
    c_followed_to_the_end: cover (given);
  end
