// test_vector: a stored vector goes through the network between dwells, and its result must be the stored one.
// Every every_i moves of the probe (and when run_i says so) the vector is offered to the slot until it is taken;
// then the result must come. failed_o holds from a wrong result, or none, until a right one or enable_i low.
// None: deadline_i clocks passed since the offer in which nothing else was on its way into the network.
//
// The window: words of 32 bits, the vector first (element 0 lowest), then the expected outputs.
module test_vector #(
  parameter int InBits  = 64,  // of the network's input
  parameter int OutBits = 64   // of its output
) (
  input  logic               clk_i,
  input  logic               rst_ni,         // asynchronous
  // window
  input  logic               index_write_i,
  input  logic               data_write_i,
  input  logic [31:0]        write_data_i,
  output logic [31:0]        index_o,
  // settings
  input  logic               enable_i,
  input  logic [15:0]        every_i,        // moves; 0: only by run_i
  input  logic [31:0]        deadline_i,     // clocks; 0: fails at once
  input  logic               clear_counters_i,
  // when
  input  logic               run_i,
  input  logic               move_i,         // the probe leaves for another place
  // slot
  output logic               valid_o,
  input  logic               ready_i,
  output logic [InBits-1:0]  data_o,
  input  logic               others_i,       // another vector wants to go in
  input  logic               result_valid_i,
  input  logic [OutBits-1:0] result_data_i,
  output logic               failed_o,
  output logic               busy_o,
  output logic [31:0]        passed_o,       // counts
  output logic [31:0]        failures_o
);
  localparam int InWords  = (InBits + 31) / 32;
  localparam int OutWords = (OutBits + 31) / 32;
  localparam int Words    = InWords + OutWords;

  if (InBits < 1 || OutBits < 1) begin : g_check
    test_vector_needs_InBits_and_OutBits_of_at_least_1 u_error ();
  end

  logic [31:0]         index_q, age_q;
  logic [32*Words-1:0] stored_q;
  logic [15:0]         moves_q;
  logic                offered_q, waiting_q, failed_q, due, start, right, ends, late;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      index_q  <= '0;
      stored_q <= '0;
    end else if (index_write_i) begin
      index_q <= write_data_i;
    end else if (data_write_i && index_q < 32'(Words)) begin
      index_q <= index_q + 32'd1;
      for (int k = 0; k < Words; k++) if (index_q == 32'(k)) stored_q[32*k +: 32] <= write_data_i;
    end
  end

  assign due   = move_i && every_i != '0 && 17'(moves_q) + 17'd1 >= 17'(every_i);
  assign start = enable_i && (run_i || due) && !offered_q && !waiting_q;
  assign right = result_data_i == stored_q[32*InWords +: OutBits];
  assign late  = (offered_q || waiting_q) && age_q >= deadline_i;
  assign ends  = (waiting_q && result_valid_i) || late;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      moves_q    <= '0;
      offered_q  <= 1'b0;
      waiting_q  <= 1'b0;
      age_q      <= '0;
      failed_q   <= 1'b0;
      passed_o   <= '0;
      failures_o <= '0;
    end else begin
      if (!enable_i || due) moves_q <= '0;
      else if (move_i)      moves_q <= moves_q + 16'd1;

      // A result that comes after its deadline belongs to no test: the next waits for the network to be empty of it.
      if (start)                   offered_q <= 1'b1;
      else if (ready_i || late)    offered_q <= 1'b0;
      if (offered_q && ready_i)    waiting_q <= 1'b1;
      else if (result_valid_i)     waiting_q <= 1'b0;

      if (start)                                     age_q <= '0;
      else if (!(offered_q && others_i) && !(&age_q)) age_q <= age_q + 32'd1;

      if (!enable_i)                             failed_q <= 1'b0;
      else if (late)                             failed_q <= 1'b1;
      else if (waiting_q && result_valid_i)      failed_q <= !right;

      passed_o   <= clear_counters_i ? '0 : passed_o + 32'(ends && !late && right);
      failures_o <= clear_counters_i ? '0 : failures_o + 32'(ends && (late || !right) && !told_q);
    end
  end

  // A test fails once, however long its result stays away.
  logic told_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)     told_q <= 1'b0;
    else if (start)  told_q <= 1'b0;
    else if (ends)   told_q <= 1'b1;
  end

  assign valid_o  = offered_q;
  assign data_o   = stored_q[InBits-1:0];
  assign failed_o = failed_q;
  assign busy_o   = offered_q || waiting_q;
  assign index_o  = index_q;

  logic unused_padding;
  assign unused_padding = ^stored_q;
endmodule
