// marker_delay: holds the marker "a dwell starts" back by align_samples_i ADC strobes, so that it
// meets the sample that was on its way through the ADC meanwhile. Without delay the first strobe at
// an edge after the one that takes start_i is sample number 1; with a delay of n it is n strobes later.
// Of several markers between two strobes the newest counts; otherwise order is kept and none is lost.
// first_o and first_note_o hold during the clock whose edge takes the strobe; first_o follows
// strobe_i combinationally.
module marker_delay #(
  parameter int Bits = 32  // of the note that goes with a marker
) (
  input  logic        clk_i,
  input  logic        rst_ni,           // asynchronous
  input  logic        clear_i,          // forget every marker
  input  logic [5:0]  align_samples_i,  // strobes; change only while nothing is under way
  input  logic        start_i,
  input  logic [Bits-1:0] start_note_i,
  input  logic        strobe_i,
  output logic        first_o,          // this strobe is sample number 1 of a dwell ...
  output logic [Bits-1:0] first_note_o,  // ... with this note
  output logic        busy_o            // a marker is on its way
);
  logic [Bits-1:0] note [64];  // a place for each of the last 64 strobes
  logic [63:0] marked_q, marked_d;
  logic [5:0]  write_q, read;
  logic        waiting_q, direct;
  logic [Bits-1:0] waiting_note_q;

  assign direct = align_samples_i == '0;
  assign read   = write_q - align_samples_i;

  assign first_o      = strobe_i && (direct ? waiting_q : marked_q[read]);
  assign first_note_o = direct ? waiting_note_q : note[read];
  assign busy_o       = waiting_q || marked_q != '0;

  always_comb begin
    marked_d = marked_q;
    if (strobe_i) begin
      marked_d[read]    = 1'b0;
      marked_d[write_q] = waiting_q && !direct;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      marked_q  <= '0;
      write_q   <= '0;
      waiting_q <= 1'b0;
    end else begin
      if (strobe_i) write_q <= write_q + 1'b1;
      if (clear_i) begin
        marked_q  <= '0;
        waiting_q <= 1'b0;
      end else begin
        marked_q <= marked_d;
        if (start_i)       waiting_q <= 1'b1;
        else if (strobe_i) waiting_q <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i)  waiting_note_q <= start_note_i;
    if (strobe_i) note[write_q]  <= waiting_note_q;
  end
endmodule
