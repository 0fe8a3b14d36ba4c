// network_config: shape of a stand-in that the ADC ingress cannot feed, as a jet network.
package network_config;
  localparam int          InputCount  = 16;
  localparam int          InputWidth  = 12;
  localparam int          OutputCount = 5;
  localparam int          OutputWidth = 14;
  localparam int          Latency     = 6;
  localparam logic [31:0] Hash        = 32'h57A4D200;
endpackage
