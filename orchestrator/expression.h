#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "schemas/json.h"

namespace camsweep {

// An expression of `derive`: numbers, 'texts', true, false, parameter names; + - * / %, unary minus, comparisons,
// and or not (also && || !), min(..), max(..), condition ? a : b. Binds as in C. No calls, no code.
class Expression {
 public:
  // Throws ConfigError naming the column in the text and what is expected there.
  explicit Expression(const std::string& text);
  ~Expression();
  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;

  const std::set<std::string>& names() const { return names_; }

  // The value of a parameter by name; called for those in names() alone.
  using Lookup = std::function<const Json&(const std::string&)>;
  // Arithmetic is in double precision, whole results are integers. Throws ConfigError: division by zero, a text where
  // a number is needed, a condition that is neither true nor false.
  Json evaluate(const Lookup& lookup) const;

  struct Node;

 private:
  std::unique_ptr<Node> root_;
  std::set<std::string> names_;
};

}  // namespace camsweep
