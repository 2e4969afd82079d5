#include "workers/data/loader.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <exception>
#include <mutex>
#include <numeric>
#include <string_view>
#include <thread>

#include "schemas/error.h"
#include "workers/data/random.h"

namespace camsweep {
namespace {

constexpr size_t kBatchesAhead = 3;

}  // namespace

at::Tensor to_input(const Image& image, int side, const Normalization& normalization) {
  at::Tensor input = at::empty({3, side, side}, at::kFloat);
  normalize_into(warp(image, side), normalization, input.data_ptr<float>());
  return input;
}

at::Tensor to_input(const std::vector<float>& signal) {
  return at::tensor(signal).view({1, static_cast<int64_t>(signal.size()), 1});
}

at::Tensor zero_inputs(const Dataset& dataset, int64_t count, int side) {
  if (dataset.signal_length() > 0) return at::zeros({count, 1, dataset.signal_length(), 1}, at::kFloat);
  return at::zeros({count, 3, side, side}, at::kFloat);
}

size_t image_cache_bytes() {
  constexpr const char* kVariable = "CAMSWEEP_IMAGE_CACHE";
  const char* given = std::getenv(kVariable);
  if (given == nullptr) return 0;
  const std::string_view text = given;
  uint32_t mebibytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mebibytes);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw ConfigError(fmt::format("{} is '{}'; allowed: a whole number of MiB", kVariable, text));
  }
  return size_t{mebibytes} << 20;
}

// Threads take single images, of the batch that is due first; a batch is handed out once all of its images are there.
struct Loader::Impl {
  struct Slot {
    Batch batch;
    size_t taken = 0;  // images given to threads
    size_t done = 0;
    std::exception_ptr error;
  };

