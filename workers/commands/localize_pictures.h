#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "workers/data/dataset.h"

namespace camsweep {

struct Picture {
  std::filesystem::path file;
  Sample sample;  // its id names the results; its label is -1 where the class is not known
};

// The pictures that `localize` is given: files by name, and a folder's, with the classes and boxes that the metadata of
// its split know. Throws ConfigError; also if two would leave their results under one name, or if a name is not UTF-8.
std::vector<Picture> list_pictures(const std::vector<std::string>& files, const std::filesystem::path& images,
                                   const std::filesystem::path& metadata);

}  // namespace camsweep
