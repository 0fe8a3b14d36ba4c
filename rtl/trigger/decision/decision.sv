// decision: what the network says of a dwell -> whether the dwell is over, and as which class.
// Latency exactly 2: the first edge registers all comparisons between outputs and with thresholds,
// the second the decision. One result a clock. No combinational path from inputs to outputs.
// A sure result must also have its votes (vote); a class that was sure may need less (hysteresis).
//
// Dwells (results of ADC vectors): at most one decision each. A result counts only while its dwell is
// the one under the beam, undecided, and not just about to end or aborted; others are stale (stale_o).
// Host vectors: each result gives a decision, in order, none lost; no minimum or maximum applies.
// With by_rule_i dwells are decided by threshold, which looks at the sums themselves: latency 1.
//
//   rule 0 difference  class k = the largest output (the first of equals);
//                      sure when y_k - y_j >= threshold_k for every j != k
//   rule 1 level       the same class; sure when y_k >= threshold_k
//   rule 2 class       output 0 is the class; sure when it is 0 to 254
//   rule 3             never sure
module decision #(
  parameter int OutputCount = 4,   // 1 to 16
  parameter int OutputWidth = 16,  // bits, signed
  parameter int NoteBits    = 8    // bits that travel with a result, unread
) (
  input  logic         clk_i,
  input  logic         rst_ni,         // asynchronous
  // settings
  input  logic         decide_i,       // results of ADC vectors end dwells
  input  logic         by_rule_i,      // dwells are decided by threshold instead of the network
  input  logic [1:0]   rule_i,
  input  logic [511:0] thresholds_i,   // 16 x 32 bits, signed, class 0 lowest
  input  logic [31:0]  hysteresis_i,   // see hysteresis
  input  logic         hysteresis_carry_i,
  input  logic [3:0]   votes_needed_i,  // see vote
  input  logic [3:0]   votes_window_i,
  input  logic [15:0]  min_samples_i,  // sure before that does not count
  input  logic [15:0]  max_samples_i,  // not sure then: undecided
  // result
  input  logic                               result_valid_i,
  input  logic                               result_host_i,  // of a host vector
  input  logic                               result_live_i,  // 0: of a run that is over
  input  logic [OutputCount*OutputWidth-1:0] result_data_i,
  input  logic [31:0]                        result_site_i,
  input  logic [15:0]                        result_samples_i,
  input  logic [NoteBits-1:0]                result_note_i,
  // the dwell after its newest sample, as threshold judges it
  input  logic                               sums_valid_i,
  input  logic                               sums_sure_i,
  input  logic [7:0]                         sums_class_i,
  input  logic [31:0]                        sums_site_i,
  input  logic [15:0]                        sums_samples_i,
  input  logic [NoteBits-1:0]                sums_note_i,
  // the dwell under the beam
  input  logic                run_start_i,       // forget the dwells of the run before
  input  logic                forbidden_i,       // sure does not count at this place
  input  logic                dwell_active_i,
  input  logic [31:0]         dwell_site_i,
  input  logic                dwell_boundary_i,  // it ends or another starts at this edge
  input  logic                cap_i,             // its dose is spent: undecided
  input  logic                abort_i,           // it is aborted at this edge
  input  logic [15:0]         dwell_samples_i,   // what to note when it ends by cap or abort ...
  input  logic [NoteBits-1:0] dwell_note_i,      // ... since no result is at hand then
  // decision
  output logic                               decision_valid_o,   // one clock
  output logic                               decision_host_o,
  output logic [7:0]                         decision_class_o,   // 255: none
  output logic [7:0]                         decision_cause_o,   // 0 none, 1 sure, 2 maximum dwell, 4 aborted
  output logic                               decision_sure_o,
  output logic                               decision_closed_o,  // by cap or abort, without a result
  output logic [31:0]                        decision_site_o,
  output logic [15:0]                        decision_samples_o,
  output logic [NoteBits-1:0]                decision_note_o,
  output logic [OutputCount*OutputWidth-1:0] decision_data_o,
  output logic                               decided_o,          // the dwell under the beam is decided
  output logic                               current_o,          // pulse: a result of that dwell
  output logic                               stale_o             // pulse: a result of another, or too late
);
  if (OutputCount < 1 || OutputCount > 16 || OutputWidth < 1) begin : g_check
    decision_needs_OutputCount_1_to_16_and_OutputWidth_of_at_least_1 u_error ();
  end

  localparam int DataBits  = OutputCount * OutputWidth;
  localparam int PairCount = OutputCount * OutputCount;
  localparam int Wide      = (OutputWidth > 32 ? OutputWidth : 32) + 2;  // any difference, any threshold

  logic         sure_now;  // at this edge a result of the dwell is sure ...
  logic [7:0]   class_now;  // ... as this class
  logic         dwell_over, decided_q, named_q;
  logic [511:0] thresholds;

  assign dwell_over = dwell_boundary_i || !dwell_active_i;

  hysteresis #(.ClassCount(OutputCount)) u_hysteresis (
    .clk_i,
    .rst_ni,
    .thresholds_i,
    .amount_i     (hysteresis_i),
    .carry_i      (hysteresis_carry_i),
    .forget_i     (run_start_i || !decide_i),
    .dwell_over_i (dwell_over),
    .named_i      (named_q),
    .sure_i       (sure_now && !by_rule_i),
    .class_i      (class_now),
    .thresholds_o (thresholds)
  );

  // First clock: compare. Bit k*OutputCount + j is about class k against output j.
  logic [PairCount-1:0]   wins_d, wins_q, margin_d, margin_q;
  logic [OutputCount-1:0] level_d, level_q;
  logic                   number_ok_d, number_ok_q;
  logic [7:0]             number_q;

  always_comb begin
    logic signed [Wide-1:0] mine, other, threshold;
    for (int k = 0; k < OutputCount; k++) begin
      mine       = Wide'($signed(result_data_i[k*OutputWidth +: OutputWidth]));
      threshold  = Wide'($signed(thresholds[k*32 +: 32]));
      level_d[k] = mine >= threshold;
      for (int j = 0; j < OutputCount; j++) begin
        other = Wide'($signed(result_data_i[j*OutputWidth +: OutputWidth]));
        wins_d[k*OutputCount + j]   = (j < k) ? mine > other : mine >= other;
        margin_d[k*OutputCount + j] = (j == k) || (mine - other >= threshold);
      end
    end
  end

  logic signed [Wide-1:0] number;
  assign number      = Wide'($signed(result_data_i[OutputWidth-1:0]));
  assign number_ok_d = !number[Wide-1] && number < Wide'(255);

  logic                valid_q, host_q, live_q;
  logic [31:0]         site_q;
  logic [15:0]         samples_q;
  logic [NoteBits-1:0] note_q;
  logic [DataBits-1:0] data_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else         valid_q <= result_valid_i;
  end
  always_ff @(posedge clk_i) begin
    wins_q      <= wins_d;
    margin_q    <= margin_d;
    level_q     <= level_d;
    number_q    <= number[7:0];
    number_ok_q <= number_ok_d;
    host_q      <= result_host_i;
    live_q      <= result_live_i;
    site_q      <= result_site_i;
    samples_q   <= result_samples_i;
    note_q      <= result_note_i;
    data_q      <= result_data_i;
  end

  // Second clock: decide.
  logic [7:0] best;
  logic       best_margin, best_level, best_sure;

  always_comb begin
    best        = '0;
    best_margin = 1'b0;
    best_level  = 1'b0;
    for (int k = 0; k < OutputCount; k++) begin
      if (&wins_q[k*OutputCount +: OutputCount]) begin
        best        = 8'(k);
        best_margin = &margin_q[k*OutputCount +: OutputCount];
        best_level  = level_q[k];
      end
    end
    case (rule_i)
      2'd0:    best_sure = best_margin;
      2'd1:    best_sure = best_level;
      2'd2:    best_sure = number_ok_q;
      default: best_sure = 1'b0;
    endcase
    if (rule_i == 2'd2) best = number_ok_q ? number_q : 8'd255;
  end

  // What speaks of the dwell in this clock. The decision of a host vector is never lost, so it goes first.
  logic                host, by_sums, valid, sure, enough, current, agreed, ends, closes;
  logic [31:0]         site;
  logic [15:0]         samples;
  logic [NoteBits-1:0] note;

  assign host      = valid_q && host_q;
  assign by_sums   = by_rule_i && !host;
  assign valid     = by_sums ? sums_valid_i : valid_q && !host_q && live_q;
  assign sure      = by_sums ? sums_sure_i : best_sure;
  assign class_now = by_sums ? sums_class_i : best;
  assign site      = by_sums ? sums_site_i : site_q;
  assign samples   = by_sums ? sums_samples_i : samples_q;
  assign note      = by_sums ? sums_note_i : note_q;

  assign enough   = samples >= min_samples_i;
  assign current  = valid && decide_i && dwell_active_i && !dwell_boundary_i && !abort_i
                    && site == dwell_site_i && !decided_q;
  assign sure_now = current && sure && enough && !forbidden_i;
  assign ends     = current && (agreed || samples >= max_samples_i);
  assign closes   = decide_i && dwell_active_i && !dwell_boundary_i && !decided_q && !ends
                    && (cap_i || abort_i) && !host;

  vote u_vote (
    .clk_i,
    .rst_ni,
    .needed_i (votes_needed_i),
    .window_i (votes_window_i),
    .clear_i  (dwell_over),
    .valid_i  (current),
    .sure_i   (sure_now),
    .class_i  (class_now),
    .agreed_o (agreed)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      decision_valid_o <= 1'b0;
      decided_q        <= 1'b0;
      named_q          <= 1'b0;
      current_o        <= 1'b0;
      stale_o          <= 1'b0;
    end else begin
      decision_valid_o <= ends || closes || host;
      current_o        <= current;
      stale_o          <= valid_q && !host_q && (by_sums || !current);
      if (dwell_over)          decided_q <= 1'b0;
      else if (ends || closes) decided_q <= 1'b1;
      // Known until the next dwell begins.
      if (dwell_boundary_i || run_start_i) named_q <= 1'b0;
      else if (ends)                       named_q <= agreed;
    end
  end

  always_ff @(posedge clk_i) begin
    decision_host_o    <= host;
    decision_closed_o  <= closes;
    decision_site_o    <= closes ? dwell_site_i : site;
    decision_samples_o <= closes ? dwell_samples_i : samples;
    decision_note_o    <= closes ? dwell_note_i : note;
    decision_data_o    <= closes || by_sums ? '0 : data_q;
    if (closes) begin
      decision_sure_o  <= 1'b0;
      decision_class_o <= 8'd255;
      decision_cause_o <= abort_i ? 8'd4 : 8'd2;
    end else if (host) begin
      decision_sure_o  <= best_sure;
      decision_class_o <= best;
      decision_cause_o <= best_sure ? 8'd1 : 8'd0;
    end else begin
      decision_sure_o  <= agreed;
      decision_class_o <= agreed ? class_now : 8'd255;
      decision_cause_o <= agreed ? 8'd1 : 8'd2;
    end
  end

  assign decided_o = decided_q;
endmodule
