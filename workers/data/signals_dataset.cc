#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "schemas/error.h"
#include "workers/data/dataset_kinds.h"
#include "workers/data/random.h"

// One-dimensional signals of two classes, made on the fly from (seed, split, index): a sine, and a sine with normal
// noise on one segment, whose place is the sample's box. Spec protocol, 12. Keys of the block: `train`, `test` (signals
// per class: 11,200 and 4,800), `length` (100), `periods` (2), `segment` (20), `noise` (0.3), `seed` (0).
namespace camsweep {
namespace {

class SignalsDataset : public Dataset {
 public:
  explicit SignalsDataset(const Json& spec)
      : seed_(spec.value("seed", uint64_t{0})),
        length_(spec.value("length", 100)),
        segment_(spec.value("segment", 20)),
        periods_(spec.value("periods", 2.0)),
        noise_(spec.value("noise", 0.3)) {
    if (segment_ > length_) {
      throw ConfigError(fmt::format("dataset.segment is {}; allowed: at most the length, {}", segment_, length_));
    }
    classes_ = 2;
    class_names_ = {"sine", "noisy"};
    add(Split::kTrain, spec.value("train", 11'200));
    add(Split::kTest, spec.value("test", 4'800));
  }

  int signal_length() const override { return length_; }

  Image image(const Sample& sample) const override {
    throw ImageError(fmt::format("{}: is a signal, not an image", sample.id));
  }

  std::vector<float> signal(const Sample& sample) const override {
    Random random = stream(sample);
    first_of_segment(random);
    const double phase = random.uniform(0, 2 * std::numbers::pi);
    std::vector<float> values;
    for (int t = 0; t < length_; ++t) {
      double value = std::sin(2 * std::numbers::pi * periods_ * t / length_ + phase);
      if (!sample.boxes.empty() && t >= sample.boxes[0].y0 && t <= sample.boxes[0].y1) value += noise_ * normal(random);
      values.push_back(static_cast<float>(value));
    }
    return values;
  }

 private:
  void add(Split split, int per_class) {
    std::vector<Sample>& samples = splits_[static_cast<size_t>(split)];
    for (int index = 0; index < 2 * per_class; ++index) {
      Sample sample;
      sample.id = fmt::format("{}/{:06}", split_name(split), index);
      sample.label = index % 2;
      sample.width = 1;
      sample.height = length_;
      if (sample.label == 1) {
        Random random = stream(sample);
        const int first = first_of_segment(random);
        sample.boxes = {{0, first, 0, first + segment_ - 1}};
      }
      samples.push_back(std::move(sample));
    }
  }

  Random stream(const Sample& sample) const {
    const uint64_t split = sample.id.starts_with("train") ? 0 : 1;
    return Random(seed_, Purpose::kSignals, split, std::stoull(sample.id.substr(sample.id.find('/') + 1)));
  }

  // The first draw of every signal's stream.
  int first_of_segment(Random& random) const { return static_cast<int>(random.integer(0, length_ - segment_)); }

  // Box and Muller (1958).
  static double normal(Random& random) {
    const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
    return radius * std::cos(2 * std::numbers::pi * random.uniform());
  }

  uint64_t seed_;
  int length_;
  int segment_;
  double periods_;
  double noise_;
};

}  // namespace

std::unique_ptr<Dataset> load_signals(const Json& spec) { return std::make_unique<SignalsDataset>(spec); }

}  // namespace camsweep
