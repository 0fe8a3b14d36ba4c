module t(input clk, input a, output q); reg [7:0] c; always @(posedge clk) c <= c + a; 
reg [7:0] m[0:511]; reg [7:0] r; always @(posedge clk) begin r <= m[{c[0],c}]; if (a) m[{c,c[7]}] <= c; end
assign q = c[7] ^ (^r); endmodule
