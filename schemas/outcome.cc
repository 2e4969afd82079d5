#include "schemas/outcome.h"

#include <cmath>
#include <limits>

namespace camsweep {
namespace {

// JSON has no NaN: null stands for every number that is not finite.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

double number(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

Json numbers(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double value : values) list.push_back(number(value));
  return list;
}

std::vector<double> numbers(const Json& json) {
  std::vector<double> values;
  for (const Json& value : json) values.push_back(number(value));
  return values;
}

Json optional(const std::optional<int>& value) { return value ? Json(*value) : Json(nullptr); }

std::optional<int> optional_integer(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(json.get<int>());
}

}  // namespace

Json to_json(const JobSuccess& success) {
  Json metrics = Json::array();
  for (const Metric& metric : success.metrics) {
    metrics.push_back({{"name", metric.name}, {"epoch", optional(metric.epoch)}, {"value", number(metric.value)}});
  }
  Json curves = Json::array();
  for (const Curve& curve : success.curves) {
    curves.push_back(
        {{"name", curve.name}, {"x_name", curve.x_name}, {"x", numbers(curve.x)}, {"y", numbers(curve.y)}});
  }
  Json artifacts = Json::array();
  for (const Artifact& artifact : success.artifacts) {
    artifacts.push_back({{"path", artifact.path},
                         {"sha256", artifact.sha256},
                         {"kind", artifact.kind},
                         {"label", artifact.label},
                         {"epoch", optional(artifact.epoch)}});
  }
  return {{"metrics", metrics}, {"curves", curves}, {"artifacts", artifacts}, {"environment", success.environment}};
}

JobSuccess success_from_json(const Json& json) {
  JobSuccess success;
  for (const Json& metric : json.at("metrics")) {
    success.metrics.push_back({.name = metric.at("name"),
                               .epoch = optional_integer(metric.at("epoch")),
                               .value = number(metric.at("value"))});
  }
  for (const Json& curve : json.at("curves")) {
    success.curves.push_back({.name = curve.at("name"),
                              .x_name = curve.at("x_name"),
                              .x = numbers(curve.at("x")),
                              .y = numbers(curve.at("y"))});
  }
  for (const Json& artifact : json.at("artifacts")) {
    success.artifacts.push_back({.path = artifact.at("path"),
                                 .sha256 = artifact.at("sha256"),
                                 .kind = artifact.at("kind"),
                                 .label = artifact.at("label"),
                                 .epoch = optional_integer(artifact.at("epoch"))});
  }
  success.environment = json.at("environment");
  return success;
}

}  // namespace camsweep
