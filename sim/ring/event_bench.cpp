// Millions of events through event_path (events.sv, event_ring.sv) into the memory of a simulated host.
//
//   event_bench EVENTS SEED     prints one line of figures; exit code 1 and a reason when a rule is broken
//
// The host takes addresses and data when it likes and answers late. A beat that it took becomes visible in memory at
// any time until its burst is answered: beats of one burst in any order, but none of a burst before all beats of
// the bursts ahead of it (posted writes on PCIe keep their order; AXI with one ID answers in order). It reads by tail
// and number, at times late, and every so often disables the ring and enables it anew. What must hold: every record that is
// read is whole and is the very one with its number; numbers rise, and the sum of the gaps is what events.sv counted as
// dropped, exactly; trips and ends are never among the dropped; no burst crosses 4 KiB, nothing is written where
// the host has not read; the tail never counts what is not wholly visible.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "Vevent_path.h"
#include "verilated.h"

namespace {

constexpr int BusBytes = 16, Beats = 64 / BusBytes, RingLog2 = 10;
constexpr uint32_t Records = 1u << RingLog2;
constexpr uint64_t Base = 0x380001000ull, Tail = 0x700000048ull;

struct Random {
  uint64_t state;
  uint64_t Next() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
  }
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>((Next() >> 32) * limit >> 32); }
  bool Chance(uint32_t of1024) { return (Next() >> 54) < of1024; }
};

[[noreturn]] void Fail(const std::string& what) {
  std::printf("event_bench: %s\n", what.c_str());
  std::exit(1);
}

struct Beat {
  uint8_t data[BusBytes];
  uint16_t strobes;
};

struct Burst {
  uint64_t address;
  int beats, taken = 0, shown = 0;
  uint64_t visible = 0;  // bit per beat
  uint64_t due = 0;
  Beat beat[64];
};

// How host and source behave for a while.
struct Mood {
  uint32_t address_ready, data_ready;  // of 1024
  uint32_t answer_clocks;              // at most
  uint32_t show;                       // of 1024: a beat of the oldest burst becomes visible
  uint32_t event;                      // of 1024
  uint32_t read_pause;                 // clocks between looks, at most
};

constexpr Mood Moods[] = {
    {1024, 1024, 40, 300, 256, 20},     // quick host, one event every 4 clocks
    {1024, 1024, 200, 900, 240, 2000},  // long answers
    {700, 700, 60, 200, 200, 300},      // stalls
    {1024, 1024, 10, 500, 40, 1},       // few events
    {1024, 1024, 100, 500, 300, 1500},  // more than the bus carries
    {100, 500, 500, 100, 60, 8000},    // slow bus and late host: the ring fills
};
constexpr Mood Quick = {1024, 1024, 60, 1024, 1024, 1};

class Bench {
 public:
  Bench(uint64_t seed) : rng_{seed * 0x9E3779B97F4A7C15ull + 1}, memory_(Records * 64), expected_(1u << 20) {
    bursts_.resize(256);
    dut_.clk_i = 0;
    dut_.rst_ni = 0;
    dut_.eval();
    dut_.rst_ni = 1;
    dut_.base_i = Base;
    dut_.records_log2_i = RingLog2;
    dut_.tail_address_i = Tail;
    dut_.tail_records_i = 64;
    for (uint32_t p = 0; p < Records; p++) Put(&memory_[p * 64 + 60], ~0u);
  }

