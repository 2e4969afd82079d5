#include "workers/checkpoints/pickle.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "schemas/error.h"
#include "workers/checkpoints/pickle_input.h"

namespace camsweep {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kItemsPerValue = 5;  // of all lists, tuples and dicts together, on average
constexpr int kNewestProtocol = 5;

class Machine {
 public:
  Machine(std::string_view bytes, const std::string& file_name, size_t max_values)
      : in_(bytes, file_name), max_values_(max_values) {}

  Pickle run() {
    while (step()) {
    }
    pickle_.bytes = in_.offset();
    return std::move(pickle_);
  }

 private:
  // One instruction; false at STOP.
  bool step() {
    const uint8_t opcode = in_.byte();
    if (opcode == '.') {
      pickle_.root = pop();
      return false;
    }
    if (!framing(opcode) && !constant(opcode) && !text(opcode) && !stack(opcode) && !memo(opcode) &&
        !container(opcode) && !object(opcode)) {
      in_.fail(fmt::format("its pickle has the unknown instruction 0x{:02x}", opcode));
    }
    return true;
  }

  bool framing(uint8_t opcode) {
    if (opcode == 0x80) {  // PROTO
      const int protocol = in_.byte();
      if (protocol > kNewestProtocol) in_.fail(fmt::format("it is a pickle of the unknown protocol {}", protocol));
      return true;
    }
    if (opcode != 0x95) return false;  // FRAME, of no meaning to a reader that has all bytes
    in_.little_endian(8);
    return true;
  }

  bool constant(uint8_t opcode) {
    switch (opcode) {
      case 'N':
        push({});
        return true;
      case 0x88:  // NEWTRUE
      case 0x89:  // NEWFALSE
        push({.kind = Kind::kBool, .integer = opcode == 0x88});
        return true;
      case 'I':
        push_decimal(in_.line());
        return true;
      case 'L': {
        std::string_view digits = in_.line();
        if (digits.ends_with('L')) digits.remove_suffix(1);
        push_decimal(digits);
        return true;
      }
      case 'J':
        push({.kind = Kind::kInteger, .integer = static_cast<int32_t>(in_.little_endian(4))});
        return true;
      case 'K':
        push({.kind = Kind::kInteger, .integer = in_.byte()});
        return true;
      case 'M':
        push({.kind = Kind::kInteger, .integer = static_cast<int64_t>(in_.little_endian(2))});
        return true;
      case 0x8a:  // LONG1
        push_long(in_.take(in_.byte()));
        return true;
      case 0x8b:  // LONG4
        push_long(in_.take(in_.little_endian(4)));
        return true;
      case 'F':
        push({.kind = Kind::kReal, .real = std::strtod(std::string(in_.line()).c_str(), nullptr)});
        return true;
      case 'G':
        push({.kind = Kind::kReal, .real = std::bit_cast<double>(in_.big_endian(8))});
        return true;
      default:
        return false;
    }
  }

  bool text(uint8_t opcode) {
    switch (opcode) {
      case 'S':  // STRING, in quotes
      case 'V':  // UNICODE, with escapes; both as they stand but for the quotes
        push_text(Kind::kText, unquoted(in_.line()));
        return true;
      case 'X':  // BINUNICODE
      case 'T':  // BINSTRING
        push_text(Kind::kText, in_.take(in_.little_endian(4)));
        return true;
      case 0x8c:  // SHORT_BINUNICODE
      case 'U':   // SHORT_BINSTRING
        push_text(Kind::kText, in_.take(in_.byte()));
        return true;
      case 0x8d:  // BINUNICODE8
        push_text(Kind::kText, in_.take(in_.little_endian(8)));
        return true;
      case 'B':  // BINBYTES
        push_text(Kind::kBytes, in_.take(in_.little_endian(4)));
        return true;
      case 'C':  // SHORT_BINBYTES
        push_text(Kind::kBytes, in_.take(in_.byte()));
        return true;
      case 0x8e:  // BINBYTES8
      case 0x96:  // BYTEARRAY8
        push_text(Kind::kBytes, in_.take(in_.little_endian(8)));
        return true;
      default:
        return false;
    }
  }

  bool stack(uint8_t opcode) {
    switch (opcode) {
      case '(':
        marks_.push_back(stack_.size());
        if (marks_.size() > max_values_) in_.fail("its pickle has too many marks");
        return true;
      case '0':
        // A POP right after MARK takes the mark away.
        if (!marks_.empty() && marks_.back() == stack_.size()) {
          marks_.pop_back();
        } else {
          pop();
        }
        return true;
      case '1':  // POP_MARK
        to_mark();
        return true;
      case '2': {  // DUP
        const PickleIndex top = pop();
        stack_.push_back(top);
        push_index(top);
        return true;
      }
      default:
        return false;
    }
  }

