#include "workers/checkpoints/checkpoint_file.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "schemas/error.h"
#include "workers/checkpoints/containers.h"

namespace camsweep {
namespace {

constexpr uint64_t kSniffed = 512;
constexpr size_t kTarMagicOffset = 257;

// What people save in place of weights.
void refuse_what_is_none(const InputFile& file, std::string_view head) {
  if (head.empty()) file.fail("is empty, so it holds no weights");
  if (head.starts_with("version https://git-lfs")) {
    file.fail("is a Git LFS pointer, not the weights: run `git lfs pull` where it came from");
  }
  if (head.starts_with("\x1f\x8b")) file.fail("is compressed with gzip: unpack it first");
  if (head.size() > kTarMagicOffset && head.substr(kTarMagicOffset).starts_with("ustar")) {
    file.fail("is a tar archive, not weights: unpack it first");
  }
  // The header's length at the beginning of safetensors may look like text, but for the zeros at its end.
  const size_t text = head.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (text != std::string_view::npos && head[text] == '<' && head.substr(0, 8).find('\0') == std::string_view::npos) {
    file.fail("is an HTML page, not weights: the download was answered by a web page");
  }
}

}  // namespace

std::string container_name(Container container) {
  constexpr std::array kNames = {"safetensors", "zip", "torchscript", "legacy"};
  return kNames[static_cast<size_t>(container)];
}

CheckpointFile open_checkpoint(const std::filesystem::path& path, const ReadOptions& options) {
  const auto file = std::make_shared<const InputFile>(path);
  const std::string head = file->read(0, std::min(file->size(), kSniffed));
  refuse_what_is_none(*file, head);
  if (head.starts_with("PK\x03\x04")) return open_zip_checkpoint(file, options);
  if (head.starts_with(kLegacyMagic)) return open_legacy_checkpoint(file);
  if (head.size() > 8 && head[8] == '{') return open_safetensors(file);
  if (head.starts_with("\x80")) {
    file->fail("is a pickle that PyTorch did not write: save the state dict with torch.save()");
  }
  file->fail("is no weights file: expected safetensors, or a file that torch.save() wrote");
}

}  // namespace camsweep