  // Random life until so many events were made, then until all of them that were kept have been read.
  void Live(uint64_t events) {
    Enable();
    uint64_t mood_ends = 0, restart = 200000;
    while (made_ < events) {
      if (clock_ >= mood_ends) {
        mood_ = Moods[rng_.Below(sizeof Moods / sizeof Moods[0])];
        mood_ends = clock_ + 500 + rng_.Below(20000);
      }
      if (clock_ >= restart) {
        Disable();
        Enable();
        restart = clock_ + 100000 + rng_.Below(400000);
      }
      Clock(rng_.Chance(mood_.event), true);
    }
    mood_ = Moods[0];
    while (closing_[1]) Clock(false, true);
    end_next_ = true;  // the closing record of all
    Clock(false, true);
    Clock(false, true);
    Finish();
    if (last_kind_ != 5) Fail("the last record is not the end of the run");
    if (lost_ != dut_.dropped_o) Fail("the gaps are " + std::to_string(lost_) + ", events_dropped is " + std::to_string(dut_.dropped_o));
    if (closings_made_ != closings_read_) Fail("closing records were lost");
    if (read_total_ + lost_ != dut_.numbered_o) Fail("records read and lost are not those numbered");
  }

  // Clocks per record with a source that never pauses and a host that never waits.
  double FullLoad(uint64_t records) {
    mood_ = Quick;
    Enable();
    for (int k = 0; k < 3000; k++) Clock(true, true);
    uint64_t first = planned_total_, clock = clock_;
    while (planned_total_ < first + records) Clock(true, true);
    return double(clock_ - clock) / double(planned_total_ - first);
  }

  uint64_t made() const { return made_; }
  uint64_t read() const { return read_total_; }
  uint64_t lost() const { return lost_; }
  uint64_t clocks() const { return clock_; }
  uint64_t restarts() const { return restarts_; }
  uint64_t closings() const { return closings_made_; }
  uint64_t partly() const { return partly_; }

 private:
  static void Put(uint8_t* to, uint32_t value) { std::memcpy(to, &value, 4); }
  static uint32_t Get(const uint8_t* from) {
    uint32_t value;
    std::memcpy(&value, from, 4);
    return value;
  }

  void Enable() {
    planned_ = answered_ = read_ = 0;
    tail_ = 0;
    // Places as the host marks them: with the number just below the next.
    for (uint32_t p = 0; p < Records; p++) Put(&memory_[p * 64 + 60], next_ - 1);
    dut_.enable_i = 1;
  }

  void Disable() {
    dut_.enable_i = 0;
    Clock(false, true);
    for (int k = 0; !dut_.drained_o; k++) {
      if (k > 100000) Fail("it does not drain");
      Clock(rng_.Chance(mood_.event), true);
    }
    if (open_ != closed_) Fail("drained with bursts under way");
    while (read_ != tail_) Read();
    if (read_ != planned_) Fail("drained, but the tail does not count every record");
    read_valid_ = false;
    restarts_++;
  }

  void Finish() {
    uint64_t limit = clock_ + 1000000;
    while (read_total_ + lost_ != dut_.numbered_o) {
      Clock(false, true);
      if (clock_ > limit) Fail("records do not arrive");
    }
  }

  // One clock edge.
  void Clock(bool event, bool reads) {
    // One trip and one end under way at a time, as on the card: so none replaces another, and every one must come.
    bool trip = event && !closing_[0] && rng_.Chance(1), end = end_next_ || (event && !closing_[1] && rng_.Chance(1));
    end_next_ = false;
    closing_[0] |= trip;
    closing_[1] |= end;
    closings_made_ += trip + end;
    dut_.decision_i = event;
    dut_.decision_site_i = static_cast<uint32_t>(rng_.Next());
    dut_.trip_i = trip;
    dut_.end_i = end;
    dut_.time_i = clock_;
    if (event) {
      expected_[dut_.numbered_o & (expected_.size() - 1)] = {dut_.decision_site_i, clock_};
      made_++;
    }
    dut_.awready_i = rng_.Chance(mood_.address_ready);
    dut_.wready_i = rng_.Chance(mood_.data_ready);
    dut_.bvalid_i = 0;
    if (closed_ != open_) {
      Burst& oldest = bursts_[closed_ & 255];
      if (oldest.taken == oldest.beats && oldest.due <= clock_) Answer(oldest);
    }
    dut_.read_valid_i = read_valid_;
    dut_.read_count_i = read_;
    read_valid_ = false;
    dut_.eval();
    // What this edge takes.
    bool address = dut_.awvalid_o && dut_.awready_i;
    if (dut_.awvalid_o && !address_seen_) {
      Offer(dut_.awaddr_o, dut_.awlen_o + 1);
      address_seen_ = true;
    }
    if (address) address_seen_ = false;
    if (dut_.wvalid_o && dut_.wready_i) Take();
    dut_.clk_i = 1;
    dut_.eval();
    dut_.clk_i = 0;
    dut_.eval();
    if (dut_.error_o) Fail("error " + std::to_string(dut_.error_o));
    clock_++;
    Show();
    if (reads && clock_ >= look_) {
      Read();
      look_ = clock_ + 1 + rng_.Below(mood_.read_pause);
    }
  }

