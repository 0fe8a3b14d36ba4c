// The network unit under Verilator, behind a C interface: one thread a handle, no callbacks.
// Vectors are int64 elements; the ports hold them packed, element 0 lowest, as network_config says.
#include <cstdint>
#include <memory>

#include "Vnetwork.h"
#include "network_ports.h"
#include "verilated.h"

namespace {

struct Simulation {
  VerilatedContext context;
  std::unique_ptr<Vnetwork> network;

  Simulation() : network(new Vnetwork(&context)) {
    network->clk_i = 0;
    network->rst_ni = 0;
    network->in_valid_i = 0;
    network->out_ready_i = 0;
    for (int i = 0; i < 4; i++) clock();
    network->rst_ni = 1;
    clock();
  }

  void clock() {
    network->clk_i = 1;
    network->eval();
    network->clk_i = 0;
    network->eval();
  }
};

// xorshift64*: a repeatable source of idle and stall patterns.
struct Pattern {
  uint64_t state;
  bool busy() {
    if (state == 0) return true;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (state * 0x2545F4914F6CDD1DULL) >> 62 != 0;
  }
};

}  // namespace

extern "C" {

int edge_network_abi() { return 1; }

void* edge_network_open() { return new Simulation(); }

void edge_network_close(void* handle) { delete static_cast<Simulation*>(handle); }

// Streams count vectors through the network. pattern 0: a vector a clock, results taken at once; otherwise the seed of
// random idle clocks on both sides. latency receives the clocks from the first vector's edge to its result.
// Returns the clocks used, or -1 when the network stopped answering.
int64_t edge_network_stream(void* handle, const int64_t* inputs, int64_t count, int64_t* outputs, uint64_t pattern,
                            int64_t* latency) {
  Simulation& simulation = *static_cast<Simulation*>(handle);
  Vnetwork& network = *simulation.network;
  Pattern source{pattern}, sink{pattern ? pattern ^ 0x9E3779B97F4A7C15ULL : 0};
  int64_t sent = 0, received = 0, clocks = 0, first_sent = -1, idle = 0;
  *latency = -1;
  bool offered = false;
  while (received < count) {
    // A vector once offered stays until it is taken.
    if (!offered && sent < count && source.busy()) {
      edge::pack<edge::InputCount, edge::InputWidth>(network.in_data_i, inputs + sent * edge::InputCount);
      offered = true;
    }
    network.in_valid_i = offered;
    network.out_ready_i = sink.busy();
    network.eval();
    bool taken = offered && network.in_ready_o;
    bool result = network.out_valid_o && network.out_ready_i;
    if (result) {
      edge::unpack<edge::OutputCount, edge::OutputWidth>(network.out_data_o, outputs + received * edge::OutputCount);
      if (received == 0) *latency = clocks - first_sent;
      received++;
    }
    if (taken) {
      if (first_sent < 0) first_sent = clocks;
      sent++;
      offered = false;
    }
    idle = taken || result ? 0 : idle + 1;
    if (idle > 100000) return -1;
    simulation.clock();
    clocks++;
  }
  network.in_valid_i = 0;
  network.out_ready_i = 0;
  return clocks;
}

}  // extern "C"
