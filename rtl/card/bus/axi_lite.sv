// axi_lite: AXI4-Lite slave (AMBA AXI, IHI 0022) in front of a request and its answer. One access at a
// time, reads and writes in turn when both wait; whatever is asked gets one response.
// SLVERR, and nothing happens: address not aligned to 4 or not below Bytes; WSTRB neither all nor none
// (none: OKAY, nothing is written). SLVERR, too, when the answer does not come within TimeoutClocks: the
// core's clock stands still. Such a request may still act when the clock comes back; until its answer has
// come, every further access is refused.
// All outputs depend on registers only. An access without waiting takes 3 clocks and what the answer takes.
module axi_lite #(
  parameter int AddressBits   = 16,    // of AXI, 13 or more
  parameter int Bytes         = 4096,  // of the register space, at most 65536
  parameter int TimeoutClocks = 4096   // from request to answer
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,  // asynchronous
  input  logic                   awvalid_i,
  output logic                   awready_o,
  input  logic [AddressBits-1:0] awaddr_i,
  input  logic                   wvalid_i,
  output logic                   wready_o,
  input  logic [31:0]            wdata_i,
  input  logic [3:0]             wstrb_i,
  output logic                   bvalid_o,
  input  logic                   bready_i,
  output logic [1:0]             bresp_o,
  input  logic                   arvalid_i,
  output logic                   arready_o,
  input  logic [AddressBits-1:0] araddr_i,
  output logic                   rvalid_o,
  input  logic                   rready_i,
  output logic [31:0]            rdata_o,
  output logic [1:0]             rresp_o,
  // one request, one answer
  output logic                   request_valid_o,
  input  logic                   request_ready_i,
  output logic                   request_write_o,
  output logic [15:0]            request_address_o,
  output logic [31:0]            request_data_o,
  input  logic                   answer_valid_i,
  input  logic [31:0]            answer_data_i
);
  if (AddressBits < 13 || Bytes < 4 || Bytes > 65536 || TimeoutClocks < 1) begin : g_check
    axi_lite_needs_Bytes_4_to_65536_and_TimeoutClocks_of_at_least_1 u_error ();
  end

  localparam logic [1:0] Okay = 2'b00, SlaveError = 2'b10;
  localparam int TimeoutBits = $clog2(TimeoutClocks + 1);

  typedef enum logic [1:0] {Idle, Request, Wait, Respond} state_e;
  state_e state_q;

  logic                   aw_held_q, w_held_q, ar_held_q, write_q, read_was_last_q, lost_q;
  logic [AddressBits-1:0] awaddr_q, araddr_q, address;
  logic [3:0]             wstrb_q;
  logic [TimeoutBits-1:0] clocks_q;
  logic                   write_waits, write_turn, refused, empty, responded;

  assign awready_o = !aw_held_q;
  assign wready_o  = !w_held_q;
  assign arready_o = !ar_held_q;

  assign write_waits = aw_held_q && w_held_q;
  assign write_turn  = write_waits && (!ar_held_q || read_was_last_q);
  assign address     = write_turn ? awaddr_q : araddr_q;
  assign refused     = address[1:0] != 2'b00 || 33'(address) >= 33'(Bytes) || lost_q
                       || (write_turn && wstrb_q != 4'hF && wstrb_q != 4'h0);
  assign empty       = write_turn && wstrb_q == 4'h0;
  assign responded   = (bvalid_o && bready_i) || (rvalid_o && rready_i);

  assign request_valid_o = state_q == Request;
  assign request_write_o = write_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      aw_held_q <= 1'b0;
      w_held_q  <= 1'b0;
      ar_held_q <= 1'b0;
    end else begin
      if (awvalid_i && awready_o)                aw_held_q <= 1'b1;
      else if (state_q == Respond && bvalid_o && bready_i) aw_held_q <= 1'b0;
      if (wvalid_i && wready_o)                  w_held_q <= 1'b1;
      else if (state_q == Respond && bvalid_o && bready_i) w_held_q <= 1'b0;
      if (arvalid_i && arready_o)                ar_held_q <= 1'b1;
      else if (state_q == Respond && rvalid_o && rready_i) ar_held_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (awready_o) awaddr_q <= awaddr_i;
    if (wready_o)  {wstrb_q, request_data_o} <= {wstrb_i, wdata_i};
    if (arready_o) araddr_q <= araddr_i;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q           <= Idle;
      write_q           <= 1'b0;
      read_was_last_q   <= 1'b0;
      lost_q            <= 1'b0;
      clocks_q          <= '0;
      bvalid_o          <= 1'b0;
      rvalid_o          <= 1'b0;
      bresp_o           <= Okay;
      rresp_o           <= Okay;
      rdata_o           <= '0;
      request_address_o <= '0;
    end else begin
      if (answer_valid_i) lost_q <= 1'b0;
      case (state_q)
        Idle: if (write_waits || ar_held_q) begin
          write_q           <= write_turn;
          read_was_last_q   <= !write_turn;
          request_address_o <= 16'(address);
          clocks_q          <= '0;
          if (refused || empty) begin
            state_q  <= Respond;
            bvalid_o <= write_turn;
            rvalid_o <= !write_turn;
            rdata_o  <= '0;
            bresp_o  <= refused ? SlaveError : Okay;
            rresp_o  <= SlaveError;
          end else begin
            state_q <= Request;
          end
        end
        Request, Wait: begin
          clocks_q <= clocks_q + 1'b1;
          if (state_q == Request && request_ready_i) state_q <= Wait;
          if (state_q == Wait && answer_valid_i) begin
            state_q  <= Respond;
            bvalid_o <= write_q;
            rvalid_o <= !write_q;
            rdata_o  <= answer_data_i;
            bresp_o  <= Okay;
            rresp_o  <= Okay;
          end else if (clocks_q == TimeoutBits'(TimeoutClocks - 1)) begin
            state_q  <= Respond;
            lost_q   <= state_q == Wait || request_ready_i;
            bvalid_o <= write_q;
            rvalid_o <= !write_q;
            rdata_o  <= '0;
            bresp_o  <= SlaveError;
            rresp_o  <= SlaveError;
          end
        end
        Respond: if (responded) begin
          state_q  <= Idle;
          bvalid_o <= 1'b0;
          rvalid_o <= 1'b0;
        end
        default: state_q <= Idle;
      endcase
    end
  end
endmodule
