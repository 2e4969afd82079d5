#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "results/plot.h"
#include "schemas/error.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

struct KindInfo {
  PlotKind kind;
  std::string name;
  std::vector<std::string> options;
};

const std::array<KindInfo, 6>& kinds() {
  static const std::array<KindInfo, 6> all = {{{PlotKind::kHistory, "history", {"metric"}},
                                               {PlotKind::kBars, "bars", {"metric", "over", "by"}},
                                               {PlotKind::kScatter, "scatter", {"x", "y"}},
                                               {PlotKind::kErf, "erf", {}},
                                               {PlotKind::kPca, "pca", {}},
                                               {PlotKind::kActivation, "activation", {}}}};
  return all;
}

const KindInfo& kind_info(const std::string& name) {
  std::vector<std::string> known;
  for (const KindInfo& info : kinds()) {
    if (info.name == name) return info;
    known.push_back(info.name);
  }
  throw ConfigError(fmt::format("unknown plot '{}'; known: {}{}", name, join(known), did_you_mean(name, known)));
}

bool any_cell(const Comparison& comparison, const std::string& metric) {
  return std::any_of(comparison.cells.begin(), comparison.cells.end(),
                     [&](const ComparedCell& cell) { return cell.metrics.contains(metric); });
}

// Along the backbones, or the first parameter that varies; grouped by the next one.
PlotSpec default_bars(const Comparison& comparison, const std::string& metric) {
  const std::vector<std::string> varying = varying_parameters(comparison.cells);
  PlotSpec spec{.kind = PlotKind::kBars, .metric = metric, .over = "backbone", .by = "", .x = "", .y = ""};
  if (!varying.empty()) spec.over = varying[0];
  if (varying.size() > 1) spec.by = varying[1];
  return spec;
}

}  // namespace

std::string PlotSpec::name() const {
  std::string text;
  for (const KindInfo& info : kinds()) {
    if (info.kind == kind) text = info.name;
  }
  for (const std::string& part : {metric, x, y, over, by}) {
    if (!part.empty()) text += "-" + part;
  }
  for (char& c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
    if (!plain) c = '_';
  }
  return text.substr(0, 120);
}

PlotSpec plot_spec(const Json& entry) {
  const std::string name = entry.is_string() ? entry.get<std::string>() : entry.begin().key();
  Json options = entry.is_string() ? Json::object() : entry.begin().value();
  if (!options.is_object()) options = Json::object();
  const KindInfo& info = kind_info(name);
  for (const auto& [option, value] : options.items()) {
    if (std::find(info.options.begin(), info.options.end(), option) != info.options.end()) continue;
    throw ConfigError(fmt::format("plot '{}' has no option '{}'{}", name, option, did_you_mean(option, info.options)));
  }
  PlotSpec spec{.kind = info.kind, .metric = "", .over = "", .by = "", .x = "", .y = ""};
  if (info.kind == PlotKind::kHistory) spec.metric = options.value("metric", "train.loss");
  if (info.kind == PlotKind::kBars) {
    spec.metric = options.value("metric", "cam.maxboxacc");
    spec.over = options.value("over", "backbone");
    spec.by = options.value("by", "");
  }
  if (info.kind == PlotKind::kScatter) {
    spec.x = options.value("x", "erf.auc");
    spec.y = options.value("y", "cam.maxboxacc");
  }
  return spec;
}

std::vector<PlotSpec> plot_specs(const Comparison& comparison) {
  std::vector<PlotSpec> specs;
  for (const Json& entry : comparison.report.value("plots", Json::array())) specs.push_back(plot_spec(entry));
  if (!specs.empty()) return specs;
  specs.push_back(plot_spec("history"));
  for (const std::string metric : {"test.top1", "cam.maxboxacc"}) {
    if (any_cell(comparison, metric)) specs.push_back(default_bars(comparison, metric));
  }
  if (any_cell(comparison, "erf.auc")) {
    if (any_cell(comparison, "cam.maxboxacc")) specs.push_back(plot_spec("scatter"));
    specs.push_back(plot_spec("erf"));
  }
  if (any_cell(comparison, "pca.rate_mean")) specs.push_back(plot_spec("pca"));
  if (any_cell(comparison, "activation.area_mean")) specs.push_back(plot_spec("activation"));
  return specs;
}

}  // namespace camsweep
