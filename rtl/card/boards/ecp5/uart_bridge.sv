// uart_bridge: a serial line as the card's host link: registers by AXI4-Lite, event records out of the card's own
// memory instead of rings in a host's. Protocol and timing: uart_bridge.md.
//
//   request  A5 sequence command address(2) data(4) crc(2)                11 bytes
//   reply    5A sequence status data(4, or 64 for a record) crc(2)        9 or 69 bytes
//
// A request is executed once: when one with the sequence number of the last comes again (its reply was lost), the
// reply is sent again and nothing is done. What is damaged is not answered. Numbers are little-endian; the CRC is
// CRC-16/CCITT-FALSE over the bytes between start byte and CRC.
module uart_bridge #(
  parameter int ClocksPerBit = 100,  // 8 to 65535
  parameter int GapBits      = 40    // bit times without a byte after which a request begins anew, 12 to 1000
) (
  input  logic         clk_i,
  input  logic         rst_ni,  // asynchronous
  input  logic         line_i,  // asynchronous
  output logic         line_o,
  // AXI4-Lite
  output logic         control_awvalid_o,
  input  logic         control_awready_i,
  output logic [15:0]  control_awaddr_o,
  output logic         control_wvalid_o,
  input  logic         control_wready_i,
  output logic [31:0]  control_wdata_o,
  output logic [3:0]   control_wstrb_o,
  input  logic         control_bvalid_i,
  output logic         control_bready_o,
  input  logic [1:0]   control_bresp_i,
  output logic         control_arvalid_o,
  input  logic         control_arready_i,
  output logic [15:0]  control_araddr_o,
  input  logic         control_rvalid_i,
  output logic         control_rready_o,
  input  logic [31:0]  control_rdata_i,
  input  logic [1:0]   control_rresp_i,
  // event records
  input  logic         event_valid_i,
  output logic         event_ready_o,
  input  logic [511:0] event_data_i,
  // pulses, for lamps and tests
  output logic         damaged_o  // a byte without stop bit, a wrong CRC, or a request that broke off
);
  if (GapBits < 12 || GapBits > 1000) begin : g_check
    uart_bridge_needs_GapBits_12_to_1000 u_error ();
  end

  localparam int GapClocks = GapBits * ClocksPerBit, GapWidth = $clog2(GapClocks + 1);
  localparam logic [7:0] Request = 8'hA5, Reply = 8'h5A;
  localparam logic [7:0] CommandRead = 8'd1, CommandWrite = 8'd2, CommandRecord = 8'd3;
  localparam logic [7:0] StatusDone = 8'd0, StatusRecord = 8'd1, StatusEmpty = 8'd2, StatusBusError = 8'd3,
                         StatusUnknown = 8'd4;

  // ---------------------------------------------------------------- request
  localparam logic [2:0] Receive = 3'd0, Execute = 3'd1, WaitWrite = 3'd2, WaitRead = 3'd3, Send = 3'd4;

  logic [2:0]  state_q;
  logic        byte_valid, byte_error, damaged_q, known_q;
  logic [7:0]  received;
  logic [3:0]  index_q;             // bytes of the request so far
  logic [79:0] request_q;           // without start byte, last byte highest
  logic [15:0] crc_q;
  logic [GapWidth-1:0] gap_q;
  logic [7:0]  sequence_in, command, sequence_q;
  logic [15:0] address;
  logic [31:0] data;

  uart_receiver #(.ClocksPerBit(ClocksPerBit)) u_receiver (
    .clk_i, .rst_ni, .line_i, .valid_o (byte_valid), .data_o (received), .error_o (byte_error)
  );

  function automatic logic [15:0] crc_of(input logic [15:0] crc, input logic [7:0] value);
    logic [15:0] c;
    c = crc ^ {value, 8'd0};
    for (int i = 0; i < 8; i++) c = c[15] ? (c << 1) ^ 16'h1021 : c << 1;
    crc_of = c;
  endfunction

  assign sequence_in = request_q[7:0];
  assign command     = request_q[15:8];
  assign address     = request_q[31:16];
  assign data        = request_q[63:32];

  // ---------------------------------------------------------------- reply
  logic [527:0] reply_q;            // sequence, status and data, next byte lowest
  logic [511:0] last_data_q;        // of the last reply, to send it again
  logic [7:0]   last_status_q, status;
  logic [6:0]   left_q;             // bytes of the reply still to be sent
  logic [15:0]  reply_crc_q;
  logic         send_ready, send_start_q, aw_done_q, w_done_q;
  logic [7:0]   send_byte;
  logic         finish, again;
  logic [511:0] result;

  uart_transmitter #(.ClocksPerBit(ClocksPerBit)) u_transmitter (
    .clk_i, .rst_ni,
    .in_valid_i (state_q == Send), .in_ready_o (send_ready), .in_data_i (send_byte), .line_o
  );

  assign send_byte = send_start_q ? Reply
                     : left_q == 7'd2 ? reply_crc_q[7:0] : left_q == 7'd1 ? reply_crc_q[15:8] : reply_q[7:0];

  assign control_awvalid_o = state_q == WaitWrite && !aw_done_q;
  assign control_wvalid_o  = state_q == WaitWrite && !w_done_q;
  assign control_awaddr_o  = address;
  assign control_wdata_o   = data;
  assign control_wstrb_o   = '1;
  assign control_bready_o  = state_q == WaitWrite && aw_done_q && w_done_q;
  assign control_arvalid_o = state_q == WaitRead && !aw_done_q;
  assign control_araddr_o  = address;
  assign control_rready_o  = state_q == WaitRead && aw_done_q;
  assign event_ready_o     = state_q == Execute && !again && command == CommandRecord;
  assign again             = known_q && sequence_in == sequence_q;
  assign damaged_o         = damaged_q;

  always_comb begin
    finish = 1'b0;
    status = StatusUnknown;
    result = '0;
    case (state_q)
      Execute: begin
        if (again) begin
          finish = 1'b1;
          status = last_status_q;
          result = last_data_q;
        end else if (command == CommandRecord) begin
          finish = 1'b1;
          status = event_valid_i ? StatusRecord : StatusEmpty;
          result = event_valid_i ? event_data_i : '0;
        end else begin
          finish = command != CommandRead && command != CommandWrite;
        end
      end
      WaitWrite: begin
        finish = control_bready_o && control_bvalid_i;
        status = control_bresp_i == 2'd0 ? StatusDone : StatusBusError;
      end
      WaitRead: begin
        finish = control_rready_o && control_rvalid_i;
        status = control_rresp_i == 2'd0 ? StatusDone : StatusBusError;
        result = 512'(control_rdata_i);
      end
      default: ;
    endcase
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q       <= Receive;
      index_q       <= '0;
      request_q     <= '0;
      crc_q         <= '1;
      gap_q         <= '0;
      damaged_q     <= 1'b0;
      known_q       <= 1'b0;
      sequence_q    <= '0;
      reply_q       <= '0;
      last_data_q   <= '0;
      last_status_q <= '0;
      left_q        <= '0;
      reply_crc_q   <= '1;
      send_start_q  <= 1'b0;
      aw_done_q     <= 1'b0;
      w_done_q      <= 1'b0;
    end else begin
      damaged_q <= 1'b0;
      case (state_q)
        Receive: begin
          gap_q <= byte_valid ? '0 : gap_q == GapWidth'(GapClocks) ? gap_q : gap_q + 1'b1;
          if (byte_error || (index_q != '0 && gap_q == GapWidth'(GapClocks))) begin
            damaged_q <= 1'b1;
            index_q   <= '0;
          end else if (byte_valid) begin
            if (index_q == '0) begin
              if (received == Request) index_q <= 4'd1;
              crc_q <= '1;
            end else begin
              request_q <= {received, request_q[79:8]};
              index_q   <= index_q + 1'b1;
              if (index_q <= 4'd8) crc_q <= crc_of(crc_q, received);
              if (index_q == 4'd10) begin
                index_q <= '0;
                // The last byte but one of the CRC is the highest byte of request_q now.
                if ({received, request_q[79:72]} == crc_q) state_q <= Execute;
                else                                       damaged_q <= 1'b1;
              end
            end
          end
        end
        Execute: begin
          aw_done_q <= 1'b0;
          w_done_q  <= 1'b0;
          if (!again && command == CommandRead)  state_q <= WaitRead;
          if (!again && command == CommandWrite) state_q <= WaitWrite;
        end
        WaitWrite: begin
          if (control_awvalid_o && control_awready_i) aw_done_q <= 1'b1;
          if (control_wvalid_o && control_wready_i)   w_done_q  <= 1'b1;
        end
        WaitRead: if (control_arvalid_o && control_arready_i) aw_done_q <= 1'b1;
        default: begin
          if (send_ready) begin
            send_start_q <= 1'b0;
            if (!send_start_q) begin
              reply_q <= reply_q >> 8;
              left_q  <= left_q - 1'b1;
              if (left_q > 7'd2) reply_crc_q <= crc_of(reply_crc_q, reply_q[7:0]);
              if (left_q == 7'd1) state_q <= Receive;
            end
          end
        end
      endcase
      if (finish) begin
        state_q       <= Send;
        known_q       <= 1'b1;
        sequence_q    <= sequence_in;
        last_status_q <= status;
        last_data_q   <= result;
        reply_q       <= {result, status, sequence_in};
        left_q        <= status == StatusRecord ? 7'd68 : 7'd8;
        reply_crc_q   <= '1;
        send_start_q  <= 1'b1;
      end
    end
  end
endmodule
