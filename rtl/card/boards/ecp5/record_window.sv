// record_window: takes the place of a host's memory where there is none: what the event ring writes -> records, one by
// one. A beat with all its strobes is a record; the ring's tail, which has not, is answered and thrown away. In order,
// none lost: while a record waits the write waits, so the ring, and then the card, hold records back and count drops.
// One burst at a time. Latency 1. No combinational path from event_ready_i to the bus.
module record_window (
  input  logic         clk_i,
  input  logic         rst_ni,  // asynchronous
  // AXI4 of the ring, 512 bits wide; addresses do not matter
  input  logic         awvalid_i,
  output logic         awready_o,
  input  logic         wvalid_i,
  output logic         wready_o,
  input  logic [511:0] wdata_i,
  input  logic [63:0]  wstrb_i,
  input  logic         wlast_i,
  output logic         bvalid_o,
  input  logic         bready_i,
  // records
  output logic         event_valid_o,
  input  logic         event_ready_i,
  output logic [511:0] event_data_o
);
  logic burst_q, answer_q, held_q;

  assign awready_o     = !burst_q && !answer_q;
  assign wready_o      = burst_q && !held_q;
  assign bvalid_o      = answer_q;
  assign event_valid_o = held_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      burst_q  <= 1'b0;
      answer_q <= 1'b0;
      held_q   <= 1'b0;
    end else begin
      if (awvalid_i && awready_o) burst_q <= 1'b1;
      if (wvalid_i && wready_o && wlast_i) begin
        burst_q  <= 1'b0;
        answer_q <= 1'b1;
      end
      if (answer_q && bready_i) answer_q <= 1'b0;
      if (wvalid_i && wready_o) held_q <= &wstrb_i;
      else if (event_ready_i)   held_q <= 1'b0;
    end
  end
  always_ff @(posedge clk_i) if (wvalid_i && wready_o) event_data_o <= wdata_i;
endmodule
