#include "orchestrator/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "schemas/error.h"

namespace camsweep {

struct Expression::Node {
  std::string operation;  // "literal", "name", "min", "max", "?:", "negate", "not", or the binary operator
  Json literal;           // of "literal"; of "name" the name
  std::vector<std::unique_ptr<Node>> operands;
};

namespace {

using Node = Expression::Node;
using NodePtr = std::unique_ptr<Node>;

constexpr int kMaxDepth = 100;

template <class... Operands>
NodePtr make_node(std::string operation, Operands... operands) {
  auto node = std::make_unique<Node>(Node{std::move(operation), nullptr, {}});
  (node->operands.push_back(std::move(operands)), ...);
  return node;
}

NodePtr make_leaf(std::string operation, Json value) {
  return std::make_unique<Node>(Node{std::move(operation), std::move(value), {}});
}

bool starts_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool continues_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Recursive descent, one function per level of binding.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  NodePtr parse() {
    NodePtr node = conditional();
    if (at_ < text_.size()) fail("an operator or the end");
    return node;
  }
  std::set<std::string> take_names() { return std::move(names_); }

 private:
  [[noreturn]] void fail(const std::string& expectation) const {
    const std::string found = at_ < text_.size() ? fmt::format("'{}'", text_.substr(at_, 12)) : "the end";
    throw ConfigError(fmt::format("in '{}', column {}: found {}, expected {}", text_, at_ + 1, found, expectation));
  }

  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }

  // Takes the first of `tokens` that stands here; words only as whole words.
  std::string take(std::initializer_list<std::string_view> tokens) {
    skip_space();
    for (const std::string_view token : tokens) {
      if (text_.substr(at_, token.size()) != token) continue;
      const size_t end = at_ + token.size();
      if (starts_name(token[0]) && end < text_.size() && continues_name(text_[end])) continue;
      at_ = end;
      skip_space();
      return std::string(token);
    }
    return "";
  }
  void need(std::string_view token) {
    if (take({token}).empty()) fail(fmt::format("'{}'", token));
  }

  NodePtr conditional() {
    if (++depth_ > kMaxDepth) fail("less nesting");
    NodePtr node = either();
    if (!take({"?"}).empty()) {
      NodePtr yes = conditional();
      need(":");
      node = make_node("?:", std::move(node), std::move(yes), conditional());
    }
    --depth_;
    return node;
  }
  NodePtr either() {
    NodePtr node = both();
    while (!take({"or", "||"}).empty()) node = make_node("or", std::move(node), both());
    return node;
  }
  NodePtr both() {
    NodePtr node = comparison();
    while (!take({"and", "&&"}).empty()) node = make_node("and", std::move(node), comparison());
    return node;
  }
  NodePtr comparison() {
    NodePtr node = sum();
    const std::string operation = take({"==", "!=", "<=", ">=", "<", ">"});
    return operation.empty() ? std::move(node) : make_node(operation, std::move(node), sum());
  }
  NodePtr sum() {
    NodePtr node = product();
    for (std::string sign = take({"+", "-"}); !sign.empty(); sign = take({"+", "-"})) {
      node = make_node(sign, std::move(node), product());
    }
    return node;
  }
  NodePtr product() {
    NodePtr node = unary();
    for (std::string sign = take({"*", "/", "%"}); !sign.empty(); sign = take({"*", "/", "%"})) {
      node = make_node(sign, std::move(node), unary());
    }
    return node;
  }
  NodePtr unary() {
    if (++depth_ > kMaxDepth) fail("less nesting");
    NodePtr node;
    if (!take({"-"}).empty()) {
      node = make_node("negate", unary());
    } else if (!take({"not", "!"}).empty()) {
      node = make_node("not", unary());
    } else {
      node = primary();
    }
    --depth_;
    return node;
  }

