#include "orchestrator/expansion.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "orchestrator/derivation.h"
#include "orchestrator/matrix.h"
#include "orchestrator/rules.h"
#include "schemas/error.h"
#include "schemas/parameters.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

std::string value_text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

// Rows on their way through the rules of a sweep file.
class Expander {
 public:
  Expander(const SweepSpec& sweep, const ExpansionOptions& options)
      : sweep_(sweep), options_(options), values_(std::make_shared<Values>(sweep)) {}

  Expansion run() {
    check_size(sweep_);
    rows_ = matrix_rows(sweep_);
    result_.rules.push_back({"matrix", rows_.size(), rows_.size()});
    exclude();
    include();
    set();
    derive(sweep_, resolver_, rows_, values_->arena);
    keep_only();
    for (Row& row : rows_) resolver_.complete(row);
    check_rows();
    result_.cells = std::move(rows_);
    result_.values = values_;
    return std::move(result_);
  }

 private:
  // What rows point at.
  struct Values {
    explicit Values(const SweepSpec& sweep) : resolver(sweep) {}
    Resolver resolver;
    std::deque<Json> arena;  // values that rules made
  };

  // A rule without effect is a mistake in the rule or in the matrix.
  void count(const std::string& rule, const Rule& source, uint64_t touched) {
    result_.rules.push_back({rule, rows_.size(), touched});
    if (touched > 0 || source.optional) return;
    if (!options_.lenient) {
      throw ConfigError(fmt::format("{}: {}: this rule matches no cell; correct it, or give it `optional: true`",
                                    source.place.text(), rule));
    }
    result_.notes.push_back(fmt::format("{} matches no cell", rule));
  }

  void exclude() {
    for (size_t i = 0; i < sweep_.exclude.size(); ++i) {
      const Matcher matcher(sweep_.exclude[i].match);
      const size_t removed = std::erase_if(rows_, [&](const Row& row) { return matcher.matches(row, resolver_); });
      count(fmt::format("exclude[{}]", i), sweep_.exclude[i], removed);
    }
  }

  void include() {
    for (size_t i = 0; i < sweep_.include.size(); ++i) {
      const Rule& rule = sweep_.include[i];
      size_t added = 0;
      for (Row& row : include_rows(sweep_, rule, values_->arena)) {
        if (!stands_already(row)) {
          rows_.push_back(std::move(row));
          ++added;
        } else if (!rule.optional && !options_.lenient) {
          throw ConfigError(
              fmt::format("{}: include[{}]: this cell is already there; remove the entry, or give it "
                          "`optional: true`",
                          rule.place.text(), i));
        }
      }
      result_.rules.push_back({fmt::format("include[{}]", i), rows_.size(), added});
    }
    if (rows_.size() * sweep_.seeds.size() > sweep_.limits.max_jobs) {
      throw ConfigError(fmt::format("{}: {} cells times {} seeds; allowed are {} (limits: {{max_jobs: N}} raises it)",
                                    sweep_.file.string(), rows_.size(), sweep_.seeds.size(), sweep_.limits.max_jobs));
    }
  }

  bool stands_already(const Row& row) const {
    return std::any_of(rows_.begin(), rows_.end(), [&](const Row& other) {
      for (size_t i = 0; i < row.size(); ++i) {
        const Json* a = resolver_.value(row, i);
        const Json* b = resolver_.value(other, i);
        if (a != b && (a == nullptr || b == nullptr || *a != *b)) return false;
      }
      return true;
    });
  }

  void set() {
    for (size_t i = 0; i < sweep_.set.size(); ++i) {
      const Matcher matcher(sweep_.set[i].match);
      size_t changed = 0;
      for (Row& row : rows_) {
        if (!matcher.matches(row, resolver_)) continue;
        for (const auto& [name, value] : sweep_.set[i].values.items()) row[parameter_position(name)] = &value;
        ++changed;
      }
      count(fmt::format("set[{}]", i), sweep_.set[i], changed);
    }
  }

  void keep_only() {
    for (const std::string& pattern : options_.only) {
      const size_t equals = pattern.find('=');
      const std::string name = pattern.substr(0, equals);
      if (equals == std::string::npos || !find_parameter(name)) {
        throw ConfigError(
            fmt::format("--only '{}': expected PARAMETER=PATTERN{}", pattern, did_you_mean(name, parameter_names())));
      }
      const std::string glob = pattern.substr(equals + 1);
      const size_t position = parameter_position(name);
      std::erase_if(rows_, [&](const Row& row) {
        const Json* value = resolver_.value(row, position);
        return value == nullptr || ::fnmatch(glob.c_str(), value_text(*value).c_str(), 0) != 0;
      });
      if (rows_.empty()) throw ConfigError(fmt::format("--only '{}' leaves no cell", pattern));
    }
    if (rows_.empty()) throw ConfigError(fmt::format("{}: no cell is left", sweep_.file.string()));
  }

  void check_rows() const {
    static const size_t kBatch = parameter_position("batch");
    static const size_t kGang = parameter_position("gang");
    static const size_t kSeed = parameter_position("seed");
    for (const Row& row : rows_) {
      for (size_t i = 0; i < row.size(); ++i) {
        if (i == kSeed || row[i] != nullptr) continue;
        throw ConfigError(
            fmt::format("{}: nothing gives '{}' a value in the cell {}: name it in `matrix` or `defaults`",
                        sweep_.file.string(), parameter_table()[i].name, label(row)));
      }
      const int64_t batch = *row[kBatch];
      const int64_t gang = *row[kGang];
      if (batch % gang != 0) {
        throw ConfigError(fmt::format("{}: batch {} is no multiple of gang {} in the cell {}", sweep_.file.string(),
                                      batch, gang, label(row)));
      }
    }
  }

  std::string label(const Row& row) const { return cell_label(sweep_, row); }

  const SweepSpec& sweep_;
  const ExpansionOptions& options_;
  std::shared_ptr<Values> values_;
  const Resolver& resolver_ = values_->resolver;
  std::vector<Row> rows_;
  Expansion result_;
};

void collect_names(const std::vector<Axis>& axes, std::set<std::string>& names) {
  for (const Axis& axis : axes) {
    names.insert(axis.name);
    for (const std::vector<Axis>& own : axis.own_axes) collect_names(own, names);
  }
}

}  // namespace

Expansion expand(const SweepSpec& sweep, const ExpansionOptions& options) { return Expander(sweep, options).run(); }

Json cell_parameters(const Row& cell) {
  static const std::vector<std::pair<std::string, size_t>> names = [] {
    std::vector<std::pair<std::string, size_t>> sorted;  // as the objects of Json are
    for (const std::string& name : parameter_names()) sorted.emplace_back(name, parameter_position(name));
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }();
  Json::object_t parameters;
  for (const auto& [name, position] : names) parameters.emplace_hint(parameters.end(), name, *cell[position]);
  return parameters;
}

std::string cell_label(const SweepSpec& sweep, const Row& cell) {
  std::set<std::string> varied;
  collect_names(sweep.axes, varied);
  for (const Rule& rule : sweep.include) {
    for (const auto& [name, _] : rule.values.items()) varied.insert(name);
  }
  std::vector<std::string> parts;
  for (const std::string& name : parameter_names()) {
    const Json* value = cell[parameter_position(name)];
    if (varied.count(name) != 0 && value != nullptr) parts.push_back(name + "=" + value_text(*value));
  }
  return parts.empty() ? "of the sweep" : join(parts);
}

}  // namespace camsweep