  static bool IsTail(const Burst& burst) { return burst.address == (Tail & ~uint64_t(BusBytes - 1)); }

  void Offer(uint64_t address, int beats) {
    if (open_ - closed_ >= 200) Fail("too many bursts without answer");
    Burst& burst = bursts_[open_++ & 255];
    burst.address = address;
    burst.beats = beats;
    burst.taken = burst.shown = 0;
    burst.visible = 0;
    if (IsTail(burst)) return;
    if (address / 4096 != (address + beats * BusBytes - 1) / 4096) Fail("a burst crosses 4 KiB");
    if (address != Base + 64 * (planned_ & (Records - 1))) Fail("a burst is not at its place");
    planned_ += beats / Beats;
    planned_total_ += beats / Beats;
    if (planned_ - read_ > Records) Fail("written where the host has not read");
  }

  void Take() {
    while (taking_ != open_ && bursts_[taking_ & 255].taken == bursts_[taking_ & 255].beats) taking_++;
    if (taking_ == open_) Fail("data before their address");
    Burst& burst = bursts_[taking_ & 255];
    Beat& beat = burst.beat[burst.taken++];
    std::memcpy(beat.data, &dut_.wdata_o, BusBytes);
    beat.strobes = dut_.wstrb_o;
    if (bool(dut_.wlast_o) != (burst.taken == burst.beats)) Fail("wlast is wrong");
    burst.due = clock_ + 1 + rng_.Below(mood_.answer_clocks);
  }

  void ShowBeat(Burst& burst, int k) {
    burst.visible |= 1ull << k;
    burst.shown++;
    const Beat& beat = burst.beat[k];
    if (IsTail(burst)) {
      if (beat.strobes != 0xF << (Tail & (BusBytes - 1))) Fail("a tail has wrong strobes");
      uint32_t tail = Get(beat.data);
      if (tail - tail_ > Records || answered_ - tail > Records) Fail("the tail counts what was not answered");
      tail_ = tail;
      return;
    }
    if (beat.strobes != 0xFFFF) Fail("a record has wrong strobes");
    std::memcpy(&memory_[burst.address - Base + k * BusBytes], beat.data, BusBytes);
  }

  // Any beat of the oldest burst that is not wholly visible.
  void Show() {
    if (!rng_.Chance(mood_.show)) return;
    if (showing_ < closed_) showing_ = closed_;
    while (showing_ != open_ && bursts_[showing_ & 255].shown == bursts_[showing_ & 255].beats) showing_++;
    if (showing_ == open_) return;
    Burst& burst = bursts_[showing_ & 255];
    if (burst.shown == burst.taken) return;
    int k = rng_.Below(burst.taken);
    while (burst.visible >> k & 1) k = k + 1 == burst.taken ? 0 : k + 1;
    ShowBeat(burst, k);
  }

