#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "schemas/json.h"

namespace camsweep {

// SHA-256 of files by (path, size, time of last change), kept in a JSON file outside `runs/`, so that a second plan
// does not read metadata and checkpoints again. A cache that cannot be read or written is no error.
class HashCache {
 public:
  explicit HashCache(std::filesystem::path file);
  // Writes the file if something is new.
  ~HashCache();
  HashCache(const HashCache&) = delete;
  HashCache& operator=(const HashCache&) = delete;

  // Throws Error (kEnvironment) if the file cannot be read.
  std::string sha256(const std::filesystem::path& file);

  // $XDG_CACHE_HOME/camsweep/fingerprints.json, or below ~/.cache.
  static std::filesystem::path default_file();

 private:
  std::filesystem::path file_;
  Json entries_ = Json::object();
  bool changed_ = false;
};

// The data set of a sweep as a worker opens it: paths absolute by resolve_path(), what a `synth` leaves open filled in.
// Throws ConfigError naming a folder that is missing.
Json resolve_dataset(const Json& dataset, const std::filesystem::path& sweep_file);

// SHA-256 over kind and options, the bytes of the metadata files and the sorted (path, size) pairs of the images and
// masks that they list. Independent of where the data set lies. Takes a resolved data set. Throws ConfigError naming a
// metadata file or image that is missing.
std::string dataset_fingerprint(const Json& dataset, HashCache& cache);

}  // namespace camsweep
