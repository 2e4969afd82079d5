#include "workers/localization/artifacts.h"

#include "schemas/files.h"
#include "schemas/hash.h"
#include "schemas/json.h"

namespace camsweep {

Artifact ArtifactWriter::text(const std::string& path, const std::string& kind, const std::string& label,
                              const std::string& content) const {
  make_directories(file(path).parent_path());
  write_file(file(path), content);
  return existing(path, kind, label);
}

Artifact ArtifactWriter::picture(const std::string& path, const std::string& kind, const std::string& label,
                                 const Image& image) const {
  make_directories(file(path).parent_path());
  write_png(file(path), image);
  return existing(path, kind, label);
}

Artifact ArtifactWriter::existing(const std::string& path, const std::string& kind, const std::string& label) const {
  return {"artifacts/" + path, sha256_file(file(path)), kind, label, {}};
}

std::vector<Artifact> gather_artifacts(Collective& collective, const std::vector<Artifact>& own) {
  Json list = Json::array();
  for (const Artifact& artifact : own) list.push_back({artifact.path, artifact.sha256, artifact.kind, artifact.label});
  std::vector<Artifact> all;
  for (const std::string& part : collective.gather_bytes(list.dump())) {
    for (const Json& entry : Json::parse(part)) all.push_back({entry[0], entry[1], entry[2], entry[3], {}});
  }
  return all;
}

}  // namespace camsweep