  Impl(const Dataset& the_dataset, Split split, const LoaderOptions& the_options)
      : dataset(the_dataset),
        samples(the_dataset.samples(split)),
        options(the_options),
        order(samples.size()),
        kept(options.cache_bytes > 0 ? samples.size() : 0) {
    CAMSWEEP_CHECK(options.batch % options.ranks == 0, "the batch is a multiple of the gang");
    for (int i = 0; i < std::max(1, options.threads); ++i) threads.emplace_back([this] { work(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      closing = true;
    }
    work_there.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  int64_t steps() const {
    const auto images = static_cast<int64_t>(samples.size());
    return options.drop_last ? images / options.batch : (images + options.batch - 1) / options.batch;
  }

  void shuffle() {
    std::iota(order.begin(), order.end(), size_t{0});
    if (!options.shuffle) return;
    Random random(options.seed, Purpose::kOrder, static_cast<uint64_t>(epoch), 0);
    for (size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[static_cast<size_t>(random.integer(0, static_cast<int64_t>(i) - 1))]);
    }
  }

  // This rank's slice of the gang's batch number `step`.
  std::unique_ptr<Slot> make_slot(int64_t step) const {
    const size_t slice = static_cast<size_t>(options.batch / options.ranks);
    const size_t first = static_cast<size_t>(step) * options.batch + slice * options.rank;
    const size_t end = std::min(order.size(), first + slice);
    auto slot = std::make_unique<Slot>();
    for (size_t i = first; i < end; ++i) slot->batch.samples.push_back(order[i]);
    const auto count = static_cast<int64_t>(slot->batch.samples.size());
    slot->batch.images = zero_inputs(dataset, count, options.side);
    slot->batch.labels = at::empty({count}, at::kLong);
    for (int64_t i = 0; i < count; ++i) {
      slot->batch.labels.data_ptr<int64_t>()[i] = samples[slot->batch.samples[static_cast<size_t>(i)]].label;
    }
    return slot;
  }

  void fill_ring() {
    while (ring.size() < kBatchesAhead && next_step < steps()) ring.push_back(make_slot(next_step++));
  }

  Slot* slot_with_work() const {
    for (const auto& slot : ring) {
      if (slot->taken < slot->batch.samples.size()) return slot.get();
    }
    return nullptr;
  }

  // Nothing here may call at::set_num_threads(): a computing thread whose first parallel operation comes later would
  // take over the number.
  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      Slot* slot = nullptr;
      work_there.wait(lock, [&] { return closing || (slot = slot_with_work()) != nullptr; });
      if (closing) return;
      const size_t position = slot->taken++;
      ++busy;
      const int of_epoch = epoch;
      lock.unlock();
      std::exception_ptr error;
      try {
        make_image(*slot, position, of_epoch);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      --busy;
      ++slot->done;
      if (error && !slot->error) slot->error = error;
      work_done.notify_all();
    }
  }

  // The first epoch decodes whole files: damage anywhere in one ends a training at its start, not when a crop meets it.
  Image see(size_t index, int of_epoch, Random& random) {
    const auto as_seen = [&](const auto& picture) {
      return augment(picture, options.side, options.augmentation, options.normalization, random);
    };
    if (!kept.empty() && !kept[index].rgb.empty()) return as_seen(kept[index]);
    const bool needs_part = options.augmentation.crop == Augmentation::CropKind::kRandomResized;
    if (needs_part && of_epoch > 0 && kept_bytes >= options.cache_bytes) {
      return as_seen(ReadCrop([&](const ChooseCrop& choose) { return dataset.image_part(samples[index], choose); }));
    }
    Image image = dataset.image(samples[index]);
    Image seen = as_seen(image);
    if (!kept.empty()) keep(index, std::move(image));
    return seen;
  }

  void keep(size_t index, Image image) {
    const size_t bytes = image.rgb.size();
    if (kept_bytes.fetch_add(bytes) + bytes <= options.cache_bytes) kept[index] = std::move(image);
  }

  void make_image(Slot& slot, size_t position, int of_epoch) {
    const size_t index = slot.batch.samples[position];
    if (dataset.signal_length() > 0) {
      slot.batch.images[static_cast<int64_t>(position)].copy_(to_input(dataset.signal(samples[index])));
      return;
    }
    Random random(options.seed, Purpose::kAugmentation, static_cast<uint64_t>(of_epoch), index);
    const Image seen = see(index, of_epoch, random);
    float* planes = slot.batch.images.data_ptr<float>() + position * size_t{3} * options.side * options.side;
    normalize_into(seen, options.normalization, planes);
    erase_and_hide(planes, options.side, options.augmentation, random);
  }

  const Dataset& dataset;
  const std::vector<Sample>& samples;
  const LoaderOptions options;
  std::vector<size_t> order;
  int epoch = 0;
  // Decoded images by sample, if any may be kept; empty: not kept. An epoch has a sample once and ends before the next
  // one starts, so that no two threads meet at one. Once an image did not fit, none is added.
  std::vector<Image> kept;
  std::atomic<size_t> kept_bytes = 0;

  std::mutex mutex;  // guards all below
  std::condition_variable work_there;
  std::condition_variable work_done;
  std::deque<std::unique_ptr<Slot>> ring;  // batches in order; the front is due
  int64_t next_step = 0;
  int busy = 0;  // threads that decode
  bool closing = false;
  std::vector<std::thread> threads;
};

Loader::Loader(const Dataset& dataset, Split split, const LoaderOptions& options)
    : impl_(std::make_unique<Impl>(dataset, split, options)) {}
Loader::~Loader() = default;

int64_t Loader::steps_per_epoch() const { return impl_->steps(); }

void Loader::start_epoch(int epoch, int64_t first_step) {
  {
    std::unique_lock lock(impl_->mutex);
    for (const auto& slot : impl_->ring) slot->taken = slot->batch.samples.size();  // no new work on old batches
    impl_->work_done.wait(lock, [this] { return impl_->busy == 0; });
    impl_->ring.clear();
    impl_->epoch = epoch;
    impl_->shuffle();
    impl_->next_step = first_step;
    impl_->fill_ring();
  }
  impl_->work_there.notify_all();
}

std::optional<Batch> Loader::next() {
  std::unique_lock lock(impl_->mutex);
  if (impl_->ring.empty()) return std::nullopt;
  Impl::Slot& due = *impl_->ring.front();
  impl_->work_done.wait(lock, [&] { return due.done == due.batch.samples.size(); });
  const std::unique_ptr<Impl::Slot> slot = std::move(impl_->ring.front());
  impl_->ring.pop_front();
  impl_->fill_ring();
  lock.unlock();
  impl_->work_there.notify_all();
  if (slot->error) std::rethrow_exception(slot->error);
  return std::move(slot->batch);
}

}  // namespace camsweep
