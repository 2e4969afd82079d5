#include "orchestrator/dataset_fingerprint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <system_error>
#include <vector>

#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/hash.h"
#include "schemas/utf8.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

int64_t change_time(const fs::path& file) {
  std::error_code error;
  return static_cast<int64_t>(fs::last_write_time(file, error).time_since_epoch().count());
}

fs::path existing_folder(const Json& dataset, const std::string& key, const fs::path& sweep_file) {
  const std::string text = dataset.at(key);
  const fs::path folder = resolve_path(text, sweep_file);
  if (folder.empty() || !fs::is_directory(folder)) {
    throw ConfigError(fmt::format("{}: dataset.{}: there is no folder '{}'", sweep_file.string(), key, text));
  }
  return folder;
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::istringstream text(read_file(file));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

// What one fingerprint is made of.
class Fingerprint {
 public:
  Fingerprint(const Json& dataset, HashCache& cache) : cache_(cache) {
    Json options = {{"kind", dataset.at("kind")}};
    for (const char* key : {"classes", "train", "val", "test", "side", "seed"}) {
      if (dataset.contains(key)) options[key] = dataset.at(key);
    }
    hash_.add(canonical(options) + "\n");
  }

  void add_metadata(const fs::path& file, const std::string& name) {
    if (!fs::is_regular_file(file)) throw ConfigError(fmt::format("dataset: the file {} is missing", file.string()));
    hash_.add(fmt::format("{} {}\n", name, cache_.sha256(file)));
  }

  void add_image(const fs::path& folder, std::string name) {
    std::error_code error;
    const auto size = fs::file_size(folder / name, error);
    if (error) throw ConfigError(fmt::format("dataset: the image {} is missing", (folder / name).string()));
    images_.emplace_back(std::move(name), size);
  }

  // A mask that is not there yet counts too: nothing needs it before pixels are scored.
  void add_mask(const fs::path& folder, const std::string& name) {
    std::error_code error;
    const auto size = fs::file_size(folder / name, error);
    masks_.insert(fmt::format("mask {} {}\n", name, error ? "missing" : std::to_string(size)));
  }

  std::string finish() {
    if (images_.empty()) throw ConfigError("dataset: it lists no image");
    std::sort(images_.begin(), images_.end());
    images_.erase(std::unique(images_.begin(), images_.end()), images_.end());
    for (const auto& [name, size] : images_) hash_.add(fmt::format("{} {}\n", name, size));
    for (const std::string& line : masks_) hash_.add(line);
    return hash_.hex();
  }

  Sha256& hash() { return hash_; }

 private:
  HashCache& cache_;
  Sha256 hash_;
  std::vector<std::pair<std::string, uintmax_t>> images_;
  std::set<std::string> masks_;
};

// Lines `<image>,<mask>,<ignore mask or nothing>`; lines of boxes have five fields. Spec protocol, 8.1.
void add_masks(const fs::path& file, const fs::path& folder, Fingerprint& fingerprint) {
  for (const std::string& line : lines_of(file)) {
    if (std::count(line.begin(), line.end(), ',') != 2) continue;
    const size_t first = line.find(',');
    const size_t second = line.rfind(',');
    fingerprint.add_mask(folder, line.substr(first + 1, second - first - 1));
    if (second + 1 < line.size()) fingerprint.add_mask(folder, line.substr(second + 1));
  }
}

// spec protocol, 8.1
std::string wsol_fingerprint(const Json& dataset, HashCache& cache) {
  const fs::path metadata = dataset.at("metadata").get<std::string>();
  const fs::path images = dataset.at("images").get<std::string>();
  // OpenImages keeps masks beside the images, `data compose` in a folder of their own.
  const fs::path own_folder = images.parent_path() / "masks";
  const fs::path masks = fs::is_directory(own_folder) ? own_folder : images;
  Fingerprint fingerprint(dataset, cache);
  for (const std::string split : {"train", "val", "test"}) {
    if (split == "val" && !fs::exists(metadata / split)) continue;
    for (const char* required : {"class_labels.txt", "image_ids.txt"}) {
      fingerprint.add_metadata(metadata / split / required, split + "/" + required);
    }
    for (const char* optional : {"image_ids_proxy.txt", "image_sizes.txt", "localization.txt", "masks.txt"}) {
      const fs::path file = metadata / split / optional;
      if (fs::exists(file)) fingerprint.add_metadata(file, split + "/" + optional);
    }
    for (const char* list : {"localization.txt", "masks.txt"}) {
      if (fs::exists(metadata / split / list)) add_masks(metadata / split / list, masks, fingerprint);
    }
    for (std::string& id : lines_of(metadata / split / "image_ids.txt")) fingerprint.add_image(images, std::move(id));
  }
  return fingerprint.finish();
}

// spec protocol, 8.3
std::string cub_fingerprint(const Json& dataset, HashCache& cache) {
  const fs::path root = dataset.at("root").get<std::string>();
  Fingerprint fingerprint(dataset, cache);
  for (const char* name :
       {"bounding_boxes.txt", "classes.txt", "image_class_labels.txt", "images.txt", "train_test_split.txt"}) {
    fingerprint.add_metadata(root / name, name);
  }
  for (const std::string& line : lines_of(root / "images.txt")) {
    const size_t space = line.find(' ');
    if (space == std::string::npos) {
      throw ConfigError(fmt::format("{}: found '{}', expected '<id> <path>'", (root / "images.txt").string(), line));
    }
    fingerprint.add_image(root / "images", line.substr(space + 1));
  }
  return fingerprint.finish();
}

std::string folder_fingerprint(const Json& dataset, HashCache& cache) {
  const fs::path root = dataset.at("root").get<std::string>();
  Fingerprint fingerprint(dataset, cache);
  for (const char* split : {"train", "val", "test"}) {
    if (!fs::is_directory(root / split)) {
      if (std::string_view(split) == "val") continue;
      throw ConfigError(fmt::format("dataset: the folder {} is missing", (root / split).string()));
    }
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / split)) {
      if (entry.is_regular_file()) fingerprint.add_image(root, fs::relative(entry.path(), root).generic_string());
    }
  }
  return fingerprint.finish();
}

