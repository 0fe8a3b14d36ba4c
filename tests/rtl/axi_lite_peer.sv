// axi_lite_peer: axi_lite and register_link in front of 64 words, with the port names that cocotbext-axi
// looks for.
module axi_lite_peer (
  input  logic        bus_clk_i,
  input  logic        core_clk_i,
  input  logic        rst_ni,
  input  logic        s_axi_awvalid,
  output logic        s_axi_awready,
  input  logic [15:0] s_axi_awaddr,
  input  logic        s_axi_wvalid,
  output logic        s_axi_wready,
  input  logic [31:0] s_axi_wdata,
  input  logic [3:0]  s_axi_wstrb,
  output logic        s_axi_bvalid,
  input  logic        s_axi_bready,
  output logic [1:0]  s_axi_bresp,
  input  logic        s_axi_arvalid,
  output logic        s_axi_arready,
  input  logic [15:0] s_axi_araddr,
  output logic        s_axi_rvalid,
  input  logic        s_axi_rready,
  output logic [31:0] s_axi_rdata,
  output logic [1:0]  s_axi_rresp
);
  logic        request_valid, request_ready, request_write, answer_valid, write, read;
  logic [15:0] request_address, address;
  logic [31:0] request_data, answer_data, wdata, rdata_q;
  logic [31:0] memory [64];

  axi_lite #(.Bytes(256)) u_axi_lite (
    .clk_i             (bus_clk_i),
    .rst_ni,
    .awvalid_i         (s_axi_awvalid),
    .awready_o         (s_axi_awready),
    .awaddr_i          (s_axi_awaddr),
    .wvalid_i          (s_axi_wvalid),
    .wready_o          (s_axi_wready),
    .wdata_i           (s_axi_wdata),
    .wstrb_i           (s_axi_wstrb),
    .bvalid_o          (s_axi_bvalid),
    .bready_i          (s_axi_bready),
    .bresp_o           (s_axi_bresp),
    .arvalid_i         (s_axi_arvalid),
    .arready_o         (s_axi_arready),
    .araddr_i          (s_axi_araddr),
    .rvalid_o          (s_axi_rvalid),
    .rready_i          (s_axi_rready),
    .rdata_o           (s_axi_rdata),
    .rresp_o           (s_axi_rresp),
    .request_valid_o   (request_valid),
    .request_ready_i   (request_ready),
    .request_write_o   (request_write),
    .request_address_o (request_address),
    .request_data_o    (request_data),
    .answer_valid_i    (answer_valid),
    .answer_data_i     (answer_data)
  );

  register_link u_link (
    .bus_clk_i,
    .bus_rst_ni        (rst_ni),
    .request_valid_i   (request_valid),
    .request_ready_o   (request_ready),
    .request_write_i   (request_write),
    .request_address_i (request_address),
    .request_data_i    (request_data),
    .answer_valid_o    (answer_valid),
    .answer_data_o     (answer_data),
    .core_clk_i,
    .core_rst_ni       (rst_ni),
    .bus_write_o       (write),
    .bus_read_o        (read),
    .bus_address_o     (address),
    .bus_wdata_o       (wdata),
    .bus_rdata_i       (rdata_q)
  );

  always_ff @(posedge core_clk_i) begin
    if (write) memory[address[7:2]] <= wdata;
    if (read)  rdata_q <= memory[address[7:2]];
  end
endmodule
