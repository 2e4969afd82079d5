#include "workers/commands/localize_pictures.h"

#include <fmt/format.h>

#include <map>

#include "schemas/error.h"
#include "schemas/utf8.h"
#include "workers/commands/model_arguments.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

std::vector<Picture> found_pictures(const std::vector<std::string>& files, const fs::path& images,
                                    const fs::path& metadata) {
  std::vector<Picture> pictures;
  for (const std::string& file : files) {
    Picture& picture = pictures.emplace_back(Picture{file, {}});
    picture.sample.id = picture.file.filename().string();
    picture.sample.label = -1;
  }
  if (images.empty()) {
    if (!metadata.empty()) throw ConfigError("--metadata goes with --images");
    if (pictures.empty()) throw ConfigError("give pictures, or --images");
    return pictures;
  }
  const std::vector<Sample> samples =
      metadata.empty() ? picture_folder(images)->samples(Split::kTest) : read_wsol_split(metadata);
  for (const Sample& sample : samples) pictures.push_back({images / sample.id, sample});
  return pictures;
}

// Results are named like their picture's id, in files and in JSON.
void require_own_names(const std::vector<Picture>& pictures) {
  std::map<std::string, fs::path> files;
  for (const Picture& picture : pictures) {
    const std::string& id = picture.sample.id;
    require_utf8("the picture", id);
    const auto [entry, is_new] = files.emplace(id, picture.file);
    if (is_new) continue;
    throw ConfigError(fmt::format("'{}' and '{}' would both leave their results as '{}'; rename one of them",
                                  entry->second.string(), picture.file.string(), id));
  }
}

}  // namespace

std::vector<Picture> list_pictures(const std::vector<std::string>& files, const fs::path& images,
                                   const fs::path& metadata) {
  std::vector<Picture> pictures = found_pictures(files, images, metadata);
  require_own_names(pictures);
  return pictures;
}

}  // namespace camsweep
