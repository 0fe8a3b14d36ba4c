// SB_RAM40_4K: the block RAM of iCE40, for simulation of netlists that icebox_vlog writes (Lattice FPGA-TN-02002).
// 4096 bits as 256 words of 16, 512 of 8, 1024 of 4 or 2048 of 2 (modes 0 to 3), each port its own mode.
// A narrow word lies in every 2nd, 4th or 8th bit of a row; the address bits above the row say which.
// Latency 1 on both ports. Read and write of one row at one edge: the old content is read.
//
//   mode   row        narrow word            pins of its bits
//   1      ADDR[7:0]  bits 2 i + ADDR[8]     0 2 4 .. 14
//   2      ADDR[7:0]  bits 4 i + ADDR[9:8]   1 5 9 13
//   3      ADDR[7:0]  bits 8 i + ADDR[10:8]  3 11
module SB_RAM40_4K #(
  parameter int READ_MODE  = 0,
  parameter int WRITE_MODE = 0,
  parameter logic [255:0] INIT_0 = '0, INIT_1 = '0, INIT_2 = '0, INIT_3 = '0,
  parameter logic [255:0] INIT_4 = '0, INIT_5 = '0, INIT_6 = '0, INIT_7 = '0,
  parameter logic [255:0] INIT_8 = '0, INIT_9 = '0, INIT_A = '0, INIT_B = '0,
  parameter logic [255:0] INIT_C = '0, INIT_D = '0, INIT_E = '0, INIT_F = '0
) (
  output logic [15:0] RDATA,
  input  logic        RCLK,
  input  logic        RCLKE,
  input  logic        RE,
  input  logic [10:0] RADDR,
  input  logic        WCLK,
  input  logic        WCLKE,
  input  logic        WE,
  input  logic [10:0] WADDR,
  input  logic [15:0] MASK,  // mode 0: 1 keeps the bit
  input  logic [15:0] WDATA
);
  localparam int ReadStep = 1 << READ_MODE, WriteStep = 1 << WRITE_MODE;

  logic [15:0] memory [0:255];
  logic [15:0] written, narrow;
  logic [2:0]  read_lane, write_lane;
  logic [15:0] row;

  initial begin
    for (int i = 0; i < 16; i++) begin
      memory[i]       = INIT_0[16*i +: 16];
      memory[16 + i]  = INIT_1[16*i +: 16];
      memory[32 + i]  = INIT_2[16*i +: 16];
      memory[48 + i]  = INIT_3[16*i +: 16];
      memory[64 + i]  = INIT_4[16*i +: 16];
      memory[80 + i]  = INIT_5[16*i +: 16];
      memory[96 + i]  = INIT_6[16*i +: 16];
      memory[112 + i] = INIT_7[16*i +: 16];
      memory[128 + i] = INIT_8[16*i +: 16];
      memory[144 + i] = INIT_9[16*i +: 16];
      memory[160 + i] = INIT_A[16*i +: 16];
      memory[176 + i] = INIT_B[16*i +: 16];
      memory[192 + i] = INIT_C[16*i +: 16];
      memory[208 + i] = INIT_D[16*i +: 16];
      memory[224 + i] = INIT_E[16*i +: 16];
      memory[240 + i] = INIT_F[16*i +: 16];
    end
  end

  assign write_lane = WADDR[10:8] & 3'(WriteStep - 1);
  assign read_lane  = RADDR[10:8] & 3'(ReadStep - 1);
  assign row        = memory[RADDR[7:0]];

  always_comb begin
    written = memory[WADDR[7:0]];
    for (int bit_index = 0; bit_index < 16; bit_index++) begin
      if (WRITE_MODE == 0) begin
        if (!MASK[bit_index]) written[bit_index] = WDATA[bit_index];
      end else if (3'(bit_index % WriteStep) == write_lane) begin
        written[bit_index] = WDATA[bit_index / WriteStep * WriteStep + WriteStep / 2 - 1];
      end
    end
    narrow = '0;
    for (int word = 0; word < 16 / ReadStep; word++) begin
      if (READ_MODE == 0) narrow[word] = row[word];
      else narrow[word * ReadStep + ReadStep / 2 - 1] = row[word * ReadStep + int'(read_lane)];
    end
  end

  always_ff @(posedge WCLK) if (WE && WCLKE) memory[WADDR[7:0]] <= written;
  always_ff @(posedge RCLK) if (RE && RCLKE) RDATA <= narrow;
endmodule