  void Answer(Burst& burst) {
    for (int k = 0; k < burst.beats; k++)
      if (!(burst.visible >> k & 1)) ShowBeat(burst, k);
    if (!IsTail(burst)) answered_ += burst.beats / Beats;
    closed_++;
    dut_.bvalid_i = 1;
    dut_.bresp_i = 0;
  }

  // As EventRing.cs does, and looks at the record that comes next before the tail counts it.
  void Read() {
    if (read_ == tail_) {
      const uint8_t* place = &memory_[(read_ & (Records - 1)) * 64];
      if (int32_t(Get(place + 60) - next_) >= 0) partly_++;  // its number shows before the tail does
      return;
    }
    uint32_t before = read_;
    for (; read_ != tail_; read_++) {
      const uint8_t* place = &memory_[(read_ & (Records - 1)) * 64];
      uint32_t number = Get(place + 60), skipped = number - next_;
      if (int32_t(skipped) < 0) Fail("the tail counts a record that is not visible");
      Check(place, number);
      lost_ += skipped;
      next_ = number + 1;
      read_total_++;
    }
    read_valid_ = read_ != before;
  }

  void Check(const uint8_t* record, uint32_t number) {
    last_kind_ = record[0];
    if (record[0] == 4 || record[0] == 5) {
      closings_read_++;
      closing_[record[0] - 4] = false;
      // At a closing record, dropped records are those that the gaps have shown so far.
      if (Get(record + 40) != lost_ + (number - next_)) Fail("a closing record counts other drops than the gaps show");
      return;
    }
    const Expected& e = expected_[number & (expected_.size() - 1)];
    uint32_t site = e.site, words[16] = {};
    words[0] = 1u | (site & 0xFF) << 8 | 1u << 16 | 9u << 24;
    words[1] = site;
    words[2] = static_cast<uint32_t>(e.time);
    words[3] = static_cast<uint32_t>(e.time >> 32);
    words[4] = site;
    words[5] = ~site;
    words[6] = ~site;
    for (int k = 0; k < 4; k++) words[7 + k] = k % 2 ? ~site : site;
    words[15] = number;
    if (std::memcmp(words, record, 64) != 0) Fail("record " + std::to_string(number) + " is not the one that was made");
  }

  struct Expected {
    uint32_t site;
    uint64_t time;
  };

  Vevent_path dut_;
  Random rng_;
  std::vector<uint8_t> memory_;
  std::vector<Expected> expected_;
  std::vector<Burst> bursts_;
  Mood mood_ = Moods[0];
  uint64_t open_ = 0, taking_ = 0, showing_ = 0, closed_ = 0;  // bursts offered, taking data, showing, answered
  bool address_seen_ = false, read_valid_ = false, end_next_ = false, closing_[2] = {};
  uint32_t planned_ = 0, answered_ = 0, read_ = 0, tail_ = 0, next_ = 0;
  uint64_t clock_ = 0, look_ = 0, made_ = 0, planned_total_ = 0, read_total_ = 0, lost_ = 0, restarts_ = 0, partly_ = 0;
  uint64_t closings_made_ = 0, closings_read_ = 0;
  int last_kind_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: event_bench EVENTS SEED\n");
    return 2;
  }
  uint64_t events = std::strtoull(argv[1], nullptr, 10), seed = std::strtoull(argv[2], nullptr, 10);
  std::printf("seed=%" PRIu64 "\n", seed);
  std::fflush(stdout);
  Bench life(seed);
  life.Live(events);
  Bench load(seed);
  // (a bench of its own: numbers from 0)
  double clocks = load.FullLoad(events < 100000 ? events : 100000);
  std::printf("events=%" PRIu64 " read=%" PRIu64 " dropped=%" PRIu64 " closing=%" PRIu64 " restarts=%" PRIu64 " early_numbers=%" PRIu64
              " clocks=%" PRIu64 " clocks_per_record=%.4f\n",
              life.made(), life.read(), life.lost(), life.closings(), life.restarts(), life.partly(), life.clocks(), clocks);
  return 0;
}
