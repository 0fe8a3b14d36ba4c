// network_config: shape of the smallest stand-in: combinational, one output wider than a record's word.
package network_config;
  localparam int          InputCount  = 1;
  localparam int          InputWidth  = 16;
  localparam int          OutputCount = 1;
  localparam int          OutputWidth = 40;
  localparam int          Latency     = 0;
  localparam logic [31:0] Hash        = 32'h57A4D300;
endpackage
