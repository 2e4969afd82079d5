#include "orchestrator/derivation.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "orchestrator/expression.h"
#include "schemas/error.h"
#include "schemas/parameters.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

struct Step {
  const Derivation* source;
  Expression expression;
};

[[noreturn]] void fail(const Derivation& derivation, const std::string& sentence) {
  throw ConfigError(fmt::format("{}: derive.{}: {}", derivation.place.text(), derivation.name, sentence));
}

Expression parse(const Derivation& derivation) {
  try {
    Expression expression(derivation.expression);
    const std::vector<std::string>& known = parameter_names();
    for (const std::string& name : expression.names()) {
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        fail(derivation, fmt::format("found '{}', expected a parameter{}", name, did_you_mean(name, known)));
      }
    }
    return expression;
  } catch (const ConfigError& error) {
    if (std::string_view(error.what()).substr(0, 3) != "in ") throw;
    fail(derivation, error.what());
  }
}

// Kahn's algorithm by rounds: takes what names nothing that is still open.
std::vector<Step> in_order(const SweepSpec& sweep) {
  std::map<std::string, Step> open;
  for (const Derivation& derivation : sweep.derive) open.emplace(derivation.name, Step{&derivation, parse(derivation)});
  std::vector<Step> ordered;
  while (!open.empty()) {
    const auto ready = std::find_if(open.begin(), open.end(), [&](const auto& entry) {
      const std::set<std::string>& names = entry.second.expression.names();
      return std::none_of(names.begin(), names.end(), [&](const std::string& name) { return open.count(name) != 0; });
    });
    if (ready == open.end()) {
      std::vector<std::string> names;
      for (const auto& [name, _] : open) names.push_back(name);
      fail(*open.begin()->second.source, fmt::format("a cycle: {} need each other", join(names)));
    }
    ordered.push_back(std::move(ready->second));
    open.erase(ready);
  }
  return ordered;
}

Json evaluate(const Step& step, const Row& row, const Resolver& resolver) {
  const auto lookup = [&](const std::string& name) -> const Json& {
    const Json* value = resolver.value(row, parameter_position(name));
    if (value == nullptr) fail(*step.source, fmt::format("nothing gives '{}' a value", name));
    return *value;
  };
  try {
    return step.expression.evaluate(lookup);
  } catch (const ConfigError& error) {
    const std::string sentence = error.what();
    if (sentence.rfind(step.source->place.text(), 0) == 0) throw;
    fail(*step.source, fmt::format("{} in '{}'", sentence, step.source->expression));
  }
}

}  // namespace

void derive(const SweepSpec& sweep, const Resolver& resolver, std::vector<Row>& rows, std::deque<Json>& arena) {
  for (const Step& step : in_order(sweep)) {
    const ParameterInfo& parameter = *find_parameter(step.source->name);
    const size_t position = parameter_position(step.source->name);
    for (Row& row : rows) {
      Json value = evaluate(step, row, resolver);
      if (const auto problem = parameter_problem(parameter, value)) {
        fail(*step.source, fmt::format("{} as the result of '{}'", *problem, step.source->expression));
      }
      arena.push_back(std::move(value));
      row[position] = &arena.back();
    }
  }
}

}  // namespace camsweep
