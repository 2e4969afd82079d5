#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <random>

#include "tests/workers/checkpoints/archive_writer.h"
#include "tests/workers/checkpoints/checkpoint_files.h"

namespace camsweep {
namespace {

const std::string kFourFloats(16, '\1');
constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string one_tensor(int64_t offset, const std::vector<int64_t>& shape, const std::vector<int64_t>& strides,
                       int64_t elements = 4) {
  return pth_of(pickle::dict_of("w", pickle::tensor(pickle::storage("0", elements), offset, shape, strides)),
                kFourFloats);
}

TEST(BadCheckpointTest, AViewThatLiesInItsStorageIsRead) {
  EXPECT_EQ(read_all_bytes(one_tensor(0, {2, 2}, {2, 1})), "");
  EXPECT_EQ(read_all_bytes(one_tensor(1, {3}, {1})), "");
  EXPECT_EQ(read_all_bytes(one_tensor(0, {0, kHuge}, {1, 1})), "");
}

TEST(BadCheckpointTest, AViewBeyondItsStorageIsRefused) {
  EXPECT_TRUE(contains(read_all_bytes(one_tensor(1, {4}, {1})), "tensor 'w' reaches beyond its storage"));
  EXPECT_TRUE(contains(read_all_bytes(one_tensor(0, {2, 2}, {3, 1})), "reaches beyond"));
  EXPECT_TRUE(contains(read_all_bytes(one_tensor(-1, {2}, {1})), "reaches beyond"));
  EXPECT_TRUE(contains(read_all_bytes(one_tensor(kHuge, {2}, {1})), "reaches beyond"));
  EXPECT_TRUE(contains(read_all_bytes(one_tensor(0, {2}, {-1})), "negative size or stride"));
  EXPECT_TRUE(contains(read_all_bytes(one_tensor(0, {-2}, {1})), "negative size or stride"));
  EXPECT_TRUE(contains(read_all_bytes(one_tensor(0, {2}, {1, 1})), "do not go together"));
  EXPECT_TRUE(contains(read_all_bytes(one_tensor(0, {2, 2}, {kHuge, kHuge})), "too large to exist"));
}

TEST(BadCheckpointTest, AViewLargerThanItsStorageIsRefused) {
  EXPECT_TRUE(contains(read_all_bytes(one_tensor(0, {1'000'000'000}, {0})), "more elements than its storage"));
  EXPECT_TRUE(contains(read_all_bytes(one_tensor(0, {1'000'000, 1'000'000}, {0, 0})), "more elements"));
  EXPECT_TRUE(contains(read_all_bytes(one_tensor(0, {kHuge, kHuge}, {0, 0})), "too large to exist"));
}

TEST(BadCheckpointTest, AShapeThatOverflowsBehindAZeroIsRefused) {
  constexpr int64_t kLarge = int64_t{1} << 40;
  EXPECT_TRUE(contains(read_all_bytes(one_tensor(0, {kLarge, kLarge, 0}, {1, 1, 1})), "too large to exist"));
  EXPECT_TRUE(contains(read_all_bytes(one_tensor(0, {0, kLarge, kLarge}, {1, 1, 1})), "too large to exist"));
  const std::string header =
      R"({"a":{"dtype":"F32","shape":[0,4611686018427387904,4611686018427387904],"data_offsets":[0,0]}})";
  EXPECT_TRUE(contains(read_all_bytes(little(header.size(), 8) + header), "too large to exist"));
}

TEST(BadCheckpointTest, AStorageOfAnotherSizeThanItsRecordIsRefused) {
  EXPECT_TRUE(contains(read_all_bytes(one_tensor(0, {4}, {1}, 3)), "has 16 bytes, not the 3 elements"));
  EXPECT_TRUE(contains(read_all_bytes(one_tensor(0, {4}, {1}, 5)), "has 16 bytes, not the 5 elements"));
  const std::string other =
      pth_of(pickle::dict_of("w", pickle::tensor(pickle::storage("1", 4), 0, {4}, {1})), kFourFloats);
  EXPECT_TRUE(contains(read_all_bytes(other), "its storage '1' is missing"));
}

TEST(BadCheckpointTest, ArchivesThatLieAreRefused) {
  const std::string value = pickle::dict_of("w", pickle::tensor(pickle::storage("0", 4), 0, {4}, {1}));
  const WrittenRecord data{.name = "a/data/0", .bytes = kFourFloats};
  const WrittenRecord pkl{.name = "a/data.pkl", .bytes = value};
  const auto with = [&](const std::function<void(WrittenRecord&)>& change) {
    WrittenRecord changed = data;
    change(changed);
    return read_all_bytes(zip_of({pkl, changed}));
  };
  ASSERT_EQ(read_all_bytes(zip_of({pkl, data})), "");

  EXPECT_TRUE(contains(with([](WrittenRecord& r) { r.bad_crc = true; }), "'data/0' is damaged: its CRC"));
  EXPECT_TRUE(contains(with([](WrittenRecord& r) { r.method = 8; }), "compressed"));
  EXPECT_TRUE(contains(with([](WrittenRecord& r) { r.declared = 1'000'000'000; }), "lies beyond its end"));
  EXPECT_TRUE(contains(with([](WrittenRecord& r) { r.declared = 100; }), "overlaps what follows it"));
  EXPECT_TRUE(contains(with([](WrittenRecord& r) { r.header = 0; }), "is that of something else"));
  EXPECT_TRUE(contains(with([](WrittenRecord& r) { r.header = 1'000'000'000; }), "lies beyond its end"));
  EXPECT_TRUE(contains(with([](WrittenRecord& r) { r.name = "../../etc/passwd"; }), "no path inside"));
  EXPECT_TRUE(contains(with([](WrittenRecord& r) { r.name = "/etc/passwd"; }), "no path inside"));
  EXPECT_TRUE(contains(with([](WrittenRecord& r) { r.name = "a/\x1b[2J"; }), "no path inside"));
  EXPECT_TRUE(contains(read_all_bytes(zip_of({pkl, data, data})), "twice"));
  EXPECT_TRUE(contains(read_all_bytes(zip_of({data})), "without data.pkl"));
  EXPECT_TRUE(contains(read_all_bytes(zip_of({pkl, data}, 50'000)), "cut off"));
  EXPECT_TRUE(contains(read_all_bytes(zip_of({pkl, data, {.name = "a/byteorder", .bytes = "big"}})), "big-endian"));
}

TEST(BadCheckpointTest, EveryTruncationIsOneSentence) {
  for (const char* name :
       {"plain.pth", "training.pth", "legacy.pth", "training_legacy.pth.tar", "script.pt", "plain.safetensors"}) {
    const std::string bytes = bytes_of(stored_file(name));
    for (size_t size = 0; size < bytes.size(); ++size) {
      const std::string message = read_all_bytes(std::string_view(bytes).substr(0, size));
      ASSERT_FALSE(message.empty()) << name << " cut to " << size;
    }
  }
}

TEST(BadCheckpointTest, ALargeFileCutAtAnyPageIsRefused) {
  const std::string tensor(1'000'000, '\2');
  const std::string bytes =
      pth_of(pickle::dict_of("w", pickle::tensor(pickle::storage("0", 250'000), 0, {500, 500}, {500, 1})), tensor);
  ASSERT_EQ(read_all_bytes(bytes), "");
  for (size_t size = 0; size < bytes.size(); size += 4096) {
    EXPECT_FALSE(read_all_bytes(std::string_view(bytes).substr(0, size)).empty()) << size;
  }
}

// A flip in a tensor of a file without CRCs cannot be seen; every other ends in a sentence or in the same tensors.
TEST(BadCheckpointTest, RandomBitFlipsNeverCrash) {
  std::mt19937 random(0);
  for (const char* name : {"training.pth", "training_legacy.pth.tar", "script.pt", "views.pth", "plain.safetensors"}) {
    const std::string original = bytes_of(stored_file(name));
    for (int i = 0; i < 1000; ++i) {
      std::string bytes = original;
      const size_t flips = 1 + random() % 3;
      for (size_t flip = 0; flip < flips; ++flip)
        bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
      read_all_bytes(bytes);
    }
  }
}

TEST(BadCheckpointTest, AFlipInATensorIsSeenByItsCrc) {
  std::string bytes = bytes_of(stored_file("plain.pth"));
  const size_t bias = bytes.find(std::string("\x00\x00\xc8\x42\x00\x00\xca\x42", 8));  // 100, 101
  ASSERT_NE(bias, std::string::npos);
  bytes[bias] ^= 1;

  EXPECT_TRUE(contains(read_all_bytes(bytes), "is damaged: its CRC"));
}

TEST(BadCheckpointTest, OtherKindsOfFilesAreNamed) {
  EXPECT_TRUE(contains(read_all_bytes(""), "is empty"));
  EXPECT_TRUE(contains(read_all_bytes("<!DOCTYPE html><html>Quota exceeded</html>"), "is an HTML page, not weights"));
  EXPECT_TRUE(contains(read_all_bytes("\n <html>"), "is an HTML page"));
  EXPECT_TRUE(contains(read_all_bytes("version https://git-lfs.github.com/spec/v1\noid sha256:00\n"), "Git LFS"));
  EXPECT_TRUE(contains(read_all_bytes("\x1f\x8b\x08 compressed"), "gzip"));
  EXPECT_TRUE(contains(read_all_bytes(std::string(257, 'a') + "ustar"), "tar archive"));
  EXPECT_TRUE(contains(read_all_bytes("\x80\x04}."), "a pickle that PyTorch did not write"));
  EXPECT_TRUE(contains(read_all_bytes("just some text"), "is no weights file"));
  EXPECT_TRUE(contains(read_all("/nowhere/weights.pth"), "cannot be read as a weights file"));
  EXPECT_TRUE(contains(read_all("/dev/null"), "no regular file"));
}

TEST(BadCheckpointTest, HeaderBombsAreRefusedBeforeTheyAreRead) {
  EXPECT_TRUE(contains(read_all_bytes(little(uint64_t{1} << 62, 8) + "{}"), "a header of"));
  EXPECT_TRUE(contains(read_all_bytes(little(100'000'001, 8) + "{}"), "a header of"));
  std::string list = "{\"a\":[1";
  for (int i = 0; i < 1'100'000; ++i) list += ",1";
  list += "]}";
  EXPECT_TRUE(contains(read_all_bytes(little(list.size(), 8) + list), "larger than any network's"));
  const std::string name = "{\"" + std::string(17'000'000, 'n') + "\":1}";
  EXPECT_TRUE(contains(read_all_bytes(little(name.size(), 8) + name), "larger than any network's"));
}

TEST(BadCheckpointTest, MemoryStaysBelowTheFilesSizeAnd64MegabytesWhateverItSays) {
  const std::string lists(10'000'000, ']');
  std::string header = "{\"a\":[";
  for (int i = 0; i < 2'000'000; ++i) header += "1,";
  header += "1]}";
  std::string doubling = "\x80\x02]q";  // each list holds the one before it ten times
  doubling.push_back('\0');
  for (int i = 0; i < 100; ++i)
    doubling += "0](h" + std::string(1, '\0') + std::string(9, '2') + "eq" + std::string(1, '\0');
  const std::string files[] = {pth_of("\x80\x02" + lists + ".", ""),
                               pth_of("\x80\x02" + std::string(10'000'000, '(') + ".", ""),
                               pth_of("\x80\x02}r" + little(0xffffffff, 4) + ".", ""),
                               pth_of("\x80\x02"
                                      "B" +
                                          little(0xffffffff, 4) + "x.",
                                      ""),
                               pth_of(doubling + ".", ""),
                               little(header.size(), 8) + header,
                               one_tensor(0, {1'000'000'000}, {0})};
  for (const std::string& bytes : files) {
    expect_bounded_memory(bytes);
  }
}

}  // namespace
}  // namespace camsweep
