#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "schemas/metric_names.h"
#include "schemas/parameters.h"
#include "schemas/sweep_reading.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

void check_parameter_name(const SweepReading& reading, const Json& name, const std::string& pointer) {
  const std::vector<std::string>& known = parameter_names();
  const std::string text = name;
  if (std::find(known.begin(), known.end(), text) != known.end()) return;
  reading.problem(pointer, fmt::format("found '{}', expected a parameter{}", text, did_you_mean(text, known)));
}

// Metrics that the sweep measures, and complaints about others.
class MetricCheck {
 public:
  MetricCheck(const SweepReading& reading, const SweepSpec& sweep)
      : reading_(reading), known_(metric_names(sweep.analyses)) {}

  void check(const std::string& metric, const std::string& pointer) const {
    if (std::binary_search(known_.begin(), known_.end(), metric)) return;
    const std::string analysis = analysis_of_metric(metric);
    reading_.problem(pointer, analysis.empty() ? fmt::format("found '{}', expected a metric that this sweep measures{}",
                                                             metric, did_you_mean(metric, known_))
                                               : fmt::format("no listed analysis measures '{}'; `analyses: [{}]` does",
                                                             metric, analysis));
  }

 private:
  const SweepReading& reading_;
  std::vector<std::string> known_;  // sorted
};

void check_table_values(const MetricCheck& metrics, const Json& values) {
  if (values.is_string()) return metrics.check(values, "/report/table/value");
  for (size_t i = 0; i < values.size(); ++i) metrics.check(values[i], fmt::format("/report/table/value/{}", i));
}

// Also of what a plot shows where nothing is named.
void check_plot_metrics(const MetricCheck& metrics, const Json& plot, const std::string& pointer) {
  const std::string kind = plot.is_string() ? plot.get<std::string>() : plot.begin().key();
  const Json options = plot.is_object() && plot.begin()->is_object() ? *plot.begin() : Json::object();
  const auto check = [&](const char* key, const char* otherwise) {
    metrics.check(options.value(key, otherwise),
                  options.contains(key) ? fmt::format("{}/{}/{}", pointer, kind, key) : pointer);
  };
  if (kind == "history") check("metric", "train.loss");
  if (kind == "bars") check("metric", "cam.maxboxacc");
  if (kind == "erf") metrics.check("erf.auc", pointer);
  if (kind != "scatter") return;
  check("x", "");
  check("y", "");
}

// "2 min" or a number of seconds; the schema has seen to the form.
std::optional<double> seconds(const Json& duration) {
  if (duration.is_number()) return duration.get<double>();
  const std::string text = duration;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  if (!unit.empty() && unit[0] == ' ') unit.remove_prefix(1);
  if (error != std::errc() || value <= 0) return std::nullopt;
  if (unit == "s") return value;
  if (unit == "min") return value * 60;
  if (unit == "h") return value * 3600;
  if (unit == "d") return value * 86400;
  return std::nullopt;
}

}  // namespace

void read_report(const SweepReading& reading, SweepSpec& sweep) {
  const Json* report = reading.find("report");
  if (!report) return;
  sweep.report = *report;
  const MetricCheck metrics(reading, sweep);
  if (report->contains("table")) {
    for (const std::string key : {"rows", "columns"}) {
      const Json names = report->at("table").value(key, Json::array());
      for (size_t i = 0; i < names.size(); ++i) {
        check_parameter_name(reading, names[i], fmt::format("/report/table/{}/{}", key, i));
      }
    }
    check_table_values(metrics, report->at("table").at("value"));
  }
  const Json plots = report->value("plots", Json::array());
  for (size_t i = 0; i < plots.size(); ++i) {
    check_plot_metrics(metrics, plots[i], fmt::format("/report/plots/{}", i));
    if (!plots[i].is_object() || !plots[i].contains("bars")) continue;
    for (const std::string key : {"over", "by"}) {
      if (!plots[i].at("bars").contains(key)) continue;
      check_parameter_name(reading, plots[i].at("bars").at(key), fmt::format("/report/plots/{}/bars/{}", i, key));
    }
  }
}

void read_limits(const SweepReading& reading, SweepSpec& sweep) {
  const Json* limits = reading.find("limits");
  if (!limits) return;
  const auto read_seconds = [&](const std::string& key, double& limit) {
    if (!limits->contains(key)) return;
    const std::optional<double> value = seconds(limits->at(key));
    if (!value) return reading.problem("/limits/" + key, "expected seconds, or a text like '30 s', '2 min', '1.5 h'");
    limit = *value;
  };
  read_seconds("start", sweep.limits.start_s);
  read_seconds("silence", sweep.limits.silence_s);
  read_seconds("no_step", sweep.limits.no_step_s);
  sweep.limits.max_attempts = limits->value("max_attempts", sweep.limits.max_attempts);
  sweep.limits.max_jobs = limits->value("max_jobs", sweep.limits.max_jobs);
}

}  // namespace camsweep
