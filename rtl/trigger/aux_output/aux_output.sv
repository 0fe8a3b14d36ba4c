// aux_output: which decisions to keep pulse aux_trigger_o, when, and for how long.
//
//   keep_i -> refractory time -> every Nth -> delay -> pulse
//
// Latency 1 + delay from keep_i to the first clock of the pulse. pulse_o says in the clock of keep_i
// whether it makes a pulse: combinational from keep_i. One pulse can wait for its delay; another one meanwhile
// is missed. A pulse that starts during one lengthens it.
module aux_output (
  input  logic        clk_i,
  input  logic        rst_ni,               // asynchronous
  input  logic        clear_i,              // start counting for the prescale anew
  input  logic [15:0] prescale_i,           // every so many pulse; 0 and 1: all
  input  logic [15:0] refractory_clocks_i,  // after an accepted one others are ignored for so long
  input  logic [15:0] delay_clocks_i,
  input  logic [15:0] width_clocks_i,       // 0 is taken as 1
  input  logic        keep_i,
  output logic        pulse_o,              // this keep_i makes a pulse; else one of the next three:
  output logic        refractory_o,         // it came in the refractory time
  output logic        prescaled_o,          // it was not the Nth
  output logic        missed_o,             // another still waits for its delay
  output logic        aux_trigger_o
);
  logic        counts, nth, waiting_q, due, fire;
  logic [15:0] kept_q, quiet_q, wait_q, rest_q;

  assign refractory_o = keep_i && quiet_q != '0;
  assign counts       = keep_i && quiet_q == '0;
  assign nth          = 17'(kept_q) + 17'd1 >= 17'(prescale_i);
  assign due          = waiting_q && wait_q == '0;
  assign prescaled_o  = counts && !nth;
  assign missed_o     = counts && nth && waiting_q && !due;
  assign pulse_o      = counts && nth && !missed_o;
  assign fire         = due || (pulse_o && delay_clocks_i == '0);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      kept_q        <= '0;
      quiet_q       <= '0;
      waiting_q     <= 1'b0;
      wait_q        <= '0;
      rest_q        <= '0;
      aux_trigger_o <= 1'b0;
    end else begin
      if (clear_i)     kept_q <= '0;
      else if (counts) kept_q <= nth ? '0 : kept_q + 16'd1;

      if (pulse_o)            quiet_q <= refractory_clocks_i;
      else if (quiet_q != '0) quiet_q <= quiet_q - 16'd1;

      if (pulse_o && delay_clocks_i != '0) begin
        waiting_q <= 1'b1;
        wait_q    <= delay_clocks_i - 16'd1;
      end else begin
        if (due) waiting_q <= 1'b0;
        if (wait_q != '0) wait_q <= wait_q - 16'd1;
      end

      aux_trigger_o <= fire || rest_q != '0;
      if (fire)              rest_q <= width_clocks_i == '0 ? '0 : width_clocks_i - 16'd1;
      else if (rest_q != '0) rest_q <= rest_q - 16'd1;
    end
  end
endmodule
