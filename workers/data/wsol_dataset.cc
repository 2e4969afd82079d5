#include <fmt/format.h>

#include <set>
#include <unordered_map>

#include "schemas/error.h"
#include "workers/data/dataset_kinds.h"
#include "workers/data/text_table.h"

// The metadata format of wsolevaluation (spec protocol, 8.1).
namespace camsweep {
namespace {

namespace fs = std::filesystem;

using Index = std::unordered_map<std::string, size_t>;

Sample& find(const TextLine& line, std::vector<Sample>& samples, const Index& index) {
  const auto found = index.find(line.fields.front());
  if (found == index.end()) line.fail(fmt::format("'{}' is not in image_ids.txt", line.fields.front()));
  return samples[found->second];
}

void add_box(const TextLine& line, Sample& sample) {
  const Box box{line.integer(1), line.integer(2), line.integer(3), line.integer(4)};
  if (box.x0 < 0 || box.y0 < 0 || box.x1 < box.x0 || box.y1 < box.y0) {
    line.fail(fmt::format("({},{},{},{}) is no box; expected 0 <= x0 <= x1 and 0 <= y0 <= y1", box.x0, box.y0, box.x1,
                          box.y1));
  }
  sample.boxes.push_back(box);
}

void add_mask(const TextLine& line, Sample& sample) {
  sample.masks.push_back(line.fields[1]);
  if (!line.fields[2].empty()) sample.ignore_mask = line.fields[2];
}

// Boxes (five fields) and masks (three) share one format.
void add_localization(const TextLine& line, Sample& sample) {
  if (line.fields.size() == 5) return add_box(line, sample);
  if (line.fields.size() == 3) return add_mask(line, sample);
  line.fail(fmt::format("{} fields; expected 5 (a box) or 3 (a mask)", line.fields.size()));
}

void read_split(const fs::path& folder, std::vector<Sample>& samples) {
  Index index;
  for_each_line(folder / "image_ids.txt", ',', [&](const TextLine& line) {
    line.require_fields(1);
    if (!index.emplace(line.fields[0], samples.size()).second)
      line.fail(fmt::format("'{}' stands twice", line.fields[0]));
    Sample sample;
    sample.id = line.fields[0];
    sample.label = -1;
    samples.push_back(std::move(sample));
  });
  for_each_line(folder / "class_labels.txt", ',', [&](const TextLine& line) {
    line.require_fields(2);
    find(line, samples, index).label = line.integer(1);
    if (line.integer(1) < 0) line.fail("a label is at least 0");
  });
  if (fs::exists(folder / "image_sizes.txt")) {
    for_each_line(folder / "image_sizes.txt", ',', [&](const TextLine& line) {
      line.require_fields(3);
      Sample& sample = find(line, samples, index);
      sample.width = line.integer(1);
      sample.height = line.integer(2);
      if (sample.width < 1 || sample.height < 1) line.fail("a width and a height are at least 1");
    });
  }
  for (const char* file : {"localization.txt", "masks.txt"}) {
    if (!fs::exists(folder / file)) continue;
    for_each_line(folder / file, ',',
                  [&](const TextLine& line) { add_localization(line, find(line, samples, index)); });
  }
  for (const Sample& sample : samples) {
    if (sample.label < 0) {
      throw ConfigError(fmt::format("{} has no line for '{}'", (folder / "class_labels.txt").string(), sample.id));
    }
  }
}

// The metadata names no classes. Where every class has a top folder of images of its own (CUB, `data compose`; not
// ILSVRC), that is its name; otherwise there are none.
std::vector<std::string> names_of_folders(const Dataset& dataset) {
  std::vector<std::string> names(static_cast<size_t>(dataset.classes()));
  std::set<std::string> taken;
  for (const Split split : {Split::kTrain, Split::kVal, Split::kTest}) {
    for (const Sample& sample : dataset.samples(split)) {
      const std::string folder = sample.id.substr(0, sample.id.find('/'));
      std::string& name = names[static_cast<size_t>(sample.label)];
      if (folder == sample.id || (name.empty() ? !taken.insert(folder).second : name != folder)) return {};
      name = folder;
    }
  }
  return static_cast<int>(taken.size()) == dataset.classes() ? names : std::vector<std::string>();
}

}  // namespace

std::unique_ptr<Dataset> load_wsol(const Json& spec) {
  auto dataset = std::make_unique<FileDataset>();
  const auto folder_of = [&spec](const std::string& name) {
    return spec.contains(name) ? dataset_folder(spec, name) : dataset_folder(spec, "root") / name;
  };
  const fs::path images = folder_of("images");
  dataset->set_images(images);
  // OpenImages keeps masks beside the images, `data compose` in a folder of their own.
  const fs::path masks = images.parent_path() / "masks";
  dataset->set_masks(fs::is_directory(masks) ? masks : images);
  const fs::path metadata = folder_of("metadata");
  if (!fs::is_directory(metadata)) throw ConfigError(fmt::format("there is no folder '{}'", metadata.string()));
  for (const Split split : {Split::kTrain, Split::kVal, Split::kTest}) {
    const fs::path folder = metadata / split_name(split);
    if (fs::is_directory(folder)) read_split(folder, dataset->split(split));
  }
  if (dataset->split(Split::kTest).empty()) {
    throw ConfigError(
        fmt::format("{} holds no test split; expected folders train, test and perhaps val", metadata.string()));
  }
  dataset->count_classes(spec);
  dataset->set_class_names(names_of_folders(*dataset));
  return dataset;
}

std::vector<Sample> read_wsol_split(const fs::path& folder) {
  std::vector<Sample> samples;
  read_split(folder, samples);
  return samples;
}

}  // namespace camsweep
