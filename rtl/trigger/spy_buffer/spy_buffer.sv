// spy_buffer: keeps the raw ADC samples before and after a trigger. A ring of Depth samples is written at every
// strobe; a trigger keeps what it holds of the pre samples before and takes post more. Then the capture is held,
// to be read through the window, until release_i; with stream_i it is sent by itself and released.
// A trigger while a capture is under way or held is missed.
//
// A sample: {permit pin at its edge, 15'd0, ADC counts}. Sample number 0 is the oldest.
// A block of the stream, one word a clock, never held back:
//   word 0 {event number, 24'd0, kind 3}   word 1 time of the trigger   then {sample 2n + 1, sample 2n}
// The event number is that of the record made by the decision that triggered.
// sample_o belongs to index_i of the edge before; 0 unless a capture is held.
module spy_buffer #(
  parameter int Depth = 1024,  // samples, a power of two, 4 to 32768
  localparam int IndexBits = $clog2(Depth)
) (
  input  logic        clk_i,
  input  logic        rst_ni,          // asynchronous
  input  logic [63:0] time_i,
  // settings, to be changed only while it is off
  input  logic        enable_i,        // 0: forget everything
  input  logic        stream_i,
  input  logic [15:0] pre_i,           // samples; pre + post at most Depth - 1, else fewer before
  input  logic [15:0] post_i,          // samples, 0 is taken as 1
  input  logic        clear_counters_i,
  input  logic        release_i,       // the capture has been read
  // samples and triggers
  input  logic        adc_valid_i,
  input  logic [15:0] adc_data_i,
  input  logic        permit_i,
  input  logic        trigger_i,
  input  logic [31:0] number_i,        // of the event that triggers
  output logic        taken_o,         // this trigger begins a capture: combinational from trigger_i
  // window
  input  logic [15:0] index_i,
  output logic [31:0] sample_o,
  output logic        held_o,
  output logic        capturing_o,
  output logic [15:0] before_o,        // samples of the capture before its trigger
  output logic [15:0] count_o,         // all its samples
  output logic [31:0] number_o,
  output logic [31:0] captured_o,
  output logic [31:0] missed_o,
  // stream
  output logic        word_valid_o,
  output logic [63:0] word_o,
  output logic        word_first_o,
  output logic        word_last_o
);
  if (Depth < 4 || Depth > 32768 || (Depth & (Depth - 1)) != 0) begin : g_check
    spy_buffer_needs_Depth_a_power_of_two_from_4_to_32768 u_error ();
  end

  localparam logic [7:0] KindSamples = 8'd3;
  localparam logic [1:0] Record = 2'd0, Take = 2'd1, Held = 2'd2, Send = 2'd3;

  logic [16:0]          memory [Depth];
  logic [16:0]          read_q;
  logic [1:0]           state_q;
  logic [IndexBits-1:0] write_q, first_q, read;
  logic [15:0]          level_q, left_q, post, allowed;
  logic [16:0]          step_q, shown;
  logic                 writes, last;
  logic [31:0]          low_q, sample;
  logic [63:0]          time_q;

  assign post    = post_i == '0 ? 16'd1 : post_i > 16'(Depth - 1) ? 16'(Depth - 1) : post_i;
  assign allowed = pre_i > 16'(Depth - 1) - post ? 16'(Depth - 1) - post : pre_i;
  assign taken_o = trigger_i && enable_i && state_q == Record;
  assign writes  = adc_valid_i && enable_i && (state_q == Record || state_q == Take);

  // A memory of one clock. Steps of sending: 0 and 1 the header, then step n shows sample n - 2, fetched before.
  assign shown  = step_q - 17'd2;
  assign last   = step_q >= 17'd2 && shown + 17'd1 == {1'b0, count_o};
  assign read   = first_q + (state_q == Send ? step_q[IndexBits-1:0] - 1'b1 : index_i[IndexBits-1:0]);
  assign sample = {read_q[16], 15'd0, read_q[15:0]};

  always_ff @(posedge clk_i) begin
    if (writes) memory[write_q] <= {permit_i, adc_data_i};
    read_q <= memory[read];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q    <= Record;
      write_q    <= '0;
      first_q    <= '0;
      level_q    <= '0;
      left_q     <= '0;
      before_o   <= '0;
      count_o    <= '0;
      number_o   <= '0;
      time_q     <= '0;
      captured_o <= '0;
      missed_o   <= '0;
      step_q     <= '0;
      low_q      <= '0;
    end else begin
      if (writes) begin
        write_q <= write_q + 1'b1;
        if (level_q != 16'(Depth - 1)) level_q <= level_q + 16'd1;
      end
      case (state_q)
        Record: if (taken_o) begin
          // A sample of this very edge is the first after the trigger.
          state_q  <= adc_valid_i && post == 16'd1 ? (stream_i ? Send : Held) : Take;
          before_o <= level_q < allowed ? level_q : allowed;
          first_q  <= write_q - (level_q < allowed ? level_q[IndexBits-1:0] : allowed[IndexBits-1:0]);
          count_o  <= (level_q < allowed ? level_q : allowed) + post;
          left_q   <= post - 16'(adc_valid_i);
          number_o <= number_i;
          time_q   <= time_i;
        end
        Take: if (adc_valid_i) begin
          left_q <= left_q - 16'd1;
          if (left_q == 16'd1) state_q <= stream_i ? Send : Held;
        end
        Held: if (release_i) begin
          state_q <= Record;
          level_q <= '0;
        end
        default: begin  // Send
          low_q  <= sample;
          step_q <= step_q + 17'd1;
          if (last) begin
            state_q <= Record;
            level_q <= '0;
          end
        end
      endcase
      if (state_q != Send || last) step_q <= '0;
      if (!enable_i) begin
        state_q <= Record;
        level_q <= '0;
      end
      captured_o <= clear_counters_i ? '0 : captured_o + 32'(taken_o);
      missed_o   <= clear_counters_i ? '0 : missed_o + 32'(trigger_i && enable_i && !taken_o);
    end
  end

  // With an odd count the last word's upper half is 0.
  assign word_first_o = state_q == Send && step_q == '0;
  assign word_last_o  = state_q == Send && last;
  assign word_valid_o = state_q == Send && (step_q < 17'd2 || shown[0] || last);
  assign word_o       = step_q == '0 ? {number_o, 24'd0, KindSamples}
                        : step_q == 17'd1 ? time_q : shown[0] ? {sample, low_q} : {32'd0, sample};

  assign sample_o    = held_o ? sample : '0;
  assign held_o      = state_q == Held;
  assign capturing_o = state_q == Take || state_q == Send;

  logic unused_index;
  assign unused_index = ^index_i[15:IndexBits];
endmodule
