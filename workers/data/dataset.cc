#include "workers/data/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "schemas/error.h"
#include "schemas/utf8.h"
#include "workers/data/dataset_kinds.h"

namespace camsweep {

std::string_view split_name(Split split) {
  constexpr std::array<std::string_view, 3> kNames = {"train", "val", "test"};
  return kNames[static_cast<size_t>(split)];
}

GrayImage Dataset::mask(const std::string& name) const { throw ImageError(fmt::format("{}: no such mask", name)); }

Image Dataset::image_part(const Sample& sample, const ChooseCrop& choose) const {
  const Image whole = image(sample);
  return cut(whole, choose({whole.width, whole.height}));
}

std::vector<float> Dataset::signal(const Sample&) const {
  CAMSWEEP_CHECK(false, "a data set of images has no signals");
}

namespace {

void require_utf8_names(const Dataset& dataset) {
  for (const std::string& name : dataset.class_names()) require_utf8("the class", name);
  for (const Split split : {Split::kTrain, Split::kVal, Split::kTest}) {
    for (const Sample& sample : dataset.samples(split)) require_utf8("the image", sample.id);
  }
}

}  // namespace

std::unique_ptr<Dataset> load_dataset(const Json& spec) {
  std::unique_ptr<Dataset> dataset = load_unchecked(spec);
  require_utf8_names(*dataset);
  return dataset;
}

std::unique_ptr<Dataset> load_unchecked(const Json& spec) {
  const std::string kind = spec.value("kind", "");
  if (kind == "cub") return load_cub(spec);
  if (kind == "wsol") return load_wsol(spec);
  if (kind == "folder") return load_folder(spec);
  if (kind == "synth") return load_synth(spec);
  if (kind == "signals") return load_signals(spec);
  throw ConfigError(fmt::format("dataset.kind is '{}'; allowed: cub, wsol, folder, synth, signals", kind));
}

std::filesystem::path dataset_folder(const Json& spec, const std::string& name) {
  if (!spec.contains(name)) throw ConfigError(fmt::format("dataset.{} is missing", name));
  std::filesystem::path folder = spec.at(name).get<std::string>();
  if (!std::filesystem::is_directory(folder)) {
    throw ConfigError(fmt::format("dataset.{}: there is no folder '{}'", name, folder.string()));
  }
  return folder;
}

void FileDataset::count_classes(const Json& spec) {
  int largest = -1;
  for (const std::vector<Sample>& samples : splits_) {
    for (const Sample& sample : samples) largest = std::max(largest, sample.label);
  }
  classes_ = spec.value("classes", largest + 1);
  if (classes_ <= largest) {
    throw ConfigError(fmt::format("dataset.classes is {}, but the largest label is {}; allowed: at least {}", classes_,
                                  largest, largest + 1));
  }
}

}  // namespace camsweep
