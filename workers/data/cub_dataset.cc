#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "schemas/error.h"
#include "workers/data/dataset_kinds.h"
#include "workers/data/text_table.h"

// The original CUB-200-2011 folder (spec protocol, 8.3): space-separated tables, ids and classes from 1.
namespace camsweep {
namespace {

namespace fs = std::filesystem;

struct Row {
  Sample sample;
  bool is_training = false;
};

Row& find(const TextLine& line, std::map<int, Row>& rows) {
  const auto found = rows.find(line.integer(0));
  if (found == rows.end()) line.fail(fmt::format("image {} is not in images.txt", line.fields[0]));
  return found->second;
}

// x, y, width, height as written there; the far corner is clipped to the image where its size is known, which the
// tables do not say: `data check` compares with the pixels.
Box box_of(const TextLine& line) {
  const int x = static_cast<int>(line.real(1));
  const int y = static_cast<int>(line.real(2));
  return {x, y, x + static_cast<int>(line.real(3)), y + static_cast<int>(line.real(4))};
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
    rows[line.integer(0)].sample.id = line.fields[1];
  });
  for_each_line(root / "image_class_labels.txt", ' ', [&](const TextLine& line) {
    line.require_fields(2);
    if (line.integer(1) < 1) line.fail("classes count from 1");
    find(line, rows).sample.label = line.integer(1) - 1;
  });
  for_each_line(root / "train_test_split.txt", ' ', [&](const TextLine& line) {
    line.require_fields(2);
    find(line, rows).is_training = line.integer(1) == 1;
  });
  for_each_line(root / "bounding_boxes.txt", ' ', [&](const TextLine& line) {
    line.require_fields(5);
    find(line, rows).sample.boxes = {box_of(line)};
  });

  auto dataset = std::make_unique<FileDataset>();
  dataset->set_images(root / "images");
  dataset->set_class_names(class_names(root));
  for (auto& [id, row] : rows)
    dataset->split(row.is_training ? Split::kTrain : Split::kTest).push_back(std::move(row.sample));
  dataset->count_classes(spec);
  return dataset;
}

}  // namespace camsweep
