#include "schemas/checkpoint_catalog.h"

#include <fmt/format.h>

#include "embedded.h"
#include "schemas/backbone_catalog.h"
#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/schema_validation.h"
#include "schemas/yaml_document.h"

namespace camsweep {
namespace {

// Turns a document that follows the schema into entries, and collects what the schema cannot see.
class CatalogReader {
 public:
  CatalogReader(const YamlDocument& document, const Json& backbones, Diagnostics& problems)
      : document_(document), backbones_(backbones), problems_(problems) {}

  CheckpointCatalog read() {
    const Json& list = document_.root.at("checkpoints");
    for (size_t i = 0; i < list.size(); ++i) read_entry(list[i], fmt::format("/checkpoints/{}", i));
    return std::move(catalog_);
  }

 private:
  void problem(const std::string& pointer, const std::string& sentence) {
    problems_.add(document_.place(pointer), readable_path(pointer), sentence);
  }

  void read_entry(const Json& given, const std::string& pointer) {
    Json full = document_.root.value("defaults", Json::object());
    full.update(given);
    for (const char* key : {"normalization", "resolution", "classes"}) {
      if (!full.contains(key)) return problem(pointer, fmt::format("neither it nor `defaults` gives '{}'", key));
    }
    PublishedCheckpoint entry{.name = full.at("name"),
                              .backbone = "",
                              .file = full.at("file"),
                              .source = full.at("source"),
                              .sha256 = full.value("sha256", ""),
                              .mean = full.at("normalization").at("mean"),
                              .std = full.at("normalization").at("std"),
                              .resolution = full.at("resolution"),
                              .classes = std::nullopt};
    if (!full.at("classes").is_null()) entry.classes = full.at("classes");
    if (entry.name == "none") return problem(pointer + "/name", "'none' means random initialization: choose another");
    const Json& backbone = full.at("backbone");
    if (backbone.is_string()) return add(entry, backbone, pointer + "/backbone");
    for (size_t i = 0; i < backbone.size(); ++i) add(entry, backbone[i], fmt::format("{}/backbone/{}", pointer, i));
  }

  void add(PublishedCheckpoint entry, const std::string& backbone, const std::string& pointer) {
    try {
      find_backbone(backbone, backbones_);
    } catch (const ConfigError& error) {
      return problem(pointer, error.what());
    }
    entry.backbone = backbone;
    const std::string sentence = fmt::format("'{}' has an entry of the name '{}' already", backbone, entry.name);
    if (!catalog_.add(std::move(entry))) problem(pointer, sentence);
  }

  const YamlDocument& document_;
  const Json& backbones_;
  Diagnostics& problems_;
  CheckpointCatalog catalog_;
};

}  // namespace

const PublishedCheckpoint* CheckpointCatalog::find(std::string_view backbone, std::string_view name) const {
  const auto found = positions_.find({std::string(backbone), std::string(name)});
  return found == positions_.end() ? nullptr : &entries_[found->second];
}

std::vector<std::string> CheckpointCatalog::names(std::string_view backbone) const {
  std::vector<std::string> all;
  for (const PublishedCheckpoint& entry : entries_) {
    if (entry.backbone == backbone) all.push_back(entry.name);
  }
  return all;
}

bool CheckpointCatalog::add(PublishedCheckpoint entry) {
  if (!positions_.emplace(std::pair(entry.backbone, entry.name), entries_.size()).second) return false;
  entries_.push_back(std::move(entry));
  return true;
}

const CheckpointCatalog& published_checkpoints() {
  static const CheckpointCatalog catalog = read_checkpoint_catalog(kCheckpointCatalog, "experiments/checkpoints.yaml");
  return catalog;
}

const PublishedCheckpoint* CheckpointSettings::find(std::string_view backbone, std::string_view name) const {
  const PublishedCheckpoint* entry = own.find(backbone, name);
  return entry ? entry : published_checkpoints().find(backbone, name);
}

std::vector<std::string> CheckpointSettings::names(std::string_view backbone) const {
  std::vector<std::string> all = published_checkpoints().names(backbone);
  for (std::string& name : own.names(backbone)) {
    if (!published_checkpoints().find(backbone, name)) all.push_back(std::move(name));
  }
  return all;
}

CheckpointCatalog read_checkpoint_catalog(std::string_view text, const std::string& file, const Json& backbones) {
  YamlDocument document = parse_yaml(text, file);
  document.root = normalized(std::move(document.root));
  static const Json schema = Json::parse(kCheckpointSchema);
  Diagnostics problems;
  add_violations(document, schema, problems);
  problems.throw_if_any();
  CheckpointCatalog catalog = CatalogReader(document, backbones, problems).read();
  problems.throw_if_any();
  return catalog;
}

CheckpointCatalog load_checkpoint_catalog(const std::filesystem::path& file, const Json& backbones) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    throw ConfigError(fmt::format("{}: there is no such catalog of checkpoints", file.string()));
  }
  return read_checkpoint_catalog(read_file(file), file.string(), backbones);
}

}  // namespace camsweep
