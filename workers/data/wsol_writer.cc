#include "workers/data/wsol_writer.h"

#include <fmt/format.h>

#include "schemas/error.h"
#include "schemas/files.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr int kJpegQuality = 90;

void clear(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  if (error) throw environment_error(fmt::format("cannot remove {}", folder.string()), error.value());
}

}  // namespace

std::optional<WsolWriter> WsolWriter::open(const fs::path& out, const std::string& recipe_file, const Json& recipe) {
  if (fs::exists(out / recipe_file)) {
    const Json found = Json::parse(read_file(out / recipe_file), nullptr, /*allow_exceptions=*/false);
    if (found == recipe) return std::nullopt;
    throw ConfigError(fmt::format("{} was made with other options or inputs ({}); allowed: the same, or another --out",
                                  out.string(), (out / recipe_file).string()));
  }
  if (fs::exists(out) && !(fs::is_directory(out) && fs::is_empty(out))) {
    throw ConfigError(
        fmt::format("{} exists and is no data set made by this command; allowed: a new or empty folder", out.string()));
  }
  return WsolWriter(out, recipe_file, recipe);
}

WsolWriter::WsolWriter(fs::path out, std::string recipe_file, Json recipe)
    : out_(std::move(out)), recipe_file_(std::move(recipe_file)), recipe_(std::move(recipe)) {
  if (!out_.has_filename()) out_ = out_.parent_path();  // "folder/" names the folder
  partial_ = out_;
  partial_ += ".partial";
  clear(partial_);
  make_directories(partial_);
}

void WsolWriter::add(Split split, const Sample& sample, const Image& image) {
  const fs::path file = partial_ / "images" / sample.id;
  make_directories(file.parent_path());
  if (file.extension() == ".png") {
    write_png(file, image);
  } else {
    write_jpeg(file, image, kJpegQuality);
  }
  Tables& tables = tables_[static_cast<size_t>(split)];
  tables.image_ids += fmt::format("{}\n", sample.id);
  tables.class_labels += fmt::format("{},{}\n", sample.id, sample.label);
  tables.image_sizes += fmt::format("{},{},{}\n", sample.id, sample.width, sample.height);
  for (const Box& box : sample.boxes) {
    tables.localization += fmt::format("{},{},{},{},{}\n", sample.id, box.x0, box.y0, box.x1, box.y1);
  }
  for (const std::string& mask : sample.masks) tables.masks += fmt::format("{},{},\n", sample.id, mask);
}

void WsolWriter::add_mask(const std::string& name, const GrayImage& mask) {
  const fs::path file = partial_ / "masks" / name;
  make_directories(file.parent_path());
  write_png(file, mask);
}

void WsolWriter::write_tables(Split split) const {
  const Tables& tables = tables_[static_cast<size_t>(split)];
  if (tables.image_ids.empty()) return;
  const fs::path folder = partial_ / "metadata" / split_name(split);
  make_directories(folder);
  write_file(folder / "image_ids.txt", tables.image_ids);
  write_file(folder / "class_labels.txt", tables.class_labels);
  write_file(folder / "image_sizes.txt", tables.image_sizes);
  write_file(folder / "localization.txt", tables.localization);
  if (!tables.masks.empty()) write_file(folder / "masks.txt", tables.masks);
}

void WsolWriter::finish() {
  for (const Split split : {Split::kTrain, Split::kVal, Split::kTest}) write_tables(split);
  write_file(partial_ / recipe_file_, recipe_.dump(2) + "\n");
  std::error_code error;
  fs::rename(partial_, out_, error);
  if (error)
    throw environment_error(fmt::format("cannot rename {} to {}", partial_.string(), out_.string()), error.value());
}

}  // namespace camsweep
