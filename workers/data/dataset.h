#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/json.h"
#include "workers/data/image.h"

namespace camsweep {

// Corners in original pixels, inclusive; 0 <= x0 <= x1, 0 <= y0 <= y1.
struct Box {
  int x0 = 0;
  int y0 = 0;
  int x1 = 0;
  int y1 = 0;
  bool operator==(const Box&) const = default;
};

struct Sample {
  std::string id;  // path relative to the image root, e.g. "003.Sooty_Albatross/30804529724.jpg"
  int label = 0;
  std::vector<Box> boxes;          // empty where the data set has none
  std::vector<std::string> masks;  // paths for Dataset::mask()
  std::string ignore_mask;
  int width = 0;  // 0 = not in the metadata: read from the image
  int height = 0;
};

enum class Split { kTrain, kVal, kTest };
std::string_view split_name(Split split);  // "train", "val", "test"

// A data set in memory without its pixels. Immutable after load_dataset().
class Dataset {
 public:
  virtual ~Dataset() = default;
  // Decodes (or, for `synth`, draws) one image. Throws ImageError naming the file. Thread-safe.
  virtual Image image(const Sample& sample) const = 0;
  // The part of it that is chosen, with the same pixels; no more than it needs may be decoded.
  virtual Image image_part(const Sample& sample, const ChooseCrop& choose) const;
  // Samples are one-dimensional signals of so many values, seen as one column of pixels; 0: they are images.
  virtual int signal_length() const { return 0; }
  // The values of one of them. Thread-safe.
  virtual std::vector<float> signal(const Sample& sample) const;
  // Decodes one of a sample's masks. Throws ImageError naming the file. Thread-safe.
  virtual GrayImage mask(const std::string& name) const;

  const std::vector<Sample>& samples(Split split) const { return splits_[static_cast<size_t>(split)]; }
  int classes() const { return classes_; }
  const std::vector<std::string>& class_names() const { return class_names_; }  // may be empty

 protected:
  std::vector<Sample> splits_[3];
  int classes_ = 0;
  std::vector<std::string> class_names_;
};

// Opens {kind: cub | wsol | folder | synth | signals, root, images, metadata, classes, ...}; design, section 9.
// Throws ConfigError naming the file and line that is wrong or missing, or an image or class whose name is not UTF-8:
// neither a model file nor a result could hold it.
std::unique_ptr<Dataset> load_dataset(const Json& spec);

// The images of one split's folder in the metadata format of wsolevaluation (spec protocol, 8.1). Throws ConfigError
// naming file and line.
std::vector<Sample> read_wsol_split(const std::filesystem::path& folder);

}  // namespace camsweep
