  // At most one decision a dwell, and only from a result of the site under the beam; what is aborted is never decided;
  // minimum and maximum dwell hold. Inserted before the design's endmodule by prove.py.
  // old_*: the clock whose edge made what is shown now. older_*: the clock before that.
  logic        past_q, older_past_q;
  logic        old_decide, old_active, old_boundary, old_abort, old_cap, old_forbidden, old_decided, old_by_rule;
  logic [31:0] old_site;
  logic [15:0] old_minimum, old_maximum;
  logic        old_sums_valid, old_sums_sure;
  logic [7:0]  old_sums_class;
  logic [31:0] old_sums_site;
  logic [15:0] old_sums_samples;
  logic        old_valid, old_host, old_live, older_valid, older_host, older_live;
  logic [31:0] old_result_site, older_result_site;
  logic [15:0] old_result_samples, older_result_samples;
  logic        shown_before;  // a decision of this dwell was shown before this clock

  wire shown  = decision_valid_o && !decision_host_o;
  wire judged = shown && !decision_closed_o;
  wire old_open = old_decide && old_active && !old_boundary && !old_decided;

  initial assume (!rst_ni);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {past_q, older_past_q, shown_before, old_valid, older_valid, old_active, old_boundary} <= '0;
    end else begin
      past_q       <= 1'b1;
      older_past_q <= past_q;
      old_valid    <= result_valid_i;
      older_valid  <= old_valid;
      old_active   <= dwell_active_i;
      old_boundary <= dwell_boundary_i;
      shown_before <= shown || (shown_before && old_active && !old_boundary);
    end
  end

  always_ff @(posedge clk_i) begin
    {old_decide, old_abort, old_cap}         <= {decide_i, abort_i, cap_i};
    {old_forbidden, old_decided, old_by_rule} <= {forbidden_i, decided_o, by_rule_i};
    {old_site, old_minimum, old_maximum}     <= {dwell_site_i, min_samples_i, max_samples_i};
    {old_sums_valid, old_sums_sure, old_sums_class} <= {sums_valid_i, sums_sure_i, sums_class_i};
    {old_sums_site, old_sums_samples}        <= {sums_site_i, sums_samples_i};
    {old_host, old_live, old_result_site, old_result_samples} <=
      {result_host_i, result_live_i, result_site_i, result_samples_i};
    {older_host, older_live, older_result_site, older_result_samples} <=
      {old_host, old_live, old_result_site, old_result_samples};
  end

  // What the solver may not choose: the registers above start as if nothing had been.
  always_comb if (past_q) begin
    i_site: assert (site_q == old_result_site && samples_q == old_result_samples);
    i_result: assert (valid_q == old_valid && host_q == old_host && live_q == old_live);
    i_decided: assert (!(shown || (shown_before && old_active && !old_boundary)) || decided_o);
  end
  always_comb if (!past_q) i_quiet: assert (!decision_valid_o && !decided_o && !shown_before && !valid_q);

  // One decision for a dwell, while it is under the beam.
  always_comb begin
    a_one: assert (!(shown && shown_before && old_active && !old_boundary));
    if (past_q) a_decided: assert (!(decided_o && !old_decided) || shown);  // a host vector decides no dwell
    if (past_q) a_under_the_beam: assert (!shown || (old_decide && old_active && !old_boundary));
    if (past_q) a_of_this_site: assert (!shown || decision_site_o == old_site);
  end

  always_comb if (older_past_q) begin
    // It speaks of a result that came, of this run, of this dwell, not of a host vector.
    a_network: assert (!(judged && !old_by_rule) || (older_valid && older_live && !older_host
      && older_result_site == old_site && decision_samples_o == older_result_samples));
    a_rule: assert (!(judged && old_by_rule) || (old_sums_valid && old_sums_site == old_site
      && decision_samples_o == old_sums_samples
      && (decision_cause_o != 8'd1 || (old_sums_sure && decision_class_o == old_sums_class))));
    // Aborted is never decided, and always noted; a cap leaves no class.
    a_aborted: assert (!(shown && old_abort) || (decision_cause_o == 8'd4 && decision_class_o == 8'd255 && !decision_sure_o));
    a_only_aborted: assert (!(shown && decision_cause_o == 8'd4) || old_abort);
    a_noted: assert (!(old_open && (old_abort || old_cap) && !(older_valid && older_host)) || shown);
    // Sure: late enough, allowed here, with a class. Undecided: none.
    a_minimum: assert (!(shown && decision_cause_o == 8'd1) || decision_samples_o >= old_minimum);
    a_forbidden: assert (!(shown && old_forbidden) || decision_cause_o != 8'd1);
    a_class: assert (!shown || (decision_cause_o == 8'd1) == decision_sure_o);
    a_none: assert (!shown || decision_sure_o || decision_class_o == 8'd255);
    a_cause: assert (!shown || decision_cause_o == 8'd1 || decision_cause_o == 8'd2 || decision_cause_o == 8'd4);
    // No dwell goes on after a result with the maximum of samples, and none is undecided before it.
    a_maximum: assert (!(old_open && !old_abort && !old_by_rule && older_valid && older_live && !older_host
      && older_result_site == old_site && older_result_samples >= old_maximum) || judged);
    a_maximum_rule: assert (!(old_open && !old_abort && old_by_rule && !(older_valid && older_host) && old_sums_valid
      && old_sums_site == old_site && old_sums_samples >= old_maximum) || judged);
    a_undecided: assert (!(shown && decision_cause_o == 8'd2)
      || (decision_closed_o ? old_cap : decision_samples_o >= old_maximum));
    // No host vector is lost.
    a_host: assert (decision_valid_o && decision_host_o == 1'b1 || !(older_valid && older_host));
    a_only_host: assert (!(decision_valid_o && decision_host_o) || (older_valid && older_host));
  end

  always_comb begin
    c_network: cover (shown && decision_cause_o == 8'd1 && !old_by_rule);
    c_rule: cover (shown && decision_cause_o == 8'd1 && old_by_rule);
    c_votes: cover (shown && decision_cause_o == 8'd1 && votes_needed_i == 4'd3);
    c_aborted: cover (shown && decision_cause_o == 8'd4);
    c_maximum: cover (shown && decision_cause_o == 8'd2 && !decision_closed_o);
    c_cap: cover (shown && decision_closed_o && decision_cause_o == 8'd2);
    c_host: cover (decision_valid_o && decision_host_o && decision_sure_o);
  end
