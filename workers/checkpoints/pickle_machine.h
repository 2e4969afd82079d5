#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "workers/checkpoints/pickle.h"
#include "workers/checkpoints/pickle_input.h"

namespace camsweep {

// What the instructions of a pickle work on: its values, the stack with marks, the memo. Every operation checks the
// types and the limits that a reader of foreign bytes must not trust them with, and throws ConfigError beginning with
// the file's name.
class PickleMachine {
 protected:
  using Kind = PickleValue::Kind;

  PickleMachine(std::string_view bytes, const std::string& file_name, size_t max_values)
      : in_(bytes, file_name), max_values_(max_values) {}

  // New values on the stack.
  void push(PickleValue value);
  void push_index(PickleIndex index);
  void push_items(Kind kind, std::vector<PickleIndex> items);
  void push_text(Kind kind, std::string_view text);
  void push_global(std::string_view module, std::string_view name);
  // Two's complement, little endian, any length.
  void push_long(std::string_view bytes);
  void push_decimal(std::string_view digits);
  // An OrderedDict is a dict; every other call stays a description.
  void call(const std::vector<PickleIndex>& parts);
  // Containers of unknown classes take their items through the same instructions: theirs are let go.
  void extend(Kind kind, const std::vector<PickleIndex>& items);

  // Values from the stack: the top, the last `count`, those above the last mark.
  PickleIndex pop();
  PickleValue& top();
  std::vector<PickleIndex> take(size_t count);
  std::vector<PickleIndex> to_mark();

  void remember(uint64_t slot);
  void recall(uint64_t slot);

  std::vector<PickleIndex> pairs(std::vector<PickleIndex> items);
  std::string_view text_of(PickleIndex index);
  uint64_t decimal(std::string_view digits);

  PickleInput in_;
  Pickle pickle_;
  std::vector<PickleIndex> stack_;
  std::vector<size_t> marks_;
  std::vector<PickleIndex> memo_;
  size_t max_values_;

 private:
  // OrderedDict's arguments: none, or one list of pairs (Python 2).
  std::vector<PickleIndex> ordered_pairs(PickleIndex arguments);
  void own_text(std::string text, Kind kind);
  void count_items(size_t count);

  size_t items_ = 0;
  size_t owned_bytes_ = 0;
};

}  // namespace camsweep
