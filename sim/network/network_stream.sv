// network_stream: streams the vectors of a file through the network under Icarus, one a clock, and writes the results.
// +vectors=FILE +results=FILE: a vector a line, hexadecimal, element 0 in the lowest bits.
`timescale 1ns/1ps
module network_stream;
  localparam int InputBits  = network_config::InputCount * network_config::InputWidth;
  localparam int OutputBits = network_config::OutputCount * network_config::OutputWidth;

  reg                   clk = 1'b0;
  reg                   rst_n = 1'b0;
  reg                   in_valid = 1'b0;
  reg  [InputBits-1:0]  in_data = {InputBits{1'b0}};
  wire                  in_ready, out_valid;
  wire [OutputBits-1:0] out_data;
  integer               vectors, results, sent, received, idle;
  reg                   last, taken;
  reg  [1023:0]         vector_name, result_name;

  network u_network (
    .clk_i(clk), .rst_ni(rst_n),
    .in_valid_i(in_valid), .in_ready_o(in_ready), .in_data_i(in_data),
    .out_valid_o(out_valid), .out_ready_i(1'b1), .out_data_o(out_data)
  );

  always #5 clk = !clk;

  initial begin
    if (!$value$plusargs("vectors=%s", vector_name) || !$value$plusargs("results=%s", result_name)) begin
      $display("network_stream: +vectors=FILE +results=FILE are needed");
      $finish;
    end
    vectors  = $fopen(vector_name, "r");
    results  = $fopen(result_name, "w");
    sent     = 0;
    received = 0;
    idle     = 0;
    last     = 1'b0;
    taken    = 1'b1;
    repeat (4) @(posedge clk);
    #1 rst_n = 1'b1;
    while (!last || received < sent) begin  // a vector that was offered stays until it is taken
      @(negedge clk);
      if (taken && !last) begin
        last     = $fscanf(vectors, "%h\n", in_data) != 1;
        in_valid = !last;
      end
      #1;
      taken = in_valid && in_ready;
      if (taken) sent = sent + 1;
      if (out_valid) begin
        $fwrite(results, "%h\n", out_data);
        received = received + 1;
      end
      idle = out_valid || in_valid ? 0 : idle + 1;
      if (idle > 10000) last = 1'b1;
      if (idle > 20000) received = sent;
      @(posedge clk);
    end
    $fclose(results);
    $finish;
  end
endmodule
