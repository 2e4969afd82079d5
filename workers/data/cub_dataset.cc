#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "schemas/error.h"
#include "workers/data/dataset_kinds.h"
#include "workers/data/text_table.h"

// The original CUB-200-2011 folder (spec protocol, 8.3): space-separated tables, ids and classes from 1.
namespace camsweep {
namespace {

namespace fs = std::filesystem;

struct Row {
  Sample sample;
  std::optional<Split> split;
};

Row& find(const TextLine& line, std::map<int, Row>& rows) {
  const auto found = rows.find(line.integer(0));
  if (found == rows.end()) line.fail(fmt::format("image {} is not in images.txt", line.fields[0]));
  return found->second;
}

// x, y, width, height as written there. The metadata of wsolevaluation add width to x and clip to the image.
Box box_of(const TextLine& line) {
  std::array<double, 4> numbers{};
  for (size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = line.real(i + 1);
    if (numbers[i] < 0 || numbers[i] > kLargestSide) line.fail(fmt::format("'{}' is no pixel", line.fields[i + 1]));
  }
  const auto [x, y, width, height] = numbers;
  return {static_cast<int>(x), static_cast<int>(y), static_cast<int>(x + width), static_cast<int>(y + height)};
}

// The tables do not hold the images' sizes. An image that cannot be read keeps its box as it is: training will name it,
// and so will `data check`; a box that starts outside its image is left for that too.
void clip_to_image(const fs::path& file, Sample& sample) {
  try {
    const ImageSize size = read_image_size(file);
    sample.width = size.width;
    sample.height = size.height;
  } catch (const ImageError&) {
    return;
  }
  Box& box = sample.boxes.front();
  if (box.x0 >= sample.width || box.y0 >= sample.height) return;
  box.x1 = std::min(box.x1, sample.width - 1);
  box.y1 = std::min(box.y1, sample.height - 1);
}

void require_complete(const fs::path& root, const Row& row) {
  const auto lacks = [&](const char* file) {
    throw ConfigError(fmt::format("{} has no line for the image '{}'", (root / file).string(), row.sample.id));
  };
  if (row.sample.label < 0) lacks("image_class_labels.txt");
  if (!row.split) lacks("train_test_split.txt");
  if (row.sample.boxes.empty()) lacks("bounding_boxes.txt");
}

std::vector<std::string> class_names(const fs::path& root) {
  std::vector<std::string> names;
  for_each_line(root / "classes.txt", ' ', [&](const TextLine& line) { names.push_back(line.fields.back()); });
  return names;
}

}  // namespace

std::unique_ptr<Dataset> load_cub(const Json& spec) {
  const fs::path root = dataset_folder(spec, "root");
  std::map<int, Row> rows;
  for_each_line(root / "images.txt", ' ', [&](const TextLine& line) {
    line.require_fields(2);
    Row& row = rows[line.integer(0)];
    if (!row.sample.id.empty()) line.fail(fmt::format("image {} stands twice", line.fields[0]));
    row.sample.id = line.fields[1];
    row.sample.label = -1;
  });
  for_each_line(root / "image_class_labels.txt", ' ', [&](const TextLine& line) {
    line.require_fields(2);
    if (line.integer(1) < 1) line.fail("classes count from 1");
    find(line, rows).sample.label = line.integer(1) - 1;
  });
  for_each_line(root / "train_test_split.txt", ' ', [&](const TextLine& line) {
    line.require_fields(2);
    find(line, rows).split = line.integer(1) == 1 ? Split::kTrain : Split::kTest;
  });
  for_each_line(root / "bounding_boxes.txt", ' ', [&](const TextLine& line) {
    line.require_fields(5);
    find(line, rows).sample.boxes = {box_of(line)};
  });

  auto dataset = std::make_unique<FileDataset>();
  dataset->set_images(root / "images");
  dataset->set_class_names(class_names(root));
  for (auto& [id, row] : rows) {
    require_complete(root, row);
    clip_to_image(root / "images" / row.sample.id, row.sample);
    dataset->split(*row.split).push_back(std::move(row.sample));
  }
  dataset->count_classes(spec);
  return dataset;
}

}  // namespace camsweep
