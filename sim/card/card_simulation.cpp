// The card under Verilator, behind a C interface: one thread a handle, no callbacks, time passes only in these calls.
//
// A call of edge_card_period is one ADC sample period. Its first clock edge takes the sample; edges are numbered from 0
// after reset, and a pin change carries the number of the edge that made it. Event records leave through a buffer of this
// library whenever the host side is ready.
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

#include "Vcard_core.h"
#include "network_ports.h"
#include "verilated.h"

extern "C" {

struct edge_pin_change {
  int64_t edge;
  uint16_t x, y;
  uint8_t permit_beam, pixel_advance, aux_trigger, keep_alive;
};

struct edge_card_input {
  uint32_t clocks;        // edges of this period, at least 2
  uint16_t adc;           // sample taken at its first edge
  uint8_t adc_present;    // 0: the detector sends no strobe
  uint8_t bus;            // 0 nothing, 1 write, 2 read
  uint16_t address;
  uint8_t microscope_blank, external_interlock;
  uint32_t data;
};
}

namespace {

constexpr int RecordBytes = 64;

// A repeating pattern of one bit a clock; empty: always idle.
struct Pattern {
  std::vector<uint8_t> bits;
  bool at(int64_t edge) const { return !bits.empty() && bits[edge % bits.size()]; }
};

struct Card {
  VerilatedContext context;
  std::unique_ptr<Vcard_core> card;
  int64_t edge = 0;
  std::deque<std::vector<uint8_t>> records;
  Pattern network_stall, event_stall;
  edge_pin_change pins{};

  Card() : card(new Vcard_core(&context)) {
    card->clk_i = 0;
    card->rst_ni = 0;
    card->external_interlock_i = 1;
    for (int i = 0; i < 4; i++) half_clocks();
    card->rst_ni = 1;
    card->eval();
    sample_pins();
  }

  void half_clocks() {
    card->clk_i = 1;
    card->eval();
    card->clk_i = 0;
    card->eval();
  }

  void sample_pins() {
    pins = {edge, card->scan_x_o, card->scan_y_o, card->permit_beam_o, card->pixel_advance_o, card->aux_trigger_o, card->keep_alive_o};
  }

  // One clock with the inputs as they are. True when a pin that the microscope sees has changed. Events leave from
  // registers, so whether one is taken is known before anything is evaluated.
  bool clock() {
    card->stall_network_i = network_stall.at(edge);
    card->event_ready_i = !event_stall.at(edge);
    if (card->event_valid_o && card->event_ready_i) {
      std::vector<uint8_t> record(RecordBytes);
      std::memcpy(record.data(), card->event_data_o.data(), RecordBytes);
      records.push_back(std::move(record));
    }
    edge_pin_change before = pins;
    half_clocks();
    sample_pins();
    edge++;
    return pins.x != before.x || pins.y != before.y || pins.permit_beam != before.permit_beam ||
           (pins.pixel_advance && !before.pixel_advance) || (pins.aux_trigger && !before.aux_trigger);
  }
};

}  // namespace

extern "C" {

int edge_card_abi() { return 1; }

void* edge_card_open() { return new Card(); }

void edge_card_close(void* handle) { delete static_cast<Card*>(handle); }

int64_t edge_card_edge(void* handle) { return static_cast<Card*>(handle)->edge; }

// Bits that repeat, one a clock; length 0 ends the stalls.
void edge_card_stall(void* handle, const uint8_t* network, int64_t network_length, const uint8_t* events, int64_t events_length) {
  Card& card = *static_cast<Card*>(handle);
  card.network_stall.bits.assign(network, network + network_length);
  card.event_stall.bits.assign(events, events + events_length);
}

// Runs one sample period. Pin changes go to changes (room for at least input->clocks of them); read_data receives what a
// bus read returned. Returns the number of changes.
int edge_card_period(void* handle, const edge_card_input* input, edge_pin_change* changes, uint32_t* read_data) {
  Card& card = *static_cast<Card*>(handle);
  Vcard_core& pins = *card.card;
  pins.microscope_blank_i = input->microscope_blank;
  pins.external_interlock_i = input->external_interlock;
  int count = 0;
  for (uint32_t k = 0; k < input->clocks; k++) {
    pins.adc_valid_i = k == 0 && input->adc_present;
    pins.adc_data_i = input->adc;
    pins.bus_write_i = k == 0 && input->bus == 1;
    pins.bus_read_i = k == 0 && input->bus == 2;
    pins.bus_address_i = input->address;
    pins.bus_wdata_i = input->data;
    if (card.clock()) changes[count++] = card.pins;
    if (k == 0 && input->bus == 2) *read_data = pins.bus_rdata_o;
  }
  pins.bus_write_i = pins.bus_read_i = pins.adc_valid_i = 0;
  return count;
}

// Offers host vectors, one a clock while the card takes them, for at most the given number of clocks; a strobe of the
// detector goes on every strobe_clocks. first_taken and first_trigger receive edge numbers (-1: did not happen).
// Returns the number of vectors taken.
int64_t edge_card_stream(void* handle, const int64_t* elements, int64_t count, int64_t clocks, uint32_t strobe_clocks, uint16_t adc,
                         int64_t* first_taken, int64_t* first_trigger) {
  Card& card = *static_cast<Card*>(handle);
  Vcard_core& pins = *card.card;
  int64_t taken = 0;
  *first_taken = *first_trigger = -1;
  for (int64_t k = 0; k < clocks; k++) {
    pins.vector_valid_i = taken < count;
    if (taken < count) edge::pack<edge::InputCount, edge::InputWidth>(pins.vector_data_i, elements + taken * edge::InputCount);
    pins.adc_valid_i = card.edge % strobe_clocks == 0;
    pins.adc_data_i = adc;
    pins.stall_network_i = card.network_stall.at(card.edge);
    pins.eval();
    bool take = pins.vector_valid_i && pins.vector_ready_o;
    if (take && *first_taken < 0) *first_taken = card.edge;
    card.clock();
    if (card.pins.aux_trigger && *first_trigger < 0) *first_trigger = card.edge - 1;
    taken += take;
  }
  pins.vector_valid_i = pins.adc_valid_i = 0;
  return taken;
}

// Moves up to room records of 64 bytes to the caller. Returns how many.
int64_t edge_card_records(void* handle, uint8_t* bytes, int64_t room) {
  Card& card = *static_cast<Card*>(handle);
  int64_t count = 0;
  while (count < room && !card.records.empty()) {
    std::memcpy(bytes + count * RecordBytes, card.records.front().data(), RecordBytes);
    card.records.pop_front();
    count++;
  }
  return count;
}

}  // extern "C"
