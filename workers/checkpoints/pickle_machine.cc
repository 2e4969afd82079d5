#include "workers/checkpoints/pickle_machine.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace camsweep {
namespace {

constexpr size_t kItemsPerValue = 5;  // of all lists, tuples and dicts together, on average
constexpr size_t kMaxOwnedBytes = 8'000'000;

}  // namespace

void PickleMachine::call(const std::vector<PickleIndex>& parts) {
  const PickleValue& callee = pickle_.values[parts[0]];
  if (callee.kind == Kind::kGlobal && callee.text == "collections.OrderedDict") {
    push_items(Kind::kDict, ordered_pairs(parts[1]));
  } else {
    push_items(Kind::kCall, parts);
  }
}

std::vector<PickleIndex> PickleMachine::ordered_pairs(PickleIndex arguments) {
  std::vector<PickleIndex> flat;
  const PickleValue& tuple = pickle_.values[arguments];
  if (tuple.kind != Kind::kTuple || tuple.items.empty()) return flat;
  const PickleValue& list = pickle_.values[tuple.items[0]];
  if (list.kind != Kind::kList) return flat;
  for (const PickleIndex pair : list.items) {
    const std::vector<PickleIndex>& items = pickle_.values[pair].items;
    if (items.size() != 2) in_.fail("its pickle has an OrderedDict of what are no pairs");
    flat.insert(flat.end(), items.begin(), items.end());
  }
  return flat;
}

void PickleMachine::extend(Kind kind, const std::vector<PickleIndex>& items) {
  PickleValue& target = top();
  if (target.kind == Kind::kCall) return;
  if (target.kind != kind) in_.fail("its pickle puts items into what is no container of this kind");
  count_items(items.size());
  target.items.insert(target.items.end(), items.begin(), items.end());
}

std::vector<PickleIndex> PickleMachine::pairs(std::vector<PickleIndex> items) {
  if (items.size() % 2 != 0) in_.fail("its pickle has a key without a value");
  return items;
}

void PickleMachine::push(PickleValue value) {
  if (pickle_.values.size() == max_values_) {
    in_.fail(fmt::format("its pickle has more than {} values, more than any network's weights need", max_values_));
  }
  pickle_.values.push_back(std::move(value));
  push_index(static_cast<PickleIndex>(pickle_.values.size() - 1));
}

void PickleMachine::push_index(PickleIndex index) {
  if (stack_.size() == max_values_) in_.fail("its pickle's stack is too deep");
  stack_.push_back(index);
}

void PickleMachine::push_items(Kind kind, std::vector<PickleIndex> items) {
  count_items(items.size());
  PickleValue value;
  value.kind = kind;
  value.items = std::move(items);
  push(std::move(value));
}

void PickleMachine::push_text(Kind kind, std::string_view text) { push({.kind = kind, .text = text}); }

void PickleMachine::push_global(std::string_view module, std::string_view name) {
  own_text(fmt::format("{}.{}", module, name), Kind::kGlobal);
}

void PickleMachine::own_text(std::string text, Kind kind) {
  owned_bytes_ += text.size();
  if (owned_bytes_ > kMaxOwnedBytes) in_.fail("its pickle names too many globals");
  pickle_.texts.push_back(std::move(text));
  push_text(kind, pickle_.texts.back());
}

void PickleMachine::push_long(std::string_view bytes) {
  if (bytes.size() > 8) return push_text(Kind::kBytes, bytes);
  uint64_t number = !bytes.empty() && (bytes.back() & 0x80) != 0 ? ~uint64_t{0} : 0;
  for (size_t i = bytes.size(); i-- > 0;) number = number << 8 | static_cast<uint8_t>(bytes[i]);
  push({.kind = Kind::kInteger, .integer = static_cast<int64_t>(number)});
}

void PickleMachine::push_decimal(std::string_view digits) {
  if (digits == "00" || digits == "01") return push({.kind = Kind::kBool, .integer = digits == "01"});
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc::result_out_of_range) return push_text(Kind::kBytes, digits);
  if (error != std::errc() || end != digits.data() + digits.size()) in_.fail("its pickle has a number that is none");
  push({.kind = Kind::kInteger, .integer = number});
}

uint64_t PickleMachine::decimal(std::string_view digits) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) in_.fail("its pickle has a number that is none");
  return number;
}

std::string_view PickleMachine::text_of(PickleIndex index) {
  const PickleValue& value = pickle_.values[index];
  if (value.kind != Kind::kText) in_.fail("its pickle names a global by what is no text");
  return value.text;
}

PickleIndex PickleMachine::pop() {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) in_.fail("its pickle takes from an empty stack");
  const PickleIndex index = stack_.back();
  stack_.pop_back();
  return index;
}

PickleValue& PickleMachine::top() {
  const PickleIndex index = pop();
  stack_.push_back(index);
  return pickle_.values[index];
}

std::vector<PickleIndex> PickleMachine::take(size_t count) {
  std::vector<PickleIndex> items(count);
  for (size_t i = count; i-- > 0;) items[i] = pop();
  return items;
}

std::vector<PickleIndex> PickleMachine::to_mark() {
  if (marks_.empty()) in_.fail("its pickle looks for a mark that is not there");
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<PickleIndex> items(begin, stack_.end());
  stack_.erase(begin, stack_.end());
  marks_.pop_back();
  return items;
}

void PickleMachine::remember(uint64_t slot) {
  if (slot >= max_values_) in_.fail("its pickle remembers too many values");
  const PickleIndex index = pop();
  stack_.push_back(index);
  if (slot >= memo_.size()) memo_.resize(slot + 1, kNoPickle);
  memo_[slot] = index;
}

void PickleMachine::recall(uint64_t slot) {
  if (slot >= memo_.size() || memo_[slot] == kNoPickle) in_.fail("its pickle recalls what it never remembered");
  push_index(memo_[slot]);
}

void PickleMachine::count_items(size_t count) {
  items_ += count;
  if (items_ > kItemsPerValue * max_values_) in_.fail("its pickle has too many items");
}

}  // namespace camsweep