  NodePtr primary() {
    if (!take({"("}).empty()) {
      NodePtr node = conditional();
      need(")");
      return node;
    }
    if (!take({"true"}).empty()) return make_leaf("literal", true);
    if (!take({"false"}).empty()) return make_leaf("literal", false);
    if (const std::string call = take({"min", "max"}); !call.empty()) return extremum(call);
    skip_space();
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (c == '\'' || c == '"') return quoted(c);
    if (starts_name(c)) return name();
    return number();
  }

  NodePtr extremum(const std::string& call) {
    need("(");
    NodePtr node = make_node(call, conditional());
    while (!take({","}).empty()) node->operands.push_back(conditional());
    need(")");
    return node;
  }

  NodePtr quoted(char quote) {
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("a closing quote");
    NodePtr node = make_leaf("literal", std::string(text_.substr(at_ + 1, end - at_ - 1)));
    at_ = end + 1;
    return node;
  }

  NodePtr name() {
    const size_t start = at_;
    while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    const std::string word(text_.substr(start, at_ - start));
    names_.insert(word);
    return make_leaf("name", word);
  }

  NodePtr number() {
    double value = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc() || !std::isfinite(value)) fail("a number, a parameter, a text in quotes or '('");
    at_ = static_cast<size_t>(end - text_.data());
    return make_leaf("literal", normalized(value));
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
  std::set<std::string> names_;
};

double number_of(const Json& value) {
  if (!value.is_number()) throw ConfigError(fmt::format("found {} where a number is needed", value.dump()));
  return value.get<double>();
}

bool truth_of(const Json& value) {
  if (!value.is_boolean()) throw ConfigError(fmt::format("found {} where true or false is needed", value.dump()));
  return value.get<bool>();
}

double arithmetic(const std::string& operation, double a, double b) {
  if (operation == "+") return a + b;
  if (operation == "-") return a - b;
  if (operation == "*") return a * b;
  if (b == 0) throw ConfigError("division by zero");
  return operation == "/" ? a / b : std::fmod(a, b);
}

bool compare(const std::string& operation, const Json& a, const Json& b) {
  if (operation == "==") return a == b;
  if (operation == "!=") return a != b;
  const double left = number_of(a);
  const double right = number_of(b);
  if (operation == "<") return left < right;
  if (operation == "<=") return left <= right;
  if (operation == ">") return left > right;
  return left >= right;
}

Json value_of(const Node& node, const Expression::Lookup& lookup) {
  const std::string& operation = node.operation;
  const auto operand = [&](size_t i) { return value_of(*node.operands[i], lookup); };
  if (operation == "literal") return node.literal;
  if (operation == "name") return lookup(node.literal.get_ref<const std::string&>());
  if (operation == "?:") return truth_of(operand(0)) ? operand(1) : operand(2);
  if (operation == "or") return truth_of(operand(0)) || truth_of(operand(1));
  if (operation == "and") return truth_of(operand(0)) && truth_of(operand(1));
  if (operation == "not") return !truth_of(operand(0));
  if (operation == "negate") return -number_of(operand(0));
  if (operation == "min" || operation == "max") {
    double best = number_of(operand(0));
    for (size_t i = 1; i < node.operands.size(); ++i) {
      const double value = number_of(operand(i));
      best = operation == "min" ? std::min(best, value) : std::max(best, value);
    }
    return best;
  }
  const bool comparison = operation[0] == '=' || operation[0] == '!' || operation[0] == '<' || operation[0] == '>';
  if (comparison) return compare(operation, normalized(operand(0)), normalized(operand(1)));
  return arithmetic(operation, number_of(operand(0)), number_of(operand(1)));
}

}  // namespace

Expression::Expression(const std::string& text) {
  Parser parser(text);
  root_ = parser.parse();
  names_ = parser.take_names();
}
Expression::~Expression() = default;
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;

Json Expression::evaluate(const Lookup& lookup) const {
  Json value = normalized(value_of(*root_, lookup));
  if (value.is_number_float() && !std::isfinite(value.get<double>())) throw ConfigError("the result is not finite");
  return value;
}

}  // namespace camsweep
