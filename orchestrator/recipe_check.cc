#include "orchestrator/recipe_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "orchestrator/expansion.h"
#include "schemas/error.h"
#include "schemas/parameters.h"

namespace camsweep {
namespace {

class Fields {
 public:
  explicit Fields(const Row& row) : row_(row) {}
  const Json& operator[](const char* name) const { return *row_[parameter_position(name)]; }
  bool is_on(const char* name) const { return (*this)[name].get<double>() > 0; }

 private:
  const Row& row_;
};

std::optional<std::string> batch_problem(const Fields& cell) {
  const int64_t batch = cell["batch"], gang = cell["gang"], parts = cell["micro_batches"];
  if (batch % (gang * parts) != 0) {
    return fmt::format("batch {} is no multiple of gang {} times micro_batches {}", batch, gang, parts);
  }
  return std::nullopt;
}

std::optional<std::string> weights_problem(const Fields& cell) {
  if (cell["weights"] == "ema" && !cell.is_on("ema")) {
    return "weights is ema, but ema is 0; allowed: a decay above 0, like 0.9999";
  }
  if (cell["weights"] == "best" && cell["select_on"] == "none") {
    return "weights is best, but select_on is none; allowed: val, or test where that is meant";
  }
  return std::nullopt;
}

// Methods step in behind blocks.
std::optional<std::string> method_problem(const Fields& cell, const BackboneVariant& variant) {
  constexpr std::string_view kFamilies[] = {"resnet", "convnext", "replknet", "slak", "hornet"};
  if (cell["wsol_method"] == "none") return std::nullopt;
  if (std::find(std::begin(kFamilies), std::end(kFamilies), variant.family) != std::end(kFamilies)) return std::nullopt;
  return fmt::format("wsol_method is {}, but {} has no blocks to step in behind; allowed: networks of the families {}",
                     cell["wsol_method"].get<std::string>(), variant.name, fmt::join(kFamilies, ", "));
}

// What changes images alone means nothing for signals.
std::optional<std::string> signals_problem(const Fields& cell) {
  if (cell["augmentation"] == true) return "augmentation is true, but it changes images; signals take false";
  for (const char* name : {"flip", "color_jitter", "random_erasing"}) {
    if (cell.is_on(name))
      return fmt::format("{} is {}, but it changes images; signals take 0", name, cell[name].dump());
  }
  if (cell["hide"] != 0) return "hide is on, but it changes images; signals take 0";
  for (const auto& [name, off] : {std::pair{"crop", "warp"}, {"rand_augment", "none"}, {"test_crop", "warp"}}) {
    if (cell[name] != off) {
      return fmt::format("{} is {}, but it changes images; signals take {}", name, cell[name].get<std::string>(), off);
    }
  }
  return std::nullopt;
}

}  // namespace

void check_recipe(const SweepSpec& sweep, const Row& row, const BackboneVariant& variant) {
  const Fields cell(row);
  std::optional<std::string> problem = batch_problem(cell);
  if (!problem) problem = weights_problem(cell);
  if (!problem) problem = method_problem(cell, variant);
  if (!problem && sweep.dataset.value("kind", "") == "signals") problem = signals_problem(cell);
  if (problem) {
    throw ConfigError(fmt::format("{}: {} (cell {})", sweep.file.string(), *problem, cell_label(sweep, row)));
  }
}

}  // namespace camsweep
