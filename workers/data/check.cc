#include "workers/data/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "schemas/error.h"
#include "schemas/hash.h"
#include "schemas/utf8.h"
#include "workers/data/dataset_kinds.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr std::array<Split, 3> kSplits = {Split::kTrain, Split::kVal, Split::kTest};

struct Entry {
  Split split;
  const Sample* sample;
};

struct Finding {
  std::vector<DataFault> faults;
  std::string sha256;
};

std::string pixels_hash(const Image& image) {
  Sha256 hash;
  hash.add(fmt::format("{}x{} ", image.width, image.height));
  hash.add({reinterpret_cast<const char*>(image.rgb.data()), image.rgb.size()});
  return hash.hex();
}

// What is wrong with the boxes and masks of an image of this size.
class Comparison {
 public:
  Comparison(const Dataset& dataset, const Entry& entry, ImageSize size)
      : dataset_(dataset), entry_(entry), size_(size) {}

  std::vector<DataFault> faults() {
    const Sample& sample = *entry_.sample;
    if (sample.width != 0 && (sample.width != size_.width || sample.height != size_.height)) {
      add(DataFault::Kind::kSize, fmt::format("{} x {} pixels, but the metadata say {} x {}", size_.width, size_.height,
                                              sample.width, sample.height));
    }
    for (const Box& box : sample.boxes) {
      if (box.x0 <= box.x1 && box.y0 <= box.y1 && box.x1 < size_.width && box.y1 < size_.height) continue;
      add(DataFault::Kind::kBoxOutside, fmt::format("the box ({},{},{},{}) is not inside {} x {} pixels", box.x0,
                                                    box.y0, box.x1, box.y1, size_.width, size_.height));
    }
    for (const std::string& name : sample.masks) check_mask(name);
    if (!sample.ignore_mask.empty()) check_mask(sample.ignore_mask);
    return std::move(faults_);
  }

 private:
  void check_mask(const std::string& name) {
    try {
      const GrayImage mask = dataset_.mask(name);
      if (mask.width == size_.width && mask.height == size_.height) return;
      add(DataFault::Kind::kMask, fmt::format("the mask {} has {} x {} pixels, the image {} x {}", name, mask.width,
                                              mask.height, size_.width, size_.height));
    } catch (const ImageError& error) {
      add(DataFault::Kind::kMask, error.what());
    }
  }
  void add(DataFault::Kind kind, std::string text) {
    faults_.push_back({entry_.split, entry_.sample->id, kind, std::move(text)});
  }

  const Dataset& dataset_;
  const Entry& entry_;
  ImageSize size_;
  std::vector<DataFault> faults_;
};

Finding examine(const Dataset& dataset, const Entry& entry) {
  try {
    const Image image = dataset.image(*entry.sample);
    return {Comparison(dataset, entry, {image.width, image.height}).faults(), pixels_hash(image)};
  } catch (const ImageError& error) {
    return {{{entry.split, entry.sample->id, DataFault::Kind::kDamaged, error.what()}}, "damaged"};
  }
}

void add_class_faults(const Dataset& dataset, CheckReport& report) {
  for (const std::string& name : dataset.class_names()) {
    if (is_utf8(name)) continue;
    report.faults.push_back(
        {Split::kTrain, fmt::format("class '{}'", escaped(name)), DataFault::Kind::kName, "the name is not UTF-8"});
  }
}

// An image's faults, in texts that JSON can hold.
void add_faults(const Entry& entry, const Finding& finding, CheckReport& report) {
  const std::string& id = entry.sample->id;
  if (!is_utf8(id)) {
    report.faults.push_back({entry.split, escaped(id), DataFault::Kind::kName, "the name is not UTF-8"});
  }
  for (const DataFault& fault : finding.faults) {
    report.faults.push_back({fault.split, escaped(fault.image), fault.kind, escaped(fault.text)});
  }
}

}  // namespace

std::string_view kind_name(DataFault::Kind kind) {
  constexpr std::array<std::string_view, 5> kNames = {"damaged", "box", "size", "mask", "name"};
  return kNames[static_cast<size_t>(kind)];
}

CheckReport check_dataset(const Dataset& dataset, int threads, const ImageProgress& progress) {
  CheckReport report;
  report.classes = dataset.classes();
  std::vector<Entry> entries;
  for (const Split split : kSplits) {
    report.images[static_cast<size_t>(split)] = dataset.samples(split).size();
    for (const Sample& sample : dataset.samples(split)) entries.push_back({split, &sample});
  }

  add_class_faults(dataset, report);
  std::vector<Finding> findings(entries.size());
  std::atomic<size_t> next = 0;
  std::mutex mutex;  // guards what follows, and progress()
  size_t done = 0;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (size_t i = next++; i < entries.size(); i = next++) {
        findings[i] = examine(dataset, entries[i]);
        const std::lock_guard lock(mutex);
        progress(++done, entries.size());
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> pool;
    for (int i = 0; i < std::max(1, threads); ++i) pool.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);

  Sha256 hash;
  for (size_t i = 0; i < entries.size(); ++i) {
    hash.add(fmt::format("{} {} {}\n", split_name(entries[i].split), entries[i].sample->id, findings[i].sha256));
    add_faults(entries[i], findings[i], report);
  }
  report.pixels_sha256 = hash.hex();
  return report;
}

std::unique_ptr<Dataset> open_folder(const fs::path& root) {
  Json spec = {{"root", root.string()}};
  if (fs::is_directory(root / "metadata")) {
    spec["kind"] = "wsol";
  } else if (fs::exists(root / "images.txt")) {
    spec["kind"] = "cub";
  } else if (fs::is_directory(root / "train") || fs::is_directory(root / "test")) {
    spec["kind"] = "folder";
  } else {
    throw ConfigError(
        fmt::format("{} has no layout that camsweep knows; expected images.txt (cub), metadata/ (wsol), or "
                    "train/ and test/ (folder)",
                    root.string()));
  }
  return load_unchecked(spec);
}

}  // namespace camsweep
