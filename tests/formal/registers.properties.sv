  // What tools/registers makes of registers.yaml beside this file, a small map with every kind of register. Inserted before
  // the generated block's endmodule by prove.py.

  // Bits that mean something at an address that reads back what was written; 0 elsewhere. And its value after reset.
  function automatic logic [31:0] kept(input logic [15:0] address);
    case (address)
      16'h08:         kept = 32'h000000C7;
      16'h0C:         kept = 32'h0000000F;
      16'h10:         kept = 32'h00000003;
      16'h18, 16'h1C: kept = 32'hFFFFFFFF;
      16'h20, 16'h24: kept = 32'h0000001F;
      default:        kept = 32'h0;
    endcase
  endfunction
  function automatic logic [31:0] initially(input logic [15:0] address);
    case (address)
      16'h08:  initially = 32'd5;
      16'h0C:  initially = 32'd9;
      16'h18:  initially = 32'd7;
      16'h1C:  initially = 32'd3;
      default: initially = 32'd0;
    endcase
  endfunction
  function automatic logic [31:0] readable(input logic [15:0] address);
    case (address)
      16'h00, 16'h30, 16'h34: readable = 32'hFFFFFFFF;
      16'h04:                 readable = 32'h0000010F;
      16'h28:                 readable = 32'h00000013;
      16'h3C:                 readable = 32'h000000FF;
      default:                readable = kept(address);
    endcase
  endfunction

  (* anyconst *) logic [15:0] place;   // any address
  logic        written;
  logic [31:0] newest;
  wire  [31:0] last = written ? newest : initially(place);  // what was written there last
  logic        past_q, read_q, freeze_run_q, freeze_arm_q;
  logic [15:0] address_q;
  logic [31:0] rdata_q, count_high;
  logic [63:0] cap, cap_out_q, count_now_q;
  logic [31:0] cap_low;
  logic [3:0]  in_run, in_run_out_q;
  logic [1:0]  in_arm, in_arm_out_q;
  logic [9:0]  pair, pair_out_q;
  logic [31:0] status_q, faults_q, cleared_q, set_q, last_q;
  wire  [31:0] faults = {27'd0, faults_other_o, 2'd0, faults_some_o};

  wire wrote = bus_write_i;

  initial assume (!rst_ni);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {past_q, read_q, freeze_run_q, freeze_arm_q} <= '0;
      written <= 1'b0;
      newest <= '0;
      cap <= 64'h300000007;
      cap_low <= 32'd7;
      in_run <= 4'd9;
      in_arm <= 2'd0;
      pair <= '0;
      faults_q <= '0;
      cleared_q <= '0;
      set_q <= '0;
    end else begin
      past_q <= 1'b1;
      read_q <= bus_read_i;
      freeze_run_q <= freeze_run_i;
      freeze_arm_q <= freeze_arm_i;
      if (wrote && bus_address_i == place) {written, newest} <= {1'b1, bus_wdata_i};
      if (wrote && bus_address_i == 16'h18) cap_low <= bus_wdata_i;
      if (wrote && bus_address_i == 16'h1C) cap <= {bus_wdata_i, cap_low};
      if (wrote && bus_address_i == 16'h0C) in_run <= bus_wdata_i[3:0];
      if (wrote && bus_address_i == 16'h10) in_arm <= bus_wdata_i[1:0];
      if (wrote && bus_address_i == 16'h20) pair[4:0] <= bus_wdata_i[4:0];
      if (wrote && bus_address_i == 16'h24) pair[9:5] <= bus_wdata_i[4:0];
      faults_q <= faults;
      cleared_q <= wrote && bus_address_i == 16'h28 ? bus_wdata_i : 32'd0;
      set_q <= {27'd0, faults_other_set_i, 2'd0, faults_some_set_i};
    end
  end

  always_ff @(posedge clk_i) begin
    address_q <= bus_address_i;
    rdata_q <= bus_rdata_o;
    last_q <= last;
    cap_out_q <= cap_o;
    in_run_out_q <= in_run_o;
    in_arm_out_q <= in_arm_o;
    pair_out_q <= pair_o;
    status_q <= {23'd0, level_flag_i, 4'd0, level_low_i};
    count_now_q <= count_i;
    if (bus_read_i && bus_address_i == 16'h30) count_high <= count_i[63:32];
  end
  logic [31:0] count_high_before;
  logic [7:0]  window_q;
  always_ff @(posedge clk_i) begin
    count_high_before <= count_high;
    window_q <= window_i;
  end

  always_comb begin
    if (rst_ni) begin
      // Invariants: the model's registers are the block's.
      i_cap: assert (cap == cap_q && cap_low == cap_low_q);
      i_in_run: assert (in_run == in_run_q && in_arm == in_arm_q && pair == pair_q);
      i_last: assert (kept(place) == '0 || (last & kept(place)) == (
        place == 16'h08 ? {24'd0, plain_high_q, 3'd0, plain_low_q} : place == 16'h0C ? {28'd0, in_run_q} :
        place == 16'h10 ? {30'd0, in_arm_q} : place == 16'h18 ? cap_low_q : place == 16'h1C ? cap_q[63:32] :
        place == 16'h20 ? {27'd0, pair_q[4:0]} : {27'd0, pair_q[9:5]}));

      // Settings: the port follows a write at its edge, or stands still while frozen. 64 bits come together.
      a_plain: assert (plain_low_o == plain_low_q && plain_high_o == plain_high_q);
      if (past_q) begin
        a_in_run: assert (in_run_o == (freeze_run_q ? in_run_out_q : in_run));
        a_in_arm: assert (in_arm_o == (freeze_arm_q ? in_arm_out_q : in_arm));
        a_cap: assert (cap_o == (freeze_run_q ? cap_out_q : cap));
        a_pair: assert (pair_o == (freeze_run_q ? pair_out_q : pair));

        // Reads.
        a_read_back: assert (!(read_q && address_q == place && kept(place) != '0) || bus_rdata_o == (last_q & kept(place)));
        a_reserved: assert (!read_q || (bus_rdata_o & ~readable(address_q)) == '0);
        a_constant: assert (!(read_q && address_q == 16'h00) || bus_rdata_o == 32'h12345678);
        a_status: assert (!(read_q && address_q == 16'h04) || bus_rdata_o == status_q);
        a_window: assert (!(read_q && address_q == 16'h3C) || bus_rdata_o == {24'd0, window_q});
        a_count_low: assert (!(read_q && address_q == 16'h30) || bus_rdata_o == count_now_q[31:0]);
        a_holds: assert (read_q || bus_rdata_o == rdata_q);

        // Bits that 1 clears: the hardware sets, and wins.
        a_faults: assert (faults == ((faults_q & ~cleared_q) | set_q));
        a_faults_read: assert (!(read_q && address_q == 16'h28) || bus_rdata_o == faults_q);
      end

      // Pulses, in the clock of their write.
      a_go: assert (command_go_o == (wrote && bus_address_i == 16'h38 && bus_wdata_i[0]));
      a_stop: assert (command_stop_o == (wrote && bus_address_i == 16'h38 && bus_wdata_i[3]));
      a_message: assert (message_write_o == (wrote && bus_address_i == 16'h40));
      a_window_write: assert (window_write_o == (wrote && bus_address_i == 16'h3C));
      a_data: assert (write_data_o == bus_wdata_i);
    end else begin
      a_reset: assert (in_run_o == 4'd9 && in_arm_o == '0 && cap_o == 64'h300000007 && pair_o == '0 && faults == '0
        && plain_low_o == 3'd5 && plain_high_o == '0);
    end
  end

  // The high word of a counter is that of the clock in which the low one was read.
  logic counted_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) counted_q <= 1'b0;
    else         counted_q <= counted_q || (bus_read_i && bus_address_i == 16'h30);
  end
  logic counted_before_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) counted_before_q <= 1'b0;
    else         counted_before_q <= counted_q;
  end
  always_comb begin
    if (rst_ni && past_q) begin
      i_count: assert (!counted_q || count_high == count_high_q);
      a_count_high: assert (!(read_q && address_q == 16'h34 && counted_before_q) || bus_rdata_o == count_high_before);
    end
  end

  always_comb begin
    if (rst_ni && past_q) begin
      c_waits: cover (freeze_run_i && cap_o == 64'h300000007 && cap == 64'h1_00000002);
      c_taken: cover (!freeze_run_i && cap_o == 64'h1_00000002);
      c_fault_wins: cover (faults[0] && cleared_q[0]);
    end
  end
