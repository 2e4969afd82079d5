#include "workers/data/image.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

#include "tests/workers/data/test_files.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

std::string from_hex(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

struct StoredFile {
  std::string bytes;
  std::string rgb;  // what Pillow decodes
};

// make_image_files.py writes them.
std::map<std::string, StoredFile> stored_files() {
  std::ifstream in(fs::path(CAMSWEEP_SOURCE_DIR) / "tests/workers/data/image_files.txt");
  std::map<std::string, StoredFile> files;
  std::string name, bytes, rgb;
  while (in >> name >> bytes >> rgb) files[name] = {from_hex(bytes), from_hex(rgb)};
  return files;
}

std::string refusal(const fs::path& file) {
  return message_of<ImageError>([&] { read_image(file); });
}

// Grey, palettes, transparency, 1 to 16 bits, four inks, progressive scans, a wrong name, a turn by EXIF.
TEST(ImageTest, ReadsEveryColourFormAsPillowDoes) {
  const TestFolder folder;
  int read = 0;

  for (const auto& [name, stored] : stored_files()) {
    if (stored.rgb.empty()) continue;
    const Image image = read_image(folder.file(name, stored.bytes));
    EXPECT_EQ(std::string(image.rgb.begin(), image.rgb.end()), stored.rgb) << name;
    ++read;
  }

  EXPECT_EQ(read, 28);
}

TEST(ImageTest, GoesByContentNotByName) {
  const TestFolder folder;
  const auto files = stored_files();

  const Image image = read_image(folder.file("photo.jpg", files.at("rgb.png").bytes));

  EXPECT_EQ(std::string(image.rgb.begin(), image.rgb.end()), files.at("rgb.png").rgb);
}

TEST(ImageTest, MasksOfOtherColourFormsAreRefusedByName) {
  const TestFolder folder;
  const auto files = stored_files();
  const std::map<std::string, std::string> words = {
      {"palette.png", "palette PNG"}, {"grey_alpha.png", "alpha"}, {"16bit.png", "16"}, {"rgb.png", "RGB"}};

  for (const auto& [name, word] : words) {
    const fs::path file = folder.file(name, files.at(name).bytes);

    const std::string text = message_of<ImageError>([&] { read_gray_png(file); });

    EXPECT_NE(text.find(file.string()), std::string::npos) << text;
    EXPECT_NE(text.find(word), std::string::npos) << text;
  }
}

TEST(ImageTest, DamageIsAnErrorThatNamesTheFile) {
  const TestFolder folder;
  const auto files = stored_files();

  for (const char* name : {"truncated.jpg", "truncated.png", "flipped.png"}) {
    const fs::path file = folder.file(name, files.at(name).bytes);

    EXPECT_TRUE(refusal(file).starts_with(file.string() + ": ")) << refusal(file);
  }
}

// Pillow 12.2 decodes these files to the pixels of the clean ones.
TEST(ImageTest, StrayBytesBeforeAMarkerOfAJpegAreSkipped) {
  const TestFolder folder;
  const auto files = stored_files();
  const std::string stray("\x00\x01\x02\x03", 4);

  for (const char* name : {"rgb.jpg", "grey.jpg", "progressive.jpg"}) {
    const StoredFile& stored = files.at(name);
    for (const char* marker : {"\xff\xdb", "\xff\xda", "\xff\xd9"}) {  // tables, a scan, the end
      std::string bytes = stored.bytes;
      bytes.insert(bytes.rfind(marker), stray);

      const Image image = read_image(folder.file(name, bytes));

      EXPECT_EQ(std::string(image.rgb.begin(), image.rgb.end()), stored.rgb) << name;
    }
  }
}

TEST(ImageTest, JpegsThatEndEarlyAreDamagedWithOrWithoutAnEndMarker) {
  const TestFolder folder;
  const std::string whole = stored_files().at("rgb.jpg").bytes;
  const std::string end = "\xff\xd9";
  const std::string cut = whole.substr(0, whole.size() - 12);

  for (const std::string& bytes : {whole.substr(0, whole.size() - end.size()), cut, cut + end}) {
    const fs::path file = folder.file("photo.jpg", bytes);

    EXPECT_TRUE(refusal(file).starts_with(file.string() + ": ")) << refusal(file);
  }
}

TEST(ImageTest, SaysWhatAFileIsThatIsNoImage) {
  const TestFolder folder;
  const std::map<std::string, std::string> words = {
      {"", "empty"}, {"\n<!DOCTYPE html><html>404</html>", "web page"}, {"GIF89a", "neither JPEG nor PNG"}};

  for (const auto& [bytes, word] : words) {
    const std::string text = refusal(folder.file("photo.jpg", bytes));

    EXPECT_NE(text.find(word), std::string::npos) << text;
  }
}

TEST(ImageTest, AMissingFileIsAnImageError) {
  const TestFolder folder;

  EXPECT_NE(refusal(folder.path() / "gone.jpg").find("gone.jpg"), std::string::npos);
}

// A header of 33 bytes may ask for 12 GB: it is refused before memory is taken.
TEST(ImageTest, RefusesHugeHeadersBeforeTakingMemory) {
  const TestFolder folder;
  const auto files = stored_files();

  for (const char* name : {"huge.png", "wider.png"}) {
    const fs::path file = folder.file(name, files.at(name).bytes);

    EXPECT_TRUE(refusal(file).starts_with(file.string() + ": ")) << refusal(file);
    EXPECT_THROW(read_alpha_png(file), ImageError) << name;
    EXPECT_THROW(read_gray_png(file), ImageError) << name;
  }
}

TEST(ImageTest, AlphaReaderConvertsEveryFormOfPng) {
  const TestFolder folder;
  const auto files = stored_files();
  const std::string& rgb = files.at("rgb.png").rgb;

  for (const char* name : {"alpha.png", "rgb.png"}) {
    const AlphaImage image = read_alpha_png(folder.file(name, files.at(name).bytes));

    ASSERT_EQ(image.rgba.size(), 48u) << name;
    for (size_t i = 0; i < 12; ++i) {
      EXPECT_EQ(image.rgba[4 * i + 1], static_cast<uint8_t>(rgb[3 * i + 1])) << name << ", pixel " << i;
      EXPECT_EQ(image.rgba[4 * i + 3], 255) << name << ", pixel " << i;
    }
  }
  for (const char* name : {"palette.png", "grey.png", "16bit.png"}) {
    EXPECT_EQ(read_alpha_png(folder.file(name, files.at(name).bytes)).rgba.size(), 48u) << name;
  }
}

TEST(ImageTest, WrittenPngReadsBackByteForByte) {
  const TestFolder folder;
  Image image{.width = 5, .height = 2, .rgb = {}};
  for (int i = 0; i < 30; ++i) image.rgb.push_back(static_cast<uint8_t>(8 * i));
  const GrayImage mask{.width = 3, .height = 2, .gray = {0, 255, 1, 254, 128, 7}};

  write_png(folder.path() / "image.png", image);
  write_png(folder.path() / "mask.png", mask);

  EXPECT_EQ(read_image(folder.path() / "image.png").rgb, image.rgb);
  EXPECT_EQ(read_gray_png(folder.path() / "mask.png").gray, mask.gray);
}

}  // namespace
}  // namespace camsweep
