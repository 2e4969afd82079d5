#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "schemas/error.h"
#include "workers/data/dataset_kinds.h"
#include "workers/data/random.h"

// Drawn shapes, made on the fly from (seed, split, index): for tests, and where no photographs are. Keys of the block:
// `classes` (4), `train`, `val`, `test` (images per class: 64, 16, 16), `side` (96 px), `seed` (0).
namespace camsweep {
namespace {

// Whether a point lies in a shape that fills [-1, 1] x [-1, 1].
using Shape = bool (*)(double x, double y);
constexpr int kShapes = 5;
constexpr std::array<Shape, kShapes> kInside = {
    [](double x, double y) { return x * x + y * y <= 1; },                               // disc
    [](double x, double y) { return std::abs(x) <= 1 && std::abs(y) <= 1; },             // square
    [](double x, double y) { return y <= 1 && y >= -1 && std::abs(x) <= (y + 1) / 2; },  // triangle
    [](double x, double y) {
      const double nearer = std::min(std::abs(x), std::abs(y));
      return nearer <= 0.35 && std::max(std::abs(x), std::abs(y)) <= 1;
    },  // cross
    [](double x, double y) {
      const double r = x * x + y * y;
      return r <= 1 && r >= 0.45;
    },  // ring
};
constexpr std::array<std::string_view, kShapes> kShapeNames = {"disc", "square", "triangle", "cross", "ring"};

// More classes than shapes: each further round of shapes has its own hue.
struct Colour {
  int r, g, b;
};
constexpr std::array<Colour, 6> kHues = {
    {{220, 60, 50}, {60, 90, 220}, {240, 200, 40}, {60, 180, 90}, {170, 70, 190}, {240, 240, 240}}};
constexpr int kMaxClasses = kShapes * static_cast<int>(kHues.size());

struct Placement {
  double x, y, half;
};

Placement place(int side, Random& random) {
  const double half = random.uniform(0.15, 0.35) * side;
  return {random.uniform(half, side - half), random.uniform(half, side - half), half};
}

// Calls use(x, y) for every pixel whose centre lies in the shape of class `label`.
template <class Use>
void for_each_pixel(int label, const Placement& at, int side, const Use& use) {
  const Shape inside = kInside[static_cast<size_t>(label % kShapes)];
  const auto first = [](double centre, double half) { return std::max(0, static_cast<int>(centre - half)); };
  const auto last = [&](double centre) { return std::min(side - 1, static_cast<int>(centre + at.half)); };
  for (int y = first(at.y, at.half); y <= last(at.y); ++y) {
    for (int x = first(at.x, at.half); x <= last(at.x); ++x) {
      if (inside((x + 0.5 - at.x) / at.half, (y + 0.5 - at.y) / at.half)) use(x, y);
    }
  }
}

Box box_of(int label, const Placement& at, int side) {
  Box box{side, side, 0, 0};
  for_each_pixel(label, at, side, [&](int x, int y) {
    box = {std::min(box.x0, x), std::min(box.y0, y), std::max(box.x1, x), std::max(box.y1, y)};
  });
  return box;
}

class SynthDataset : public Dataset {
 public:
  explicit SynthDataset(const Json& spec) : seed_(spec.value("seed", uint64_t{0})), side_(spec.value("side", 96)) {
    classes_ = spec.value("classes", 4);
    if (classes_ < 1 || classes_ > kMaxClasses) {
      throw ConfigError(fmt::format("dataset.classes is {}; allowed for synth: 1 to {}", classes_, kMaxClasses));
    }
    for (int label = 0; label < classes_; ++label) {
      class_names_.push_back(fmt::format("{}-{}", kShapeNames[static_cast<size_t>(label % kShapes)], label / kShapes));
    }
    add(Split::kTrain, spec.value("train", 64));
    add(Split::kVal, spec.value("val", 16));
    add(Split::kTest, spec.value("test", 16));
  }

  Image image(const Sample& sample) const override {
    Random random = stream(sample);
    const Placement at = place(side_, random);
    Image image = background(random);
    draw(image, sample.label, at, random);
    return image;
  }

 private:
  void add(Split split, int per_class) {
    for (int index = 0; index < per_class * classes_; ++index) {
      Sample sample;
      sample.id = fmt::format("{}/{:06}.png", split_name(split), index);
      sample.label = index % classes_;
      sample.width = side_;
      sample.height = side_;
      Random random = stream(sample);
      sample.boxes = {box_of(sample.label, place(side_, random), side_)};
      splits_[static_cast<size_t>(split)].push_back(std::move(sample));
    }
  }

  Random stream(const Sample& sample) const {
    const size_t slash = sample.id.find('/');
    const uint64_t split = sample.id.starts_with("train") ? 0 : sample.id.starts_with("val") ? 1 : 2;
    return Random(seed_, Purpose::kSynth, split, std::stoull(sample.id.substr(slash + 1)));
  }

  // A sloped grey with noise, so that neither the mean colour nor an edge detector gives the shape away.
  Image background(Random& random) const {
    Image image{.width = side_, .height = side_, .rgb = {}};
    image.rgb.reserve(size_t{3} * side_ * side_);
    const double level = random.uniform(70, 150);
    const double slope_x = random.uniform(-40, 40);
    const double slope_y = random.uniform(-40, 40);
    for (int y = 0; y < side_; ++y) {
      for (int x = 0; x < side_; ++x) {
        const double base = level + slope_x * x / side_ + slope_y * y / side_;
        for (int c = 0; c < 3; ++c) {
          image.rgb.push_back(static_cast<uint8_t>(std::clamp(base + random.uniform(-25, 25), 0.0, 255.0)));
        }
      }
    }
    return image;
  }

  void draw(Image& image, int label, const Placement& at, Random& random) const {
    const Colour hue = kHues[static_cast<size_t>(label / kShapes)];
    for_each_pixel(label, at, side_, [&](int x, int y) {
      uint8_t* pixel = image.rgb.data() + size_t{3} * (static_cast<size_t>(y) * side_ + x);
      const double shade = random.uniform(0.85, 1.0);
      pixel[0] = static_cast<uint8_t>(hue.r * shade);
      pixel[1] = static_cast<uint8_t>(hue.g * shade);
      pixel[2] = static_cast<uint8_t>(hue.b * shade);
    });
  }

  uint64_t seed_;
  int side_;
};

}  // namespace

std::unique_ptr<Dataset> load_synth(const Json& spec) { return std::make_unique<SynthDataset>(spec); }

}  // namespace camsweep
