// slave_clock: pixel, line and frame clocks of another scan generator. Says when the next dwell may start
// (go_o), and when the clocks no longer fit the scan (lost_o).
//
// Each pin is synchronised, its chosen edge found, and acted on wait clocks later (edges in that time are
// ignored): pending 3 + wait clocks after the clock edge that first sees the pin. A pin that is off asks for
// nothing: go_o stays high with all three off.
//
//   frame   counts while the scan waits for a frame; else it is ignored (a mains clock may run on)
//   line    counts once the dwell before is the last of its line; in the middle of a line it is an error
//   pixel   counts within a line, and at its start once the line's clock has come; others are of the flyback
//
// lost_o holds from the error until the run is over: a clock that is awaited for timeout_clocks (not the
// first of a run), a line clock within a line, a pixel or line clock while the one before still waits.
module slave_clock (
  input  logic        clk_i,
  input  logic        rst_ni,           // asynchronous
  // pins, asynchronous
  input  logic        pixel_clock_i,
  input  logic        line_clock_i,
  input  logic        frame_clock_i,
  // settings, to be changed only while no run is under way
  input  logic [1:0]  pixel_edge_i,     // 1 rising, 2 falling, else off; as the next two
  input  logic [1:0]  line_edge_i,
  input  logic [1:0]  frame_edge_i,
  input  logic [15:0] pixel_wait_i,     // clocks, as the next two
  input  logic [15:0] line_wait_i,
  input  logic [15:0] frame_wait_i,
  input  logic [31:0] late_clocks_i,    // a pixel clock is late then; 0: never
  input  logic [31:0] timeout_clocks_i, // a clock is lost then; 0: never
  // the scan
  input  logic        running_i,
  input  logic        dwell_i,          // a dwell is under way
  input  logic        line_start_i,     // the next dwell is the first of a line ...
  input  logic        frame_start_i,    // ... of a frame, or of a list
  input  logic        ready_i,          // settled: it waits for go_o
  input  logic        take_i,           // the next dwell starts at this edge
  output logic        pixel_clocked_o,
  output logic        go_o,
  output logic        late_o,           // one clock: the awaited pixel clock is late
  output logic        lost_o,
  output logic        timed_out_o,      // why: a clock did not come; else it came at the wrong place
  output logic [2:0]  level_o           // of the pins {frame, line, pixel}, synchronised
);
  // One pin: 0 pixel, 1 line, 2 frame.
  logic [2:0]  pins, pulse, on;
  logic [5:0]  edges;
  logic [47:0] waits;

  assign pins  = {frame_clock_i, line_clock_i, pixel_clock_i};
  assign edges = {frame_edge_i, line_edge_i, pixel_edge_i};
  assign waits = {frame_wait_i, line_wait_i, pixel_wait_i};

  for (genvar k = 0; k < 3; k++) begin : g_pin
    logic        level, before_q, hit, waiting_q;
    logic [1:0]  chosen;
    logic [15:0] clocks, left_q;

    synchronizer u_synchronizer (
      .clk_i,
      .rst_ni,
      .level_i (pins[k]),
      .level_o (level)
    );
    assign chosen     = edges[2*k +: 2];
    assign clocks     = waits[16*k +: 16];
    assign on[k]      = chosen == 2'd1 || chosen == 2'd2;
    assign hit        = (chosen == 2'd1 && level && !before_q) || (chosen == 2'd2 && !level && before_q);
    assign pulse[k]   = waiting_q ? left_q == '0 : hit && clocks == '0;
    assign level_o[k] = level;

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        before_q  <= 1'b0;
        waiting_q <= 1'b0;
        left_q    <= '0;
      end else begin
        before_q <= level;
        if (waiting_q) begin
          waiting_q <= left_q != '0;
          left_q    <= left_q - 16'd1;
        end else if (hit && clocks != '0) begin
          waiting_q <= 1'b1;
          left_q    <= clocks - 16'd1;
        end
      end
    end
  end

  // Clocks that wait for their dwell.
  logic pixel_q, line_q, frame_q, frame_open, line_open, pixel_counts, line_counts, frame_counts;
  logic pixel_error, line_error, error_q, timeout_q, first_q, waits_now, overdue;
  logic [31:0] age_q;

  assign frame_open = !on[2] || frame_q || pulse[2];
  assign line_open  = !on[1] || line_q || pulse[1];

  assign frame_counts = pulse[2] && running_i && frame_start_i && !dwell_i;
  assign line_counts  = pulse[1] && running_i && line_start_i && (!frame_start_i || frame_open);
  assign pixel_counts = pulse[0] && running_i
                        && (!frame_start_i || frame_open)
                        && (line_start_i ? line_open && (!dwell_i || !on[1]) : !frame_start_i || !dwell_i);

  assign line_error  = pulse[1] && running_i && !line_start_i && !frame_start_i && !first_q
                       || line_counts && line_q;
  assign pixel_error = pixel_counts && pixel_q;

  assign pixel_clocked_o = on[0];
  assign go_o = (!on[0] || pixel_q) && (!on[1] || line_q || !line_start_i) && (!on[2] || frame_q || !frame_start_i);

  assign waits_now = running_i && ready_i && !go_o && !first_q;
  assign overdue   = waits_now && timeout_clocks_i != '0 && age_q >= timeout_clocks_i;
  assign late_o    = waits_now && on[0] && !line_start_i && !frame_start_i && late_clocks_i != '0
                     && age_q == late_clocks_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {pixel_q, line_q, frame_q, error_q, timeout_q} <= '0;
      first_q <= 1'b1;
      age_q   <= '0;
    end else begin
      first_q <= !running_i || (first_q && !take_i);
      age_q   <= waits_now ? ((&age_q) ? age_q : age_q + 32'd1) : '0;
      if (!running_i || take_i) {pixel_q, line_q, frame_q} <= '0;
      else {pixel_q, line_q, frame_q} <= {pixel_q, line_q, frame_q} | {pixel_counts, line_counts, frame_counts};
      if (!running_i) {error_q, timeout_q} <= '0;
      else begin
        if (line_error || pixel_error) error_q <= 1'b1;
        if (overdue) timeout_q <= 1'b1;
      end
    end
  end

  assign lost_o      = error_q || timeout_q;
  assign timed_out_o = timeout_q;
endmodule
