#include <ATen/ATen.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "schemas/error.h"
#include "schemas/parameters.h"
#include "schemas/recipes.h"
#include "schemas/text.h"
#include "schemas/yaml_scalar.h"
#include "workers/commands/commands.h"
#include "workers/commands/data_commands.h"
#include "workers/localization/colour_map.h"
#include "workers/training/settings.h"

namespace camsweep {
namespace {

struct PreviewArguments {
  std::vector<std::string> images;
  std::string recipe = "cam-back-again";
  std::vector<std::string> overrides;
  std::string out;
  int side = 224;
  int samples = 8;
  uint64_t seed = 0;
};

// Every recipe field: the recipe's value, or what `--set field=value` gives it.
Json fields(const PreviewArguments& arguments) {
  Json values = recipe_values(find_recipe(arguments.recipe), /*augmentation=*/true);
  for (const std::string& text : arguments.overrides) {
    const size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    if (equals == std::string::npos || !values.contains(name)) {
      std::vector<std::string> known;
      for (const auto& [field, _] : values.items()) known.push_back(field);
      throw ConfigError(
          fmt::format("--set {}: expected FIELD=VALUE with a field of recipes{}", text, did_you_mean(name, known)));
    }
    const Json value = normalized(read_plain_scalar(text.substr(equals + 1)).value);
    if (const auto problem = parameter_problem(*find_parameter(name), value)) {
      throw ConfigError(fmt::format("--set {}: {}", name, *problem));
    }
    values[name] = value;
  }
  return values;
}

// What a network sees, as people can: the inverse of normalization.
Image visible(const at::Tensor& planes, const Normalization& normalization) {
  const int side = static_cast<int>(planes.size(1));
  Image image{.width = side, .height = side, .rgb = std::vector<uint8_t>(size_t{3} * side * side)};
  const float* value = planes.data_ptr<float>();
  for (size_t c = 0; c < 3; ++c) {
    for (size_t i = 0; i < image.rgb.size() / 3; ++i) {
      const float pixel = (*value++ * normalization.std[c] + normalization.mean[c]) * 255;
      image.rgb[3 * i + c] = static_cast<uint8_t>(std::clamp(std::lround(pixel), 0L, 255L));
    }
  }
  return image;
}

// One row of samples of a picture, after the picture itself; where the recipe mixes, a second with the same batch
// mixed.
std::vector<std::vector<Image>> rows_of(const Image& picture, uint64_t index, const PreviewArguments& arguments,
                                        const Json& values) {
  const Normalization normalization = {.mean = values.at("normalization_mean"), .std = values.at("normalization_std")};
  const Augmentation view = training_view(values);
  const MixingOptions mixing = mixing_options(values);
  at::Tensor batch = at::empty({arguments.samples, 3, arguments.side, arguments.side}, at::kFloat);
  for (int sample = 0; sample < arguments.samples; ++sample) {
    Random random(arguments.seed, Purpose::kAugmentation, static_cast<uint64_t>(sample), index);
    const Image seen = augment(picture, arguments.side, view, normalization, random);
    float* planes = batch[sample].data_ptr<float>();
    normalize_into(seen, normalization, planes);
    erase_and_hide(planes, arguments.side, view, random);
  }
  const auto row = [&](const at::Tensor& samples) {
    std::vector<Image> images = {warp(picture, arguments.side)};
    for (int sample = 0; sample < arguments.samples; ++sample) {
      images.push_back(visible(samples[sample].contiguous(), normalization));
    }
    return images;
  };
  std::vector<std::vector<Image>> rows = {row(batch)};
  if (mixing.mixup > 0 || mixing.cutmix > 0) {
    Random random(arguments.seed, Purpose::kMixing, 0, index);
    rows.push_back(row(mix_images(batch, draw_mix(mixing, batch.size(0), arguments.side, arguments.side, random))));
  }
  return rows;
}

void preview(const PreviewArguments& arguments) {
  const Json values = fields(arguments);
  std::vector<std::vector<Image>> rows;
  for (size_t i = 0; i < arguments.images.size(); ++i) {
    for (std::vector<Image>& row : rows_of(read_image(arguments.images[i]), i, arguments, values)) {
      rows.push_back(std::move(row));
    }
  }
  write_png(arguments.out, contact_sheet(rows));
  fmt::print(stderr, "wrote {}: {} of each picture after the picture itself, by the recipe {}{}\n", arguments.out,
             counted(arguments.samples, "sample", "samples"), arguments.recipe,
             rows.size() > arguments.images.size() ? "; every second row shows the same batch, mixed" : "");
}

}  // namespace

void add_preview_command(CLI::App& data) {
  CLI::App* command = data.add_subcommand("preview", "Draw what training sees of pictures: a sheet of samples.");
  const auto arguments = std::make_shared<PreviewArguments>();
  command->add_option("images", arguments->images, "JPEG or PNG files")->required()->check(CLI::ExistingFile);
  command->add_option("--recipe", arguments->recipe, "whose augmentation")
      ->check(CLI::IsMember(recipe_names()))
      ->capture_default_str();
  command->add_option("--set", arguments->overrides, "FIELD=VALUE: a field of the recipe with another value");
  command->add_option("--out", arguments->out, "PNG file to write")->required();
  command->add_option("--size", arguments->side, "side of a sample, px")
      ->check(CLI::Range(8, 4096))
      ->capture_default_str();
  command->add_option("--samples", arguments->samples, "samples of each picture")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command->add_option("--seed", arguments->seed, "seed of what is drawn")->capture_default_str();
  command->footer(
      "Examples:\n"
      "  camsweep data preview --recipe cam-back-again --out sheet.png bird.jpg\n"
      "  camsweep data preview --recipe wsol-2020 --set color_jitter=0.4 --out sheet.png bird.jpg wren.jpg");
  command->callback([arguments] { preview(*arguments); });
}

}  // namespace camsweep
