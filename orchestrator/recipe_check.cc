#include "orchestrator/recipe_check.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "orchestrator/expansion.h"
#include "results/export.h"
#include "schemas/error.h"

namespace camsweep {
namespace {

// Looked up once, as a sweep may have a hundred thousand cells.
struct Positions {
  size_t batch = parameter_position("batch"), gang = parameter_position("gang"),
         micro_batches = parameter_position("micro_batches"), weights = parameter_position("weights"),
         ema = parameter_position("ema"), select_on = parameter_position("select_on"),
         wsol_method = parameter_position("wsol_method");
};

const Positions& positions() {
  static const Positions all;
  return all;
}

const std::string& text(const Row& cell, size_t position) { return cell[position]->get_ref<const std::string&>(); }

std::optional<std::string> batch_problem(const Row& cell) {
  const Positions& at = positions();
  const int64_t batch = *cell[at.batch], gang = *cell[at.gang], parts = *cell[at.micro_batches];
  if (batch % (gang * parts) != 0) {
    return fmt::format("batch {} is no multiple of gang {} times micro_batches {}", batch, gang, parts);
  }
  return std::nullopt;
}

std::optional<std::string> weights_problem(const Row& cell) {
  const Positions& at = positions();
  if (text(cell, at.weights) == "ema" && cell[at.ema]->get<double>() == 0) {
    return "weights is ema, but ema is 0; allowed: a decay above 0, like 0.9999";
  }
  if (text(cell, at.weights) == "best" && text(cell, at.select_on) == "none") {
    return "weights is best, but select_on is none; allowed: val, or test where that is meant";
  }
  return std::nullopt;
}

// Methods step in behind blocks, but for ACoL, which replaces the head.
std::optional<std::string> method_problem(const Row& cell, const BackboneVariant& variant) {
  const std::string& method = text(cell, positions().wsol_method);
  if (method == "none" || has_residual_branches(variant)) return std::nullopt;
  if (method == "acol") {
    if (!takes_signals(variant)) return std::nullopt;
    return fmt::format("wsol_method is acol, which is for images, but {} takes signals", variant.name);
  }
  return fmt::format(
      "wsol_method is {}, but {} has no residual blocks to step in behind; allowed: resnet, convnext, replknet, slak "
      "and "
      "hornet",
      method, variant.name);
}

// What changes images alone means nothing for signals.
std::optional<std::string> signals_problem(const Row& cell) {
  const auto value = [&](const char* name) -> const Json& { return *cell[parameter_position(name)]; };
  if (value("augmentation") == true) return "augmentation is true, but it changes images; signals take false";
  for (const auto& [name, off] : {std::pair<const char*, Json>{"flip", 0},
                                  {"color_jitter", 0},
                                  {"random_erasing", 0},
                                  {"hide", 0},
                                  {"crop", "warp"},
                                  {"rand_augment", "none"},
                                  {"test_crop", "warp"}}) {
    if (value(name) == off) continue;
    return fmt::format("{} is {}, but it changes images; signals take {}", name, value_text(value(name)),
                       value_text(off));
  }
  return std::nullopt;
}

}  // namespace

void check_recipe(const SweepSpec& sweep, const Row& cell, const BackboneVariant& variant) {
  std::optional<std::string> problem = batch_problem(cell);
  if (!problem) problem = weights_problem(cell);
  if (!problem) problem = method_problem(cell, variant);
  if (!problem && sweep.dataset.value("kind", "") == "signals") problem = signals_problem(cell);
  if (problem) {
    throw ConfigError(fmt::format("{}: {} (cell {})", sweep.file.string(), *problem, cell_label(sweep, cell)));
  }
}

}  // namespace camsweep
