#pragma once

#include <cstddef>
#include <cstdint>

#include "schemas/instruction_set.h"

namespace camsweep {

// Lanes of bytes that kernels work on come in whole chunks of this many.
inline constexpr size_t kChunk = 64;

// From the first to the last lane, both inside.
struct LaneSpan {
  int32_t first = 0;
  int32_t last = 0;
};

// The inner loops of the level sweep over rows of bytes, for one instruction set each. All sets give the same results;
// the generic ones are plain C++ and what the others are tested against. Arrays end with, and rows begin after, at
// least kChunk readable bytes.
struct ByteKernels {
  // Bit x of rises: row[x - 1] < row[x]; of falls: row[x - 1] > row[x]. One word per chunk.
  void (*turns)(const uint8_t* row, size_t chunks, uint64_t* rises, uint64_t* falls);
  // The first i below count with a[i] <= b[i]; count if there is none.
  int (*first_not_above)(const uint8_t* a, const uint8_t* b, int count);
  // lanes = max(lanes, by), in whole chunks and in `count` lanes.
  void (*raise)(uint8_t* lanes, const uint8_t* by, size_t chunks);
  void (*raise_range)(uint8_t* lanes, const uint8_t* by, int count);
  // The first and last lane above each level from low to high (spans[0] is low's); some lane is above high.
  void (*spans)(const uint8_t* lanes, size_t chunks, int low, int high, LaneSpan* spans);
  // Of each 2 x 2 square with the columns x - 1 and x of two rows, its third largest value and its least.
  void (*squares)(const uint8_t* upper, const uint8_t* lower, size_t chunks, uint8_t* third, uint8_t* least);
};

const ByteKernels& byte_kernels(InstructionSet set);

// Of chosen_instruction_set().
const ByteKernels& byte_kernels();

}  // namespace camsweep
