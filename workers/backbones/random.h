#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace camsweep {

// FNV-1a, 64 bits.
uint64_t hash_name(std::string_view name);

// The i-th number (from 0) of the SplitMix64 sequence that starts at `state` (Steele et al., OOPSLA 2014).
uint64_t split_mix(uint64_t state, uint64_t i = 0);

// One well-mixed number from several, sensitive to their order.
uint64_t hash_numbers(std::initializer_list<uint64_t> numbers);

// The upper 24 bits as a number in [0, 1), exact in float32.
float unit_float(uint64_t bits);

}  // namespace camsweep
