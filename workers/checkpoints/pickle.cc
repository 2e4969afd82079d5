#include "workers/checkpoints/pickle.h"

#include <fmt/format.h>

#include <bit>
#include <cstdlib>
#include <utility>

#include "workers/checkpoints/pickle_machine.h"

namespace camsweep {
namespace {

constexpr int kNewestProtocol = 5;

std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && (text.front() == '\'' || text.front() == '"') && text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

// Carries out the instructions, a kind of them in a function.
class Interpreter : private PickleMachine {
 public:
  Interpreter(std::string_view bytes, const std::string& file_name, size_t max_values)
      : PickleMachine(bytes, file_name, max_values) {}

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
        !container(opcode) && !reference(opcode) && !object(opcode)) {
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

  bool reference(uint8_t opcode) {
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
      default:
        return false;
    }
  }

  bool object(uint8_t opcode) {
    switch (opcode) {
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
};

}  // namespace

Pickle read_pickle(std::string_view bytes, const std::string& file_name, size_t max_values) {
  return Interpreter(bytes, file_name, max_values).run();
}

}  // namespace camsweep
