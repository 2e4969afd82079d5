#include "workers/data/backgrounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "schemas/error.h"
#include "workers/data/augmentation.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr int kDetail = 4;             // a photograph's shorter side is kept at this many sides of a picture
constexpr double kSmallestCrop = 0.3;  // of the shorter side of a background
constexpr int kSmallestSide = 32;
constexpr int kThumbnail = 16;
constexpr double kSameCorrelation = 0.97;
constexpr double kFlatDeviation = 2;  // grey levels
constexpr int kReduced = 128;         // px: where compression no longer decides which pixels are equal
constexpr double kDrawnShare = 0.4;   // photographs stay below 0.2
constexpr ptrdiff_t kEnoughJpegs = 4;

// The part of the random streams that no split uses.
constexpr uint64_t kSharing = 3;

std::string lower_extension(const fs::path& file) {
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension;
}

// Cameras write JPEG; what lies beside photographs as PNG is mostly drawn, and is taken only where JPEG is rare.
std::vector<fs::path> image_files(const fs::path& folder) {
  if (!fs::is_directory(folder))
    throw ConfigError(fmt::format("--backgrounds: there is no folder '{}'", folder.string()));
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string extension = lower_extension(entry.path());
    if (entry.is_regular_file() && (extension == ".jpg" || extension == ".jpeg" || extension == ".png")) {
      files.push_back(entry.path());
    }
  }
  const auto is_png = [](const fs::path& file) { return lower_extension(file) == ".png"; };
  const auto jpegs = static_cast<ptrdiff_t>(files.size()) - std::count_if(files.begin(), files.end(), is_png);
  if (jpegs >= kEnoughJpegs) std::erase_if(files, is_png);
  std::sort(files.begin(), files.end());
  return files;
}

// Brightness of a thumbnail, mean 0.
class Thumbnail {
 public:
  explicit Thumbnail(const Image& image) {
    const Image small = resize(image, kThumbnail, kThumbnail, Filter::kBilinear);
    for (size_t i = 0; i < values_.size(); ++i) {
      values_[i] = small.rgb[3 * i] + 2.0 * small.rgb[3 * i + 1] + small.rgb[3 * i + 2];
    }
    const double mean = std::accumulate(values_.begin(), values_.end(), 0.0) / static_cast<double>(values_.size());
    for (double& value : values_) value = (value - mean) / 4;
  }

  double deviation() const { return std::sqrt(product(*this) / static_cast<double>(values_.size())); }
  bool same_as(const Thumbnail& other) const {
    return product(other) > kSameCorrelation * std::sqrt(product(*this) * other.product(other));
  }

 private:
  double product(const Thumbnail& other) const {
    return std::inner_product(values_.begin(), values_.end(), other.values_.begin(), 0.0);
  }
  std::array<double, size_t{kThumbnail} * kThumbnail> values_{};
};

Image shrunk(Image image, int side) {
  const int shorter = std::min(image.width, image.height);
  const double scale = static_cast<double>(kDetail) * side / shorter;
  if (scale >= 1) return image;
  const auto scaled = [scale](int length) { return static_cast<int>(std::lround(length * scale)); };
  return resize(image, scaled(image.width), scaled(image.height), Filter::kBicubic);
}

// The share of pixels that equal their left neighbour: large areas of one colour are what drawings have.
double equal_share(const Image& image) {
  const Image small = resize(image, kReduced, kReduced, Filter::kBilinear);
  int equal = 0;
  for (size_t at = 3; at < small.rgb.size(); at += 3) {
    const uint8_t* pixel = small.rgb.data() + at;
    if (std::equal(pixel, pixel + 3, pixel - 3)) ++equal;
  }
  return static_cast<double>(equal) / (kReduced * kReduced);
}

struct Known {
  fs::path file;
  Thumbnail thumbnail;
};

// Why a photograph is of no use, or nothing.
std::string objection(const Image& image, const Thumbnail& thumbnail, const std::vector<Known>& known) {
  if (std::min(image.width, image.height) < kSmallestSide) return fmt::format("smaller than {} pixels", kSmallestSide);
  if (thumbnail.deviation() < kFlatDeviation) return "one flat colour";
  if (equal_share(image) > kDrawnShare) return "drawn, no photograph";
  for (const Known& earlier : known) {
    if (thumbnail.same_as(earlier.thumbnail))
      return fmt::format("the same picture as {}", earlier.file.filename().string());
  }
  return "";
}

}  // namespace

