#include "workers/localization/map_evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "schemas/error.h"
#include "workers/data/text_table.h"
#include "workers/localization/npy.h"
#include "workers/localization/parallel.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kChunk = 512;  // images read before they are added up in order
constexpr size_t kCandidates = 5;

// <id>.npy, or as the released CAM-Back-Again scripts name it: up to the first dot of the file's name.
fs::path map_file(const fs::path& folder, const std::string& id) {
  fs::path full = folder / (id + ".npy");
  if (fs::exists(full)) return full;
  const fs::path plain(id);
  const std::string name = plain.filename().string();
  fs::path short_name = folder / plain.parent_path() / (name.substr(0, name.find('.')) + ".npy");
  return fs::exists(short_name) ? short_name : full;
}

fs::path class_map_file(const fs::path& folder, const std::string& id, int label) {
  return folder / fmt::format("{}.{}.npy", id, label);
}

void check_sample(const Sample& sample, const EvaluationOptions& options) {
  if (!options.masks.empty()) {
    if (sample.masks.empty())
      throw ConfigError(fmt::format("{}: image '{}' has no mask", options.metadata.string(), sample.id));
    return;
  }
  const std::string where = (options.metadata / "localization.txt").string();
  if (sample.boxes.empty()) throw ConfigError(fmt::format("{}: image '{}' has no box", where, sample.id));
  if (sample.width <= 0 || sample.height <= 0) {
    throw ConfigError(
        fmt::format("{}: image '{}' has no size", (options.metadata / "image_sizes.txt").string(), sample.id));
  }
  const std::string objection = box_outside(sample, {sample.width, sample.height});
  if (!objection.empty()) throw ConfigError(fmt::format("{}: {}", where, objection));
}

void check_values(const ScoreMap& map, const fs::path& file) {
  for (const double value : map.values) {
    if (std::isnan(value)) throw ConfigError(fmt::format("{}: holds a NaN; score maps lie in [0, 1]", file.string()));
    if (value < 0 || value > 1) {
      throw ConfigError(fmt::format("{}: holds {:g}; score maps lie in [0, 1]", file.string(), value));
    }
  }
}

bool fits(const ScoreMap& map, const EvaluationOptions& options) {
  return map.height == options.side && map.width == options.side;
}

// As it lies there; of another size only if the options resize it.
ScoreMap load_map(const fs::path& file, const EvaluationOptions& options) {
  ScoreMap map = read_npy(file);
  check_values(map, file);
  if (fits(map, options) || options.resize) return map;
  throw ConfigError(fmt::format("{}: is {} x {}, expected {} x {}; --side or --resize change that", file.string(),
                                map.height, map.width, options.side, options.side));
}

LevelMap levels_of(const ScoreMap& map, const EvaluationOptions& options) {
  return fits(map, options) ? quantize(map) : raise_to_levels(map, options.side, options.side, *options.resize);
}

struct ScoredFile {
  LevelIous ious;
  int top = 0;
  bool constant = false;
};

ScoredFile score(const ScoreMap& map, const Sample& sample, const EvaluationOptions& options) {
  const LevelMap levels = levels_of(map, options);
  const FrameSize frame = {options.side, options.side};
  const int top = levels.max();
  const bool constant =
      std::all_of(levels.levels.begin(), levels.levels.end(), [top](int level) { return level == top; });
  return {level_ious(levels, scale_boxes(sample.boxes, {sample.width, sample.height}, frame)), top, constant};
}

class MapEvaluator {
 public:
  explicit MapEvaluator(const EvaluationOptions& options)
      : options_(options), result_(options.step), pixels_(options.step), samples_(read_wsol_split(options.metadata)) {
    if (samples_.empty()) {
      throw ConfigError(fmt::format("{}: names no image", (options_.metadata / "image_ids.txt").string()));
    }
    for (const Sample& sample : samples_) check_sample(sample, options_);
    drop_missing();
    find_additional();
    result_.top5_complete = !options_.predictions.empty() && has_class_maps();
  }

  MapEvaluation run() {
    for (size_t first = 0; first < samples_.size(); first += kChunk) {
      const size_t count = std::min(kChunk, samples_.size() - first);
      if (options_.masks.empty()) {
        add_boxes(first, count);
      } else {
        add_masks(first, count);
      }
    }
    result_.images = static_cast<int64_t>(samples_.size());
    if (!options_.masks.empty()) result_.pxap = pixels_.pxap();
    return std::move(result_);
  }

 private:
  void drop_missing() {
    const auto is_missing = [this](const Sample& sample) { return !fs::exists(map_file(options_.maps, sample.id)); };
    const auto first = std::find_if(samples_.begin(), samples_.end(), is_missing);
    if (first == samples_.end()) return;
    if (options_.missing == EvaluationOptions::Missing::kRefuse) {
      throw ConfigError(fmt::format(
          "there is no {}, the map of image '{}' ({} missing in all); --allow-subset evaluates "
          "the others",
          map_file(options_.maps, first->id).string(), first->id, std::count_if(first, samples_.end(), is_missing)));
    }
    const size_t before = samples_.size();
    samples_.erase(std::remove_if(first, samples_.end(), is_missing), samples_.end());
    result_.missing = static_cast<int64_t>(before - samples_.size());
    if (samples_.empty()) throw ConfigError(fmt::format("{}: no map of any image", options_.maps.string()));
  }