  bool memo(uint8_t opcode) {
    switch (opcode) {
      case 'g':
        recall(decimal(in_.line()));
        return true;
      case 'h':
        recall(in_.byte());
        return true;
      case 'j':
        recall(in_.little_endian(4));
        return true;
      case 'p':
        remember(decimal(in_.line()));
        return true;
      case 'q':
        remember(in_.byte());
        return true;
      case 'r':
        remember(in_.little_endian(4));
        return true;
      case 0x94:  // MEMOIZE
        remember(memo_.size());
        return true;
      default:
        return false;
    }
  }

  bool container(uint8_t opcode) {
    switch (opcode) {
      case ']':
      case 0x8f:  // EMPTY_SET
        push({.kind = Kind::kList});
        return true;
      case ')':
        push({.kind = Kind::kTuple});
        return true;
      case '}':
        push({.kind = Kind::kDict});
        return true;
      case 0x85:  // TUPLE1 to TUPLE3
      case 0x86:
      case 0x87:
        push_items(Kind::kTuple, take(opcode - 0x84));
        return true;
      case 't':
        push_items(Kind::kTuple, to_mark());
        return true;
      case 'l':
      case 0x91:  // FROZENSET
        push_items(Kind::kList, to_mark());
        return true;
      case 'd':
        push_items(Kind::kDict, pairs(to_mark()));
        return true;
      case 'a':
        extend(Kind::kList, take(1));
        return true;
      case 'e':
      case 0x90:  // ADDITEMS
        extend(Kind::kList, to_mark());
        return true;
      case 's':
        extend(Kind::kDict, take(2));
        return true;
      case 'u':
        extend(Kind::kDict, pairs(to_mark()));
        return true;
      default:
        return false;
    }
  }

  bool object(uint8_t opcode) {
    switch (opcode) {
      case 'c': {
        const std::string_view module = in_.line();
        push_global(module, in_.line());
        return true;
      }
      case 0x93: {  // STACK_GLOBAL
        const std::vector<PickleIndex> names = take(2);
        push_global(text_of(names[0]), text_of(names[1]));
        return true;
      }
      case 0x82:  // EXT1, EXT2, EXT4: a global by a number that only its writer knows
      case 0x83:
      case 0x84:
        push_global("extension", std::to_string(in_.little_endian(opcode == 0x84 ? 4 : opcode - 0x81)));
        return true;
      case 'P':
        push_text(Kind::kText, in_.line());
        push_items(Kind::kPersistent, take(1));
        return true;
      case 'Q':
        push_items(Kind::kPersistent, take(1));
        return true;
      case 'R':
      case 0x81:  // NEWOBJ
        call(take(2));
        return true;
      case 0x92: {  // NEWOBJ_EX, whose third is keyword arguments
        std::vector<PickleIndex> parts = take(3);
        parts.pop_back();
        call(parts);
        return true;
      }
      case 'o': {  // OBJ
        const std::vector<PickleIndex> parts = to_mark();
        if (parts.empty()) in_.fail("its pickle builds an object of nothing");
        push_items(Kind::kTuple, {parts.begin() + 1, parts.end()});
        call({parts[0], pop()});
        return true;
      }
      case 'i': {  // INST
        const std::string_view module = in_.line();
        const std::string_view name = in_.line();
        push_items(Kind::kTuple, to_mark());
        const PickleIndex arguments = pop();
        push_global(module, name);
        call({pop(), arguments});
        return true;
      }
      case 'b': {
        const PickleIndex state = pop();
        top().state = state;
        return true;
      }
      default:
        return false;
    }
  }

  // An OrderedDict is a dict; every other call stays a description.
  void call(const std::vector<PickleIndex>& parts) {
    const PickleValue& callee = pickle_.values[parts[0]];
    if (callee.kind == Kind::kGlobal && callee.text == "collections.OrderedDict") {
      push_items(Kind::kDict, ordered_pairs(parts[1]));
    } else {
      push_items(Kind::kCall, parts);
    }
  }

