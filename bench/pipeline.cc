#include <fmt/format.h>

#include <string>
#include <vector>

#include "bench/cpu_time.h"
#include "schemas/files.h"
#include "workers/data/augmentation.h"
#include "workers/data/jpeg.h"

// What training images cost, from JPEG files in memory to normalized planes:
//   pipeline ROUNDS FILE..
// prints milliseconds of one thread's CPU time per image: decoding all of it, the same with a random resized crop to
// 224 px (bicubic), flip and normalization, and with RandAugment and erasing as well.
namespace camsweep {
namespace {

constexpr int kSide = 224;

void measure(int rounds, const std::vector<std::string>& files) {
  Augmentation plain{.crop = Augmentation::CropKind::kRandomResized,
                     .interpolation = Augmentation::Interpolation::kBicubic,
                     .flip = 0.5};
  Augmentation whole = plain;
  whole.rand_augment = RandAugmentOptions{};
  whole.erasing = 0.25;
  std::vector<float> planes(size_t{3} * kSide * kSide);
  const auto per_image = [&](const auto& work) {
    const double ms = cpu_time_ms([&] {
      for (int round = 0; round < rounds; ++round) {
        for (size_t i = 0; i < files.size(); ++i) {
          Random random(1, Purpose::kAugmentation, static_cast<uint64_t>(round), i);
          work(files[i], random);
        }
      }
    });
    return ms / (rounds * static_cast<double>(files.size()));
  };
  const auto through = [&](const Augmentation& augmentation) {
    return [&](const std::string& bytes, Random& random) {
      const Image seen = augment(decode_jpeg(bytes), kSide, augmentation, {}, random);
      normalize_into(seen, {}, planes.data());
      erase_and_hide(planes.data(), kSide, augmentation, random);
    };
  };
  const double decode = per_image([](const std::string& bytes, Random&) { decode_jpeg(bytes); });
  fmt::print("{{\"decode\": {:.4f}, \"crop\": {:.4f}, \"randaugment\": {:.4f}}}\n", decode, per_image(through(plain)),
             per_image(through(whole)));
}

}  // namespace
}  // namespace camsweep

int main(int count, char** arguments) {
  std::vector<std::string> files;
  for (int i = 2; i < count; ++i) files.push_back(camsweep::read_file(arguments[i]));
  camsweep::measure(std::stoi(arguments[1]), files);
}
