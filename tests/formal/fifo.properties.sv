  // One entry, whichever the solver likes, is followed from the edge that takes it to the one that gives it away: it comes
  // out whole and in its place, whatever the others do. Inserted before the design's endmodule by prove.py.
  (* anyseq *) logic follow;            // take the entry that comes now
  logic                 followed, seen;
  logic [Width-1:0]     value;
  logic [LevelBits-1:0] ahead;          // entries that leave before it
  logic                 past_q, shown_q;
  logic [Width-1:0]     shown_data_q;

  wire taken = in_valid_i && in_ready_o;
  wire given = out_valid_o && out_ready_i;
  wire straight = taken && given && level_o == '0;   // in and out in one clock

  initial assume (!rst_ni);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {followed, seen, past_q, shown_q} <= '0;
      ahead <= '0;
    end else begin
      past_q <= 1'b1;
      shown_q <= out_valid_o && !out_ready_i && level_o != '0;
      if (follow && taken && !straight && !seen) begin
        followed <= 1'b1;
        seen <= 1'b1;
        ahead <= level_o - LevelBits'(given);
      end else if (followed && given) begin
        followed <= ahead != '0;
        ahead <= ahead - 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (follow && taken && !straight && !seen) value <= in_data_i;
    shown_data_q <= out_data_o;
  end

  wire [PointerBits:0] unwrapped = read_q + ahead;
  wire [PointerBits-1:0] place = PointerBits'(unwrapped >= Depth ? unwrapped - Depth : unwrapped);
  wire [PointerBits+LevelBits:0] end_of_queue = read_q + level_q;

  always_comb begin
    if (rst_ni) begin
      // Invariants.
      i_level: assert (level_q <= Depth);
      i_pointers: assert (read_q < Depth && write_q < Depth && write_q == PointerBits'(end_of_queue >= Depth ? end_of_queue - Depth : end_of_queue));
      i_ahead: assert (!followed || ahead < level_q);
      i_memory: assert (!followed || memory[place] == value);
      i_shown: assert (level_q == '0 || (newest_shown_q ? newest_q : read_data_q) == memory[read_q]);

      // What fifo.md promises.
      a_in_order: assert (!(followed && ahead == '0) || (out_valid_o && out_data_o == value));
      a_straight: assert (!straight || out_data_o == in_data_i);
      a_full: assert (in_ready_o == (level_o < Depth));
      a_valid: assert (level_o == '0 || out_valid_o);
      a_holds: assert (!(past_q && shown_q) || (out_valid_o && out_data_o == shown_data_q));
    end else begin
      a_reset: assert (level_o == '0 && in_ready_o);
    end
  end

  always_comb begin
    if (rst_ni && past_q) begin
      c_full: cover (!in_ready_o);
      c_followed_to_the_end: cover (seen && !followed && level_o == Depth);
    end
  end