  // OrderedDict's arguments: none, or one list of pairs (Python 2).
  std::vector<PickleIndex> ordered_pairs(PickleIndex arguments) {
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

  // Containers of unknown classes take their items through the same instructions: theirs are let go.
  void extend(Kind kind, const std::vector<PickleIndex>& items) {
    PickleValue& target = top();
    if (target.kind == Kind::kCall) return;
    if (target.kind != kind) in_.fail("its pickle puts items into what is no container of this kind");
    count_items(items.size());
    target.items.insert(target.items.end(), items.begin(), items.end());
  }

  std::vector<PickleIndex> pairs(std::vector<PickleIndex> items) {
    if (items.size() % 2 != 0) in_.fail("its pickle has a key without a value");
    return items;
  }

  void push(PickleValue value) {
    if (pickle_.values.size() == max_values_) {
      in_.fail(fmt::format("its pickle has more than {} values, more than any network's weights need", max_values_));
    }
    pickle_.values.push_back(std::move(value));
    push_index(static_cast<PickleIndex>(pickle_.values.size() - 1));
  }

  void push_index(PickleIndex index) {
    if (stack_.size() == max_values_) in_.fail("its pickle's stack is too deep");
    stack_.push_back(index);
  }

  void push_items(Kind kind, std::vector<PickleIndex> items) {
    count_items(items.size());
    PickleValue value;
    value.kind = kind;
    value.items = std::move(items);
    push(std::move(value));
  }

  void push_text(Kind kind, std::string_view text) { push({.kind = kind, .text = text}); }

  void push_global(std::string_view module, std::string_view name) {
    own_text(fmt::format("{}.{}", module, name), Kind::kGlobal);
  }

  void own_text(std::string text, Kind kind) {
    owned_bytes_ += text.size();
    if (owned_bytes_ > kMaxOwnedBytes) in_.fail("its pickle names too many globals");
    pickle_.texts.push_back(std::move(text));
    push_text(kind, pickle_.texts.back());
  }

  // Two's complement, little endian, any length.
  void push_long(std::string_view bytes) {
    if (bytes.size() > 8) return push_text(Kind::kBytes, bytes);
    uint64_t number = !bytes.empty() && (bytes.back() & 0x80) != 0 ? ~uint64_t{0} : 0;
    for (size_t i = bytes.size(); i-- > 0;) number = number << 8 | static_cast<uint8_t>(bytes[i]);
    push({.kind = Kind::kInteger, .integer = static_cast<int64_t>(number)});
  }

  void push_decimal(std::string_view digits) {
    if (digits == "00" || digits == "01") return push({.kind = Kind::kBool, .integer = digits == "01"});
    int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc::result_out_of_range) return push_text(Kind::kBytes, digits);
    if (error != std::errc() || end != digits.data() + digits.size()) in_.fail("its pickle has a number that is none");
    push({.kind = Kind::kInteger, .integer = number});
  }

  uint64_t decimal(std::string_view digits) {
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || end != digits.data() + digits.size()) in_.fail("its pickle has a number that is none");
    return number;
  }

  static std::string_view unquoted(std::string_view text) {
    const bool quoted =
        text.size() >= 2 && (text.front() == '\'' || text.front() == '"') && text.back() == text.front();
    return quoted ? text.substr(1, text.size() - 2) : text;
  }

  std::string_view text_of(PickleIndex index) {
    const PickleValue& value = pickle_.values[index];
    if (value.kind != Kind::kText) in_.fail("its pickle names a global by what is no text");
    return value.text;
  }

  PickleIndex pop() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) in_.fail("its pickle takes from an empty stack");
    const PickleIndex index = stack_.back();
    stack_.pop_back();
    return index;
  }

  PickleValue& top() {
    const PickleIndex index = pop();
    stack_.push_back(index);
    return pickle_.values[index];
  }

  std::vector<PickleIndex> take(size_t count) {
    std::vector<PickleIndex> items(count);
    for (size_t i = count; i-- > 0;) items[i] = pop();
    return items;
  }

  std::vector<PickleIndex> to_mark() {
    if (marks_.empty()) in_.fail("its pickle looks for a mark that is not there");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<PickleIndex> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }

  void remember(uint64_t slot) {
    if (slot >= max_values_) in_.fail("its pickle remembers too many values");
    const PickleIndex index = pop();
    stack_.push_back(index);
    if (slot >= memo_.size()) memo_.resize(slot + 1, kNoPickle);
    memo_[slot] = index;
  }

  void recall(uint64_t slot) {
    if (slot >= memo_.size() || memo_[slot] == kNoPickle) in_.fail("its pickle recalls what it never remembered");
    push_index(memo_[slot]);
  }

  void count_items(size_t count) {
    items_ += count;
    if (items_ > kItemsPerValue * max_values_) in_.fail("its pickle has too many items");
  }

  static constexpr size_t kMaxOwnedBytes = 8'000'000;

  PickleInput in_;
  size_t max_values_;
  Pickle pickle_;
  std::vector<PickleIndex> stack_;
  std::vector<size_t> marks_;
  std::vector<PickleIndex> memo_;
  size_t items_ = 0;
  size_t owned_bytes_ = 0;
};

}  // namespace

Pickle read_pickle(std::string_view bytes, const std::string& file_name, size_t max_values) {
  return Machine(bytes, file_name, max_values).run();
}

}  // namespace camsweep
