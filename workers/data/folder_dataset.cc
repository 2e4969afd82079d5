#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "schemas/error.h"
#include "workers/data/dataset_kinds.h"

// Class folders of images, `root/{train,val,test}/<class>/<file>`, no boxes. Classes in sorted order.
namespace camsweep {
namespace {

namespace fs = std::filesystem;

// Names of a folder's entries of one type; hidden ones are what desktops leave behind.
std::vector<std::string> sorted_entries(const fs::path& folder, fs::file_type type) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.status().type() == type && name.front() != '.') names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::unique_ptr<Dataset> load_folder(const Json& spec) {
  const fs::path root = dataset_folder(spec, "root");
  std::set<std::string> classes;
  std::vector<Split> present;
  for (const Split split : {Split::kTrain, Split::kVal, Split::kTest}) {
    if (!fs::is_directory(root / split_name(split))) continue;
    present.push_back(split);
    const std::vector<std::string> names = sorted_entries(root / split_name(split), fs::file_type::directory);
    classes.insert(names.begin(), names.end());
  }
  if (classes.empty()) {
    throw ConfigError(fmt::format("{} holds no class folders; expected train/<class>/<image>", root.string()));
  }
  auto dataset = std::make_unique<FileDataset>();
  dataset->set_images(root);
  dataset->set_class_names({classes.begin(), classes.end()});
  for (const Split split : present) {
    int label = 0;
    for (const std::string& name : classes) {
      const fs::path folder = fs::path(split_name(split)) / name;
      if (fs::is_directory(root / folder)) {
        for (const std::string& file : sorted_entries(root / folder, fs::file_type::regular)) {
          Sample sample;
          sample.id = (folder / file).string();
          sample.label = label;
          dataset->split(split).push_back(std::move(sample));
        }
      }
      ++label;
    }
  }
  dataset->count_classes(spec);
  return dataset;
}

}  // namespace camsweep
