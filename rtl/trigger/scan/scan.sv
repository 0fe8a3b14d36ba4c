// scan: moves the probe from position to position, and says when a dwell is under way.
//
//   Idle --start--> Settle --strobe--> Dwell --decided, or time is up--> Leave --> Settle ...
//                                        |  ^ raster: next pixel of the line        last one: Drain --> Idle
//                                        +--+
//
// A dwell starts at an edge that takes an ADC strobe: dwell_next_o and start_o are high in the clock
// before it, so that the pin can move at that very edge. In a raster the beam stays on along a line,
// and pixels change at strobes; with a pixel settle time or a pixel clock every pixel leaves, moves and
// settles. The last dwell is followed by Drain, until the ingress has seen its last sample.
// Timing: the position moves max(blank_clocks, 1) clocks after the dwell ended; the next dwell starts
// at the first strobe at least max(settle, 1) clocks after the move, and when the clocks of another scan
// generator allow it (go_i). settle is
//   list    settle_clocks and what settle_by_jump adds for the distance
//   raster  line_settle_clocks at the start of a line, and line_flyback_clocks or frame_retrace_clocks with
//           it; pixel_settle_clocks within a line
// Combinational paths: adc_valid_i, advance_i, go_i, abort_i to start_o, boundary_o, dwell_next_o, lookup_*_o.
module scan #(
  parameter int PositionDepth = 4096  // positions of the list, 2 to 65536
) (
  input  logic        clk_i,
  input  logic        rst_ni,  // asynchronous
  // commands, one clock
  input  logic        start_i,    // only when idle, else ignored
  input  logic        abort_i,
  input  logic        blocked_i,  // refuse to start
  // settings, to be changed only when idle
  input  logic        list_i,               // 1: list of positions, 0: raster
  input  logic        decide_i,             // list: dwells end by advance_i, else after dwell_samples_i
  input  logic [31:0] x_start_i,            // 16.16 fixed point, as the next three
  input  logic [31:0] y_start_i,
  input  logic [31:0] x_step_i,             // signed
  input  logic [31:0] y_step_i,             // signed
  input  logic [15:0] columns_i,
  input  logic [15:0] rows_i,
  input  logic [15:0] dwell_samples_i,      // strobes of a fixed dwell
  input  logic [31:0] settle_clocks_i,
  input  logic [31:0] line_settle_clocks_i,
  input  logic [31:0] blank_clocks_i,       // from the end of a dwell to the move
  input  logic [15:0] max_samples_i,        // list: of a dwell that is decided
  input  logic [31:0] pixel_settle_clocks_i,
  input  logic [31:0] line_flyback_clocks_i,
  input  logic [31:0] frame_retrace_clocks_i,
  input  logic [15:0] frames_i,             // of a raster; 0 is taken as 1
  input  logic [319:0] settle_by_jump_i,    // 16 x 20 bits: clocks more for jumps of 2^k to 2^(k+1)-1 steps
  input  logic        dwell_map_i,          // list: positions have their own dwell_samples or max_samples
  input  logic [16:0] position_count_i,
  // window to the list of positions
  input  logic        index_write_i,
  input  logic        data_write_i,
  input  logic [31:0] write_data_i,
  output logic [31:0] index_o,
  // window to their dwells
  input  logic        dwell_index_write_i,
  input  logic        dwell_data_write_i,
  output logic [31:0] dwell_index_o,
  // another scan generator (slave_clock)
  input  logic        pixel_clocked_i,      // every pixel waits for its clock
  input  logic        go_i,                 // the next dwell may start
  output logic        next_line_start_o,    // the next dwell is the first of a line ...
  output logic        next_frame_start_o,   // ... of a frame or a list
  output logic        ready_o,              // settled: only go_i and a strobe are missing
  output logic        short_o,              // one clock: a dwell was cut short by the pixel clock
  // strobes, decisions, ingress
  input  logic        adc_valid_i,
  input  logic        advance_i,       // the dwell is decided
  input  logic        ingress_busy_i,  // samples of a dwell are still on their way
  // dwell
  output logic        run_start_o,     // one clock: a run begins at this edge
  output logic        start_o,         // a dwell starts at this edge ...
  output logic [31:0] start_site_o,    // ... with this number
  output logic [15:0] limit_samples_o, // ... and, if it is fixed or decided in a list, so many samples
  output logic        boundary_o,      // a dwell starts, or ends because its time is up, at this edge
  output logic        dwell_next_o,    // a dwell is under way after this edge
  output logic        dwell_active_o,
  output logic [31:0] site_o,          // of the dwell, or of the next one while moving
  output logic        clear_o,         // the ingress shall drop what it collects
  // run
  output logic [2:0]  state_o,
  output logic        moving_o,        // leaving, moving or settling
  output logic        running_o,
  output logic        done_o,          // the last run has ended
  output logic        aborted_o,       // it ended early ...
  output logic        refused_o,       // ... before it began: blocked, or settings without a dwell
  output logic        end_o,           // one clock: a run ended
  output logic        error_o,         // impossible state
  // probe
  output logic [15:0] scan_x_o,
  output logic [15:0] scan_y_o,
  output logic [15:0] lookup_x_o,      // of the coming clock: while settling the position, in a dwell ...
  output logic [15:0] lookup_y_o,      // ... that of the next pixel of the line
  output logic        pixel_advance_o  // one clock, the first at a new position
);
  localparam logic [2:0] Idle = 3'd0, Leave = 3'd1, Settle = 3'd2, Dwell = 3'd3, Drain = 3'd4;
  localparam int IndexBits = $clog2(PositionDepth);

  logic [2:0]  state_q, state_d;
  logic [31:0] clocks_q, clocks_d, x_q, x_d, y_q, y_d, next_x_q, next_x_d, site_q, site_d, settle, position;
  logic [15:0] column_q, column_d, row_q, row_d, strobes_q, strobes_d, frame_q, frame_d, own_samples, limit_q;
  logic [16:0] next_q, next_d;
  logic        start_ok, time_up, last_of_line, last_row, last_frame, last, move, first_move, finish;
  logic        along, in_line, pixel_due;
  logic        done_q, aborted_q, refused_q, end_q, advance_q;

  position_memory #(.Depth(PositionDepth)) u_positions (
    .clk_i,
    .rst_ni,
    .index_write_i,
    .data_write_i,
    .write_data_i,
    .index_o,
    .read_index_i (next_d[IndexBits-1:0]),
    .read_data_o  (position)
  );

  position_memory #(.Depth(PositionDepth), .Width(16)) u_dwells (
    .clk_i,
    .rst_ni,
    .index_write_i (dwell_index_write_i),
    .data_write_i  (dwell_data_write_i),
    .write_data_i,
    .index_o       (dwell_index_o),
    .read_index_i  (next_d[IndexBits-1:0]),
    .read_data_o   (own_samples)
  );

  // The jump to the next position of the list: known before the move. The first one of a run comes from
  // anywhere and counts as the longest.
  logic [15:0] jump_x, jump_y, jump_q;
  logic [31:0] added;

  assign jump_x = position[15:0] > x_q[31:16] ? position[15:0] - x_q[31:16] : x_q[31:16] - position[15:0];
  assign jump_y = position[31:16] > y_q[31:16] ? position[31:16] - y_q[31:16] : y_q[31:16] - position[31:16];
  always_ff @(posedge clk_i) jump_q <= jump_x > jump_y ? jump_x : jump_y;

  always_comb begin
    added = '0;
    for (int k = 0; k < 16; k++) begin
      if (state_q == Idle || jump_q[k]) added = 32'(settle_by_jump_i[20*k +: 20]);
    end
  end

  // One clock less: the counter's zero is itself a clock.
  function automatic logic [31:0] clocks_to_count(input logic [31:0] clocks);
    clocks_to_count = clocks == '0 ? '0 : clocks - 32'd1;
  endfunction

  assign start_ok = !blocked_i && (list_i || (columns_i != '0 && rows_i != '0))
                    && (!list_i || (position_count_i != '0 && position_count_i <= 17'(PositionDepth)))
                    && ((list_i && decide_i) || dwell_samples_i != '0);
  assign time_up      = adc_valid_i && strobes_q + 16'd1 == limit_q && !(list_i && decide_i);
  assign last_of_line = column_q + 16'd1 == columns_i;
  assign last_row     = row_q + 16'd1 == rows_i;
  assign last_frame   = 17'(frame_q) + 17'd1 >= 17'(frames_i);
  assign last         = list_i ? next_q == position_count_i : last_of_line && last_row && last_frame;
  assign along        = !list_i && !last_of_line;  // the next dwell is the next pixel of this line
  assign in_line      = move && along;
  assign pixel_due    = pixel_clocked_i && go_i && adc_valid_i && along;

  always_comb begin
    if (list_i)                           settle = settle_clocks_i + added;
    else if (state_q != Idle && along)    settle = pixel_settle_clocks_i;
    else if (state_q == Idle || last_row) settle = line_settle_clocks_i + frame_retrace_clocks_i;
    else                                  settle = line_settle_clocks_i + line_flyback_clocks_i;
  end

  always_comb begin
    state_d    = state_q;
    clocks_d   = clocks_q == '0 ? '0 : clocks_q - 32'd1;
    strobes_d  = strobes_q;
    move       = 1'b0;  // to the next position of the list, or the start of the next line
    first_move = 1'b0;
    finish     = 1'b0;
    start_o    = 1'b0;
    boundary_o = 1'b0;
    short_o    = 1'b0;
    error_o    = 1'b0;
    case (state_q)
      Idle: if (start_i && start_ok) begin
        first_move = 1'b1;
        state_d    = Settle;
      end
      Settle: if (adc_valid_i && clocks_q == '0 && go_i) begin
        start_o    = 1'b1;
        boundary_o = 1'b1;
        state_d    = Dwell;
      end
      Dwell: begin
        if (list_i && decide_i && advance_i) begin
          state_d = last ? Drain : Leave;
        end else if (pixel_due) begin
          boundary_o = 1'b1;
          start_o    = 1'b1;
          short_o    = !time_up;
        end else if (time_up) begin
          boundary_o = 1'b1;
          start_o    = along && !pixel_clocked_i && pixel_settle_clocks_i == '0;
          if (!start_o) state_d = last ? Drain : Leave;
        end
        if (state_d == Leave) clocks_d = clocks_to_count(blank_clocks_i);
        if (adc_valid_i) strobes_d = strobes_q + 16'd1;
      end
      Leave: if (clocks_q == '0) begin
        move    = 1'b1;
        state_d = Settle;
      end
      Drain: if (!ingress_busy_i) begin
        finish  = 1'b1;
        state_d = Idle;
      end
      default: begin
        error_o = 1'b1;
        finish  = 1'b1;
        state_d = Idle;
      end
    endcase
    if (move || first_move) clocks_d = clocks_to_count(settle);
    if (start_o) strobes_d = '0;
    if (abort_i) begin
      state_d    = Idle;
      move       = 1'b0;
      first_move = 1'b0;
      finish     = state_q != Idle;
      start_o    = 1'b0;
      boundary_o = 1'b0;
      short_o    = 1'b0;
    end
  end

  logic [31:0] list_x, list_y;
  assign list_x = {position[15:0], 16'd0};
  assign list_y = {position[31:16], 16'd0};

  // Where the probe goes. Within a line only x moves, and the site changes with the dwell. The next pixel's
  // x is kept beside: what is looked up for it must be known when it starts.
  always_comb begin
    x_d      = x_q;
    next_x_d = next_x_q;
    frame_d  = frame_q;
    y_d      = y_q;
    column_d = column_q;
    row_d    = row_q;
    site_d   = site_q;
    next_d   = next_q;
    if (state_d == Idle) next_d = '0;  // so that a run finds the first position already read
    if (in_line || (state_q == Dwell && start_o)) begin
      site_d   = site_q + 32'd1;
      column_d = column_q + 16'd1;
      x_d      = next_x_q;
      next_x_d = next_x_q + x_step_i;
    end else if (first_move || move) begin
      site_d   = first_move ? '0 : site_q + 32'd1;
      column_d = '0;
      row_d    = first_move || last_row ? '0 : row_q + 16'd1;
      frame_d  = first_move ? '0 : last_row ? frame_q + 16'd1 : frame_q;
      x_d      = list_i ? list_x : x_start_i;
      next_x_d = x_start_i + x_step_i;
      y_d      = list_i ? list_y : first_move || last_row ? y_start_i : y_q + y_step_i;
      next_d   = next_q + 17'd1;
    end
  end

  // Samples of the dwell to come. At least one.
  logic [15:0] limit, limit_d;
  always_comb begin
    limit = list_i && decide_i ? max_samples_i : dwell_samples_i;
    if (list_i && dwell_map_i && own_samples != '0) limit = own_samples;
    limit_d = limit == '0 ? 16'd1 : limit;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q   <= Idle;
      clocks_q  <= '0;
      strobes_q <= '0;
      x_q       <= '0;
      y_q       <= '0;
      next_x_q  <= '0;
      frame_q   <= '0;
      limit_q   <= '0;
      column_q  <= '0;
      row_q     <= '0;
      site_q    <= '0;
      next_q    <= '0;
      done_q    <= 1'b0;
      aborted_q <= 1'b0;
      refused_q <= 1'b0;
      end_q     <= 1'b0;
      advance_q <= 1'b0;
    end else begin
      state_q   <= state_d;
      clocks_q  <= clocks_d;
      strobes_q <= strobes_d;
      x_q       <= x_d;
      y_q       <= y_d;
      next_x_q  <= next_x_d;
      frame_q   <= frame_d;
      if (first_move || move) limit_q <= limit_d;
      column_q  <= column_d;
      row_q     <= row_d;
      site_q    <= site_d;
      next_q    <= next_d;
      advance_q <= move || first_move || (state_q == Dwell && start_o);
      end_q     <= 1'b0;
      if (run_start_o) begin
        done_q    <= 1'b0;
        aborted_q <= 1'b0;
        refused_q <= 1'b0;
      end else if (finish) begin
        done_q    <= 1'b1;
        aborted_q <= abort_i || error_o;
        end_q     <= 1'b1;
      end else if (state_q == Idle && start_i) begin
        done_q    <= 1'b1;
        aborted_q <= 1'b1;
        refused_q <= 1'b1;
        end_q     <= 1'b1;
      end
    end
  end

  assign run_start_o     = first_move;
  assign start_site_o    = state_q == Dwell ? site_q + 32'd1 : site_q;
  assign limit_samples_o = limit_q;
  assign lookup_x_o      = state_d == Dwell ? next_x_d[31:16] : x_d[31:16];
  assign lookup_y_o      = y_d[31:16];
  assign ready_o         = state_q == Settle && clocks_q == '0;
  assign dwell_next_o    = state_d == Dwell;
  assign dwell_active_o  = state_q == Dwell;
  assign site_o          = site_q;
  assign clear_o         = run_start_o || (abort_i && running_o)
                           || (state_q == Dwell && list_i && decide_i && advance_i);
  assign state_o         = state_q;
  assign moving_o        = state_q == Leave || state_q == Settle;
  assign running_o       = state_q != Idle;
  assign done_o          = done_q;
  assign aborted_o       = aborted_q;
  assign refused_o       = refused_q;
  assign end_o           = end_q;
  assign scan_x_o        = x_q[31:16];
  assign scan_y_o        = y_q[31:16];
  assign pixel_advance_o = advance_q;

  always_comb begin
    if (state_q == Settle) begin
      next_line_start_o  = !list_i && column_q == '0;
      next_frame_start_o = list_i ? site_q == '0 : column_q == '0 && row_q == '0;
    end else begin
      next_line_start_o  = !list_i && last_of_line;
      next_frame_start_o = !list_i && last_of_line && last_row;
    end
  end

  logic unused_fraction;
  assign unused_fraction = ^{x_q[15:0], y_q[15:0], y_d[15:0], next_d};
endmodule