// What the block of a data set that is made on the fly leaves open, by kind.
const std::map<std::string, Json>& made_defaults() {
  static const std::map<std::string, Json> defaults = {
      {"synth", {{"classes", 4}, {"train", 64}, {"val", 16}, {"test", 16}, {"side", 96}, {"seed", 0}}},
      {"signals",
       {{"train", 11'200},
        {"test", 4'800},
        {"length", 100},
        {"periods", 2.0},
        {"segment", 20},
        {"noise", 0.3},
        {"seed", 0}}}};
  return defaults;
}

}  // namespace

HashCache::HashCache(fs::path file) : file_(std::move(file)) {
  std::error_code error;
  if (!fs::is_regular_file(file_, error)) return;
  try {
    Json stored = Json::parse(read_file(file_), nullptr, false);
    if (stored.is_object()) entries_ = std::move(stored);
  } catch (const Error&) {
    return;  // Unreadable: hashed again.
  }
}

HashCache::~HashCache() {
  if (!changed_) return;
  try {
    make_directories(file_.parent_path());
    write_file(file_, printable_json(entries_));
  } catch (const Error&) {
    return;  // Hashed again next time.
  }
}

std::string HashCache::sha256(const fs::path& file) {
  const std::string key = fs::absolute(file).lexically_normal().string();
  std::error_code error;
  const Json stamp = {static_cast<int64_t>(fs::file_size(file, error)), change_time(file)};
  const auto found = entries_.find(key);
  if (found != entries_.end() && found->is_object() && found->value("stamp", Json()) == stamp) {
    return found->value("sha256", "");
  }
  const std::string hash = sha256_file(file);
  entries_[key] = {{"stamp", stamp}, {"sha256", hash}};
  changed_ = true;
  return hash;
}

fs::path HashCache::default_file() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const fs::path folder = cache && *cache ? fs::path(cache) : fs::path(home && *home ? home : "/tmp") / ".cache";
  return folder / "camsweep" / "fingerprints.json";
}

Json resolve_dataset(const Json& dataset, const fs::path& sweep_file) {
  Json resolved = dataset;
  const std::string kind = dataset.at("kind");
  if (const auto made = made_defaults().find(kind); made != made_defaults().end()) {
    for (const auto& [key, value] : made->second.items()) {
      if (!resolved.contains(key)) resolved[key] = value;
    }
    return resolved;
  }
  if (dataset.contains("root")) {
    const fs::path root = existing_folder(dataset, "root", sweep_file);
    resolved["root"] = root.string();
    if (kind == "wsol" && !dataset.contains("images")) resolved["images"] = (root / "images").string();
    if (kind == "wsol" && !dataset.contains("metadata")) resolved["metadata"] = (root / "metadata").string();
  }
  for (const char* key : {"images", "metadata"}) {
    if (resolved.contains(key)) resolved[key] = existing_folder(resolved, key, sweep_file).string();
  }
  return resolved;
}

std::string dataset_fingerprint(const Json& dataset, HashCache& cache) {
  const std::string kind = dataset.at("kind");
  if (kind == "wsol") return wsol_fingerprint(dataset, cache);
  if (kind == "cub") return cub_fingerprint(dataset, cache);
  if (kind == "folder") return folder_fingerprint(dataset, cache);
  CAMSWEEP_CHECK(made_defaults().contains(kind), "the schema lets known kinds of data sets through alone");
  return Fingerprint(dataset, cache).hash().hex();
}

}  // namespace camsweep