Backgrounds::Backgrounds(const fs::path& folder, int side, const std::array<size_t, 3>& images, uint64_t seed,
                         const Say& say) {
  std::vector<Known> known;
  for (const fs::path& file : image_files(folder)) {
    try {
      Image image = shrunk(read_image(file), side);
      const Thumbnail thumbnail(image);
      const std::string why = objection(image, thumbnail, known);
      if (!why.empty()) throw ImageError(fmt::format("{}: {}", file.string(), why));
      known.push_back({file, thumbnail});
      photographs_.push_back(std::move(image));
    } catch (const ImageError& error) {
      say(fmt::format("skipped {}", error.what()));
    }
  }
  if (photographs_.empty()) {
    throw ConfigError(
        fmt::format("--backgrounds: {} holds no photograph that can be used; expected JPEG or PNG files "
                    "without alpha",
                    folder.string()));
  }
  const auto splits = static_cast<size_t>(std::count_if(images.begin(), images.end(), [](size_t n) { return n > 0; }));
  photographs_.size() < splits ? cut_up(images) : share_out(images, seed);
}

// Each photograph goes to the split that has most images per background so far; first every split gets one.
void Backgrounds::share_out(const std::array<size_t, 3>& images, uint64_t seed) {
  std::vector<size_t> order(photographs_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  Random random(seed, Purpose::kCompose, kSharing, 0);
  for (size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[static_cast<size_t>(random.integer(0, static_cast<int64_t>(i) - 1))]);
  }
  const auto need = [&](size_t split) {
    const double shares = static_cast<double>(fields_[split].size());
    return static_cast<double>(images[split]) / (shares > 0 ? shares : 1e-9);
  };
  for (const size_t photograph : order) {
    size_t neediest = 0;
    for (const size_t split : {size_t{1}, size_t{2}}) {
      if (need(split) > need(neediest)) neediest = split;
    }
    const Image& image = photographs_[photograph];
    fields_[neediest].push_back({photograph, {.x = 0, .y = 0, .width = image.width, .height = image.height}});
  }
}

// Equal parts of the longer side, one for each split with images.
void Backgrounds::cut_up(const std::array<size_t, 3>& images) {
  const auto splits = static_cast<int>(std::count_if(images.begin(), images.end(), [](size_t n) { return n > 0; }));
  for (size_t i = 0; i < photographs_.size(); ++i) {
    const Image& image = photographs_[i];
    const bool wide = image.width >= image.height;
    const int length = std::max(image.width, image.height) / splits;
    int first = 0;
    for (size_t split = 0; split < images.size(); ++split) {
      if (images[split] == 0) continue;
      fields_[split].push_back({i, wide ? Crop{.x = first, .y = 0, .width = length, .height = image.height}
                                        : Crop{.x = 0, .y = first, .width = image.width, .height = length}});
      first += length;
    }
  }
}

Image Backgrounds::draw(Split split, int side, Random& random) const {
  const std::vector<Field>& fields = fields_[static_cast<size_t>(split)];
  CAMSWEEP_CHECK(!fields.empty(), "a split with images has backgrounds");
  const Field& field = fields[static_cast<size_t>(random.integer(0, static_cast<int64_t>(fields.size()) - 1))];
  const int shorter = std::min(field.part.width, field.part.height);
  const int length = std::max(1, static_cast<int>(shorter * random.uniform(kSmallestCrop, 1)));
  const Crop square{.x = field.part.x + static_cast<int>(random.integer(0, field.part.width - length)),
                    .y = field.part.y + static_cast<int>(random.integer(0, field.part.height - length)),
                    .width = length,
                    .height = length};
  Image picture = resize(photographs_[field.photograph], square, side, side, Filter::kBicubic);
  if (random.uniform() < 0.5) flip_horizontally(picture);
  return picture;
}

}  // namespace camsweep
