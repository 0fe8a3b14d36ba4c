// Elements of a packed port: Verilator holds it in one integer up to 64 bits and in 32-bit words above.
#pragma once
#include <cstdint>

#include "verilated.h"

namespace edge {

template <int Count, int Width>
struct Words {
  static constexpr int Length = (Count * Width + 31) / 32 + 2;
  uint32_t word[Length] = {};

  void set(int index, uint64_t value) {
    value &= Width == 64 ? ~0ULL : (1ULL << Width) - 1;
    int bit = index * Width, at = bit / 32, shift = bit % 32;
    unsigned __int128 wide = static_cast<unsigned __int128>(value) << shift;
    for (int k = 0; k < 3; k++) word[at + k] |= static_cast<uint32_t>(wide >> (32 * k));
  }

  int64_t get(int index) const {
    int bit = index * Width, at = bit / 32, shift = bit % 32;
    unsigned __int128 wide = 0;
    for (int k = 0; k < 3; k++) wide |= static_cast<unsigned __int128>(word[at + k]) << (32 * k);
    uint64_t value = static_cast<uint64_t>(wide >> shift) << (64 - Width);
    return static_cast<int64_t>(value) >> (64 - Width);
  }
};

template <int Count, int Width, typename Port>
void store(Port& port, const Words<Count, Width>& words) {
  port = static_cast<Port>(words.word[0] | static_cast<uint64_t>(words.word[1]) << 32);
}

template <int Count, int Width, std::size_t Size>
void store(VlWide<Size>& port, const Words<Count, Width>& words) {
  for (std::size_t k = 0; k < Size; k++) port[k] = words.word[k];
}

template <int Count, int Width, typename Port>
void load(const Port& port, Words<Count, Width>& words) {
  words.word[0] = static_cast<uint32_t>(port);
  words.word[1] = static_cast<uint32_t>(static_cast<uint64_t>(port) >> 32);
}

template <int Count, int Width, std::size_t Size>
void load(const VlWide<Size>& port, Words<Count, Width>& words) {
  for (std::size_t k = 0; k < Size; k++) words.word[k] = port[k];
}

template <int Count, int Width, typename Port>
void pack(Port& port, const int64_t* elements) {
  Words<Count, Width> words;
  for (int i = 0; i < Count; i++) words.set(i, static_cast<uint64_t>(elements[i]));
  store<Count, Width>(port, words);
}

template <int Count, int Width, typename Port>
void unpack(const Port& port, int64_t* elements) {
  Words<Count, Width> words;
  load<Count, Width>(port, words);
  for (int i = 0; i < Count; i++) elements[i] = words.get(i);
}

}  // namespace edge