  // Also where two images turn out to share a map.
  void find_additional() {
    std::map<fs::path, std::string> known;  // the image each belongs to
    for (const Sample& sample : samples_) {
      const auto [entry, is_new] = known.emplace(map_file(options_.maps, sample.id), sample.id);
      if (is_new) continue;
      throw ConfigError(fmt::format("{} would be the map of two images, '{}' and '{}'; name maps <image id>.npy",
                                    entry->first.string(), entry->second, sample.id));
    }
    for (const auto& entry : fs::recursive_directory_iterator(options_.maps)) {
      if (entry.path().extension() != ".npy" || known.contains(entry.path())) continue;
      const fs::path of_image = fs::path(entry.path()).replace_extension().replace_extension(".npy");
      if (!known.contains(of_image)) result_.additional.push_back(entry.path().string());
    }
    std::sort(result_.additional.begin(), result_.additional.end());
  }

  // The image's own class if it is among the five best.
  bool among_best(const Sample& sample) const {
    const std::vector<int>& classes = classes_of(sample);
    const auto end = classes.begin() + static_cast<std::ptrdiff_t>(std::min(kCandidates, classes.size()));
    return std::find(classes.begin(), end, sample.label) != end;
  }

  const std::vector<int>& classes_of(const Sample& sample) const {
    const auto found = options_.predictions.find(sample.id);
    if (found == options_.predictions.end()) {
      throw ConfigError(fmt::format("--predictions: no line for image '{}'", sample.id));
    }
    return found->second;
  }

  bool has_class_maps() const {
    return std::all_of(samples_.begin(), samples_.end(), [this](const Sample& sample) {
      return !among_best(sample) || fs::exists(class_map_file(options_.maps, sample.id, sample.label));
    });
  }

  void add_boxes(size_t first, size_t count) {
    std::vector<ScoredFile> scored(count);
    std::vector<ScoredFile> by_class(count);
    parallel_for(count, options_.threads, [&](size_t i) {
      const Sample& sample = samples_[first + i];
      scored[i] = score(load_map(map_file(options_.maps, sample.id), options_), sample, options_);
      if (result_.top5_complete && among_best(sample)) {
        by_class[i] =
            score(load_map(class_map_file(options_.maps, sample.id, sample.label), options_), sample, options_);
      }
    });
    for (size_t i = 0; i < count; ++i) {
      const Sample& sample = samples_[first + i];
      result_.constant += scored[i].constant;
      const bool right = !options_.predictions.empty() && classes_of(sample).front() == sample.label;
      const auto classified = right ? BoxAccuracy::Classified::kRight : BoxAccuracy::Classified::kWrong;
      result_.list.push_back(
          {sample.id, sample.label, result_.accuracy.add(scored[i].ious, scored[i].top, classified)});
      if (result_.top5_complete && among_best(sample)) {
        result_.top5.add(by_class[i].ious, by_class[i].top, BoxAccuracy::Classified::kRight);
      }
    }
  }

  void add_masks(size_t first, size_t count) {
    std::vector<ScoreMap> maps(count);
    std::vector<std::vector<PixelLabel>> labels(count);
    parallel_for(count, options_.threads, [&](size_t i) {
      const Sample& sample = samples_[first + i];
      maps[i] = load_map(map_file(options_.maps, sample.id), options_);
      if (!fits(maps[i], options_)) {
        maps[i] = raise_map(maps[i], options_.side, options_.side, *options_.resize).map;
      }
      try {
        labels[i] = mask_labels(options_.masks, sample, options_.side);
      } catch (const ImageError& error) {
        throw ConfigError(error.what());
      }
    });
    for (size_t i = 0; i < count; ++i) pixels_.add(maps[i], labels[i]);
  }

  const EvaluationOptions& options_;
  MapEvaluation result_;
  PixelPrecision pixels_;
  std::vector<Sample> samples_;
};

}  // namespace

MapEvaluation evaluate_maps(const EvaluationOptions& options) {
  for (const fs::path& folder : {options.metadata, options.maps, options.masks}) {
    if (folder.empty() || fs::is_directory(folder)) continue;
    throw ConfigError(fmt::format("there is no folder '{}'", folder.string()));
  }
  try {
    return MapEvaluator(options).run();
  } catch (const fs::filesystem_error& error) {  // a folder that may not be read, a name too long for a file
    throw ConfigError(fmt::format("{}: {}", error.path1().string(), error.code().message()));
  }
}

double top5_loc(const MapEvaluation& evaluation) {
  const double among = evaluation.top5.at_thresholds_of(evaluation.accuracy);
  return among * static_cast<double>(evaluation.top5.images()) / static_cast<double>(evaluation.images);
}

std::map<std::string, std::vector<int>> read_predictions(const fs::path& file) {
  std::map<std::string, std::vector<int>> predictions;
  for_each_line(file, ',', [&](const TextLine& line) {
    if (line.fields.size() < 2)
      line.fail(fmt::format("{} fields; expected an image and its best classes", line.fields.size()));
    if (line.number == 1 && line.fields[0] == "image") return;  // a header
    std::vector<int>& classes = predictions[line.fields[0]];
    if (!classes.empty()) line.fail(fmt::format("'{}' stands twice", line.fields[0]));
    for (size_t i = 1; i < line.fields.size(); ++i) classes.push_back(line.integer(i));
  });
  return predictions;
}

}  // namespace camsweep
