#include <fmt/format.h>

#include <chrono>
#include <string>
#include <thread>

#include "workers/data/dataset.h"
#include "workers/data/loader.h"

// How long a consumer waits for training images:
//   stream FOLDER RATE EPOCHS CACHE_MIB
// A loader of one decode thread streams FOLDER/train/<class>/<image> as training sees it (random resized crop to 224
// px, flip) to a consumer that takes RATE images a second, in batches of 32. Prints, of the first epoch, which decodes
// whole files, and of the last, milliseconds to the first batch and the share of the time that the consumer waited.
namespace camsweep {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Waiting {
  double first_ms = 0;
  double share = 0;
};

Waiting consume(Loader& loader, int epoch, double rate) {
  const auto start = Clock::now();
  loader.start_epoch(epoch);
  Waiting waiting;
  double waited = 0;
  for (bool is_first = true;; is_first = false) {
    const auto asked = Clock::now();
    const std::optional<Batch> batch = loader.next();
    if (!batch) break;
    if (is_first) {
      waiting.first_ms = 1e3 * seconds_since(start);
    } else {
      waited += seconds_since(asked);
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(static_cast<double>(batch->samples.size()) / rate));
  }
  waiting.share = waited / seconds_since(start);
  return waiting;
}

void measure(const std::string& folder, double rate, int epochs, size_t cache_mib) {
  const auto dataset = load_dataset({{"kind", "folder"}, {"root", folder}});
  Loader loader(*dataset, Split::kTrain,
                {.augmentation = {.crop = Augmentation::CropKind::kRandomResized,
                                  .interpolation = Augmentation::Interpolation::kBicubic,
                                  .flip = 0.5},
                 .shuffle = true,
                 .cache_bytes = cache_mib << 20});
  const Waiting first = consume(loader, 0, rate);
  for (int epoch = 1; epoch + 1 < epochs; ++epoch) consume(loader, epoch, 1e9);
  const Waiting last = consume(loader, epochs - 1, rate);
  fmt::print("{{\"first_epoch\": {{\"first_batch_ms\": {:.1f}, \"waited\": {:.3f}}}, ", first.first_ms, first.share);
  fmt::print("\"last_epoch\": {{\"first_batch_ms\": {:.1f}, \"waited\": {:.3f}}}}}\n", last.first_ms, last.share);
}

}  // namespace
}  // namespace camsweep

int main(int, char** arguments) {
  camsweep::measure(arguments[1], std::stod(arguments[2]), std::stoi(arguments[3]), std::stoul(arguments[4]));
}
