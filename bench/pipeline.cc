#include <fmt/format.h>

#include <string>
#include <vector>

#include "bench/cpu_time.h"
#include "schemas/files.h"
#include "workers/data/augmentation.h"
#include "workers/data/jpeg.h"

// What training images cost, from JPEG files in memory to normalized planes:
//   pipeline ROUNDS FILE..
// prints milliseconds of one thread's CPU time per image: decoding all of it, decoding the part that a random resized
// crop takes, the same to 224 px (bicubic) with flip and normalization, and with RandAugment and erasing as well; the
// last two of whole images, too, as the first epoch of a training decodes them.
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
  const auto finish = [&](const Image& seen, const Augmentation& augmentation, Random& random) {
    normalize_into(seen, {}, planes.data());
    erase_and_hide(planes.data(), kSide, augmentation, random);
  };
  const auto of_whole = [&](const Augmentation& augmentation) {
    return [&](const std::string& bytes, Random& random) {
      finish(augment(decode_jpeg(bytes), kSide, augmentation, {}, random), augmentation, random);
    };
  };
  const auto of_part = [&](const Augmentation& augmentation) {
    return [&](const std::string& bytes, Random& random) {
      const ReadCrop read = [&](const ChooseCrop& choose) { return decode_jpeg(bytes, choose); };
      finish(augment(read, kSide, augmentation, {}, random), augmentation, random);
    };
  };
  const auto decode_whole = [](const std::string& bytes, Random&) { decode_jpeg(bytes); };
  const auto decode_part = [&](const std::string& bytes, Random& random) {
    decode_jpeg(bytes,
                [&](ImageSize size) { return random_resized_crop(size.width, size.height, plain.least_area, random); });
  };
  fmt::print(
      "{{\"decode\": {:.4f}, \"decode_crop\": {:.4f}, \"crop\": {:.4f}, \"randaugment\": {:.4f}, "
      "\"whole_crop\": {:.4f}, \"whole_randaugment\": {:.4f}}}\n",
      per_image(decode_whole), per_image(decode_part), per_image(of_part(plain)), per_image(of_part(whole)),
      per_image(of_whole(plain)), per_image(of_whole(whole)));
}

}  // namespace
}  // namespace camsweep

int main(int count, char** arguments) {
  std::vector<std::string> files;
  for (int i = 2; i < count; ++i) files.push_back(camsweep::read_file(arguments[i]));
  camsweep::measure(std::stoi(arguments[1]), files);
}
