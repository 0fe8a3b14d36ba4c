// network_config: shape of the stand-in that takes the features of the ADC ingress.
package network_config;
  localparam int          InputCount  = 4;
  localparam int          InputWidth  = 16;
  localparam int          OutputCount = 4;
  localparam int          OutputWidth = 20;
  localparam int          Latency     = 3;
  localparam logic [31:0] Hash        = 32'h57A4D100;
endpackage
