#include "results/palette.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace camsweep {
namespace {

struct Family {
  std::string_view name;
  std::string_view title;
  std::string_view colour;
};

constexpr std::array<Family, 7> kFamilies = {{{"replknet", "RepLKNet", "#e69f00"},
                                              {"slak", "SLaK", "#0072b2"},
                                              {"convnext", "ConvNeXt", "#009e73"},
                                              {"resnet", "ResNet", "#d55e00"},
                                              {"hornet", "HorNet", "#cc79a7"},
                                              {"densenet", "DenseNet", "#56b4e9"},
                                              {"vgg", "VGG", "#000000"}}};

// Without yellow, which is too light on white.
constexpr std::array<std::string_view, 7> kSeries = {"#0072b2", "#e69f00", "#009e73", "#cc79a7",
                                                     "#56b4e9", "#d55e00", "#000000"};

}  // namespace

std::string family_colour(std::string_view family) {
  for (const Family& known : kFamilies) {
    if (known.name == family) return std::string(known.colour);
  }
  return "#7f7f7f";
}

std::string series_colour(size_t index) { return std::string(kSeries[index % kSeries.size()]); }

std::string family_title(std::string_view family) {
  for (const Family& known : kFamilies) {
    if (known.name == family) return std::string(known.title);
  }
  return std::string(family);
}

std::string tinted(std::string_view colour, double strength) {
  std::string mixed = "#";
  for (size_t i = 1; i < 7; i += 2) {
    int channel = 0;
    std::from_chars(colour.data() + i, colour.data() + i + 2, channel, 16);
    mixed += fmt::format("{:02x}", static_cast<int>(std::lround(255 - strength * (255 - channel))));
  }
  return mixed;
}

}  // namespace camsweep
