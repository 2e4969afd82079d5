#pragma once

#include <memory>

#include "workers/data/dataset.h"

// One function per kind of data set; load_dataset() picks. Each takes the sweep file's `dataset:` block.
namespace camsweep {

std::unique_ptr<Dataset> load_cub(const Json& spec);
std::unique_ptr<Dataset> load_wsol(const Json& spec);
std::unique_ptr<Dataset> load_folder(const Json& spec);
std::unique_ptr<Dataset> load_synth(const Json& spec);
std::unique_ptr<Dataset> load_signals(const Json& spec);

// load_dataset() without a look at the names, which `data check` lists one by one. Throws ConfigError.
std::unique_ptr<Dataset> load_unchecked(const Json& spec);

// A data set whose pixels are files below one folder.
class FileDataset : public Dataset {
 public:
  Image image(const Sample& sample) const override { return read_image(images_ / sample.id); }
  Image image_part(const Sample& sample, const ChooseCrop& choose) const override {
    return read_image(images_ / sample.id, choose);
  }

  GrayImage mask(const std::string& name) const override { return read_gray_png(masks_ / name); }

  std::vector<Sample>& split(Split which) { return splits_[static_cast<size_t>(which)]; }
  void set_images(std::filesystem::path folder) { images_ = std::move(folder); }
  void set_masks(std::filesystem::path folder) { masks_ = std::move(folder); }
  void set_class_names(std::vector<std::string> names) { class_names_ = std::move(names); }
  // Largest label + 1 over all splits, or what `spec` says. Throws ConfigError if that is too few.
  void count_classes(const Json& spec);

 private:
  std::filesystem::path images_;
  std::filesystem::path masks_;
};

// The folder that key `name` of the block holds. Throws ConfigError if the key or the folder is missing.
std::filesystem::path dataset_folder(const Json& spec, const std::string& name);

}  // namespace camsweep
