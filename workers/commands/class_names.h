#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace camsweep {

// Who names the classes of a network; the first that is given counts.
struct ClassNameSources {
  std::string file;     // text, one name a line, in the order of the classes
  std::string dataset;  // a data set on disk
  std::vector<std::string> model;
};

// A name for each of `classes` classes, or none at all if nobody gives them. Throws ConfigError if a file or data set
// has another number of classes, or a name that is not UTF-8.
std::vector<std::string> class_names(const ClassNameSources& sources, int64_t classes);

}  // namespace camsweep
