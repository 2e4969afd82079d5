#include "workers/data/compose.h"

#include <fmt/format.h>

#include <algorithm>

#include "schemas/error.h"
#include "schemas/hash.h"
#include "workers/data/backgrounds.h"
#include "workers/data/cutout.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 2;  // raised when the same options would give other images

constexpr std::array<Split, 3> kSplits = {Split::kTrain, Split::kVal, Split::kTest};

std::array<int, 3> images_per_class(const ComposeOptions& options) {
  return {options.train, options.val, options.test};
}

struct CutoutClass {
  std::string name;
  fs::path file;
};

std::vector<CutoutClass> cutout_classes(const ComposeOptions& options) {
  if (!fs::is_directory(options.cutouts)) {
    throw ConfigError(fmt::format("--cutouts: there is no folder '{}'", options.cutouts.string()));
  }
  std::vector<CutoutClass> classes;
  for (const auto& entry : fs::directory_iterator(options.cutouts)) {
    if (entry.path().extension() != ".png" || !entry.is_regular_file()) continue;
    classes.push_back({entry.path().stem().string(), entry.path()});
  }
  std::sort(classes.begin(), classes.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  if (classes.size() < static_cast<size_t>(options.classes)) {
    throw ConfigError(fmt::format("--classes is {}, but {} holds {} PNG files, one class each; allowed: 1 to {}",
                                  options.classes, options.cutouts.string(), classes.size(), classes.size()));
  }
  classes.resize(static_cast<size_t>(options.classes));
  for (const CutoutClass& each : classes) {
    if (each.name.find_first_of(",\n\r") != std::string::npos) {
      throw ConfigError(fmt::format("{}: a class is named like its file; allowed: names without commas and line ends",
                                    each.file.string()));
    }
  }
  return classes;
}

Cutout read_cutout(const CutoutClass& each) {
  try {
    Cutout cutout(read_alpha_png(each.file));
    if (cutout.opaque_pixels() == 0) throw ImageError(fmt::format("{}: no pixel of it is opaque", each.file.string()));
    return cutout;
  } catch (const ImageError& error) {
    throw ConfigError(fmt::format("--cutouts: {}", error.what()));
  }
}

// SHA-256 over sorted (name, size) pairs: another file in one of the folders makes another data set.
std::string listing_hash(std::vector<std::pair<std::string, uintmax_t>> files) {
  std::sort(files.begin(), files.end());
  Sha256 hash;
  for (const auto& [name, size] : files) hash.add(fmt::format("{} {}\n", name, size));
  return hash.hex();
}

Json recipe(const ComposeOptions& options, const std::vector<CutoutClass>& classes) {
  std::vector<std::pair<std::string, uintmax_t>> cutouts;
  for (const CutoutClass& each : classes) cutouts.emplace_back(each.name, fs::file_size(each.file));
  std::vector<std::pair<std::string, uintmax_t>> backgrounds;
  if (fs::is_directory(options.backgrounds)) {
    for (const auto& entry : fs::recursive_directory_iterator(options.backgrounds)) {
      if (!entry.is_regular_file()) continue;
      backgrounds.emplace_back(fs::relative(entry.path(), options.backgrounds).string(), entry.file_size());
    }
  }
  return {{"format", kFormat},
          {"classes", options.classes},
          {"train", options.train},
          {"val", options.val},
          {"test", options.test},
          {"side", options.side},
          {"seed", options.seed},
          {"cutouts_sha256", listing_hash(std::move(cutouts))},
          {"backgrounds_sha256", listing_hash(std::move(backgrounds))}};
}

// Writes image number `index` of a class's split. Its random numbers depend on nothing but that.
void write_image(WsolWriter& writer, const Cutout& cutout, const Backgrounds& backgrounds,
                 const ComposeOptions& options, Sample sample, Split split, int index) {
  Random random(options.seed, Purpose::kCompose, static_cast<uint64_t>(split),
                (static_cast<uint64_t>(sample.label) << 32) + static_cast<uint64_t>(index));
  Image picture = backgrounds.draw(split, options.side, random);
  const GrayImage coverage = cutout.paint(cutout.random_pose(options.side, random), picture);
  sample.width = picture.width;
  sample.height = picture.height;
  sample.boxes = {tight_box(coverage)};
  writer.add(split, sample, picture);
  writer.add_mask(sample.masks.front(), mask_of(coverage));
}

}  // namespace

Written compose(const ComposeOptions& options, const ImageProgress& progress, const Say& say) {
  const std::vector<CutoutClass> classes = cutout_classes(options);
  std::optional<WsolWriter> writer = WsolWriter::open(options.out, "compose.json", recipe(options, classes));
  if (!writer) return Written::kAlreadyThere;

  std::array<size_t, 3> images{};
  size_t total = 0;
  for (size_t split = 0; split < images.size(); ++split) {
    images[split] = static_cast<size_t>(images_per_class(options)[split]) * classes.size();
    total += images[split];
  }
  const Backgrounds backgrounds(options.backgrounds, options.side, images, options.seed, say);
  say(fmt::format("{} on {} backgrounds: {} images",
                  classes.size() == 1 ? "1 class" : fmt::format("{} classes", classes.size()),
                  backgrounds.photographs(), total));
  size_t done = 0;
  for (size_t label = 0; label < classes.size(); ++label) {
    const Cutout cutout = read_cutout(classes[label]);
    for (const Split split : kSplits) {
      for (int i = 0; i < images_per_class(options)[static_cast<size_t>(split)]; ++i) {
        const std::string stem = fmt::format("{}/{}_{:04}", classes[label].name, split_name(split), i);
        Sample sample;
        sample.id = stem + ".jpg";
        sample.label = static_cast<int>(label);
        sample.masks = {stem + ".png"};
        write_image(*writer, cutout, backgrounds, options, std::move(sample), split, i);
        progress(++done, total);
      }
    }
  }
  writer->finish();
  return Written::kNew;
}

Written write_synth(const Json& spec, const fs::path& out, const ImageProgress& progress) {
  Json described = spec;
  described["format"] = kFormat;
  std::optional<WsolWriter> writer = WsolWriter::open(out, "synth.json", described);
  if (!writer) return Written::kAlreadyThere;
  const std::unique_ptr<Dataset> dataset = load_dataset(spec);
  size_t total = 0;
  for (const Split split : kSplits) total += dataset->samples(split).size();
  size_t done = 0;
  for (const Split split : kSplits) {
    for (const Sample& sample : dataset->samples(split)) {
      writer->add(split, sample, dataset->image(sample));
      progress(++done, total);
    }
  }
  writer->finish();
  return Written::kNew;
}

}  // namespace camsweep
