#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schemas/json.h"

namespace camsweep {

// A weights file that somebody publishes for a backbone: what is known of it without having it.
struct PublishedCheckpoint {
  std::string name;      // what a sweep file writes as `pretraining`
  std::string backbone;  // of the backbone catalog, or of the sweep file's own
  std::string file;      // its name, or folder/name
  std::string source;    // the address at which its authors publish it
  std::string sha256;    // its first digits, lower case, at least 8; empty where none are published
  Json mean;             // of the images it was trained on: values of `normalization_mean` and `_std`
  Json std;
  int resolution = 0;          // side of these images, px
  std::optional<int> classes;  // none: not published
};

// Published weights by backbone and name, in the order of their files.
class CheckpointCatalog {
 public:
  const std::vector<PublishedCheckpoint>& entries() const { return entries_; }
  const PublishedCheckpoint* find(std::string_view backbone, std::string_view name) const;  // null: no such entry
  std::vector<std::string> names(std::string_view backbone) const;

  // False, and nothing added, if the backbone has the name already.
  bool add(PublishedCheckpoint entry);

 private:
  std::vector<PublishedCheckpoint> entries_;
  std::map<std::pair<std::string, std::string>, size_t> positions_;
};

// experiments/checkpoints.yaml, which is built into the program. The first call reads it, in 15 ms.
const CheckpointCatalog& published_checkpoints();

// What a sweep file says about published weights: where its files lie, and entries of its own, which win over the
// built-in ones.
struct CheckpointSettings {
  std::string folder;  // as the file names it; empty: it does not
  CheckpointCatalog own;

  const PublishedCheckpoint* find(std::string_view backbone, std::string_view name) const;  // null: no such entry
  std::vector<std::string> names(std::string_view backbone) const;
};

// Reads a catalog as checkpoints.schema.json describes it; `backbones` are those of a sweep file's own, as in
// find_backbone(). Throws ConfigError with every mistake and its place: an unknown key or backbone, a name that a
// backbone has twice, a value that neither the entry nor `defaults` gives.
CheckpointCatalog read_checkpoint_catalog(std::string_view text, const std::string& file,
                                          const Json& backbones = Json::object());

// As above, of a file. Throws ConfigError, too, if there is none.
CheckpointCatalog load_checkpoint_catalog(const std::filesystem::path& file, const Json& backbones);

}  // namespace camsweep
