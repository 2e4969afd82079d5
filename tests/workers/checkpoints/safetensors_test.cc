#include "workers/checkpoints/safetensors.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/hash.h"

namespace camsweep {
namespace {

class SafetensorsTest : public testing::Test {
 protected:
  SafetensorsTest()
      : file_(std::filesystem::path(testing::TempDir()) /
              (std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + ".safetensors")) {}
  ~SafetensorsTest() override { std::filesystem::remove(file_); }

  // The file for a header and its data bytes.
  void write_raw(const std::string& header, const std::string& data) const {
    std::string bytes;
    for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(header.size() >> (8 * i) & 0xff));
    write_file(file_, bytes + header + data);
  }

  std::string refusal() const {
    try {
      read_safetensors(file_);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "read without complaint";
  }

  void expect_refused(const std::string& header, const std::string& data, const std::string& reason) const {
    write_raw(header, data);
    const std::string message = refusal();
    EXPECT_NE(message.find(reason), std::string::npos) << header << "\n" << message;
    EXPECT_EQ(message.rfind(file_.string(), 0), 0U) << message;
  }

  std::filesystem::path file_;
};

TEST_F(SafetensorsTest, EveryTypeComesBackBitForBit) {
  TensorFile content;
  content.metadata = {{"camsweep", "{\"a\": \"\\u00e9\"}"}, {"format", "pt"}};
  for (const at::ScalarType type : {at::kFloat, at::kDouble, at::kBFloat16, at::kHalf, at::kLong, at::kInt, at::kShort,
                                    at::kChar, at::kByte, at::kBool}) {
    content.tensors.emplace_back(c10::toString(type), at::arange(6, at::kFloat).view({2, 3}).to(type));
  }
  content.tensors.emplace_back("scalar", at::scalar_tensor(7, at::kLong));
  content.tensors.emplace_back("empty", at::empty({0, 4}));
  content.tensors.emplace_back("transposed", at::arange(6, at::kFloat).view({2, 3}).t());

  const std::string hash = write_safetensors(file_, content, Sync::kNo);
  const TensorFile read = read_safetensors(file_);

  EXPECT_EQ(hash, sha256_file(file_));
  EXPECT_EQ(read.metadata, content.metadata);
  ASSERT_EQ(read.tensors.size(), content.tensors.size());
  for (const auto& [name, tensor] : content.tensors) {
    ASSERT_NE(read.find(name), nullptr) << name;
    EXPECT_EQ(read.find(name)->scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(read.find(name)->equal(tensor)) << name;
  }
  EXPECT_EQ(read.find("absent"), nullptr);
}

TEST_F(SafetensorsTest, AFileOfTheFormatsOwnExampleIsRead) {
  write_raw(R"({"x":{"dtype":"I32","shape":[2],"data_offsets":[0,8]}}   )",
            std::string("\x01\0\0\0\xff\xff\xff\xff", 8));

  EXPECT_TRUE(read_safetensors(file_).find("x")->equal(at::tensor({1, -1}, at::kInt)));
}

TEST_F(SafetensorsTest, AFileCutOffAnywhereIsRefused) {
  TensorFile content;
  content.tensors.emplace_back("weight", at::ones({3, 5}));
  content.tensors.emplace_back("bias", at::ones({3}));
  write_safetensors(file_, content, Sync::kNo);
  const std::string whole = read_file(file_);

  for (size_t length = 0; length < whole.size(); ++length) {
    write_file(file_, std::string_view(whole).substr(0, length));
    EXPECT_THROW(read_safetensors(file_), ConfigError) << length;
  }
  write_file(file_, whole + "x");
  EXPECT_THROW(read_safetensors(file_), ConfigError);
}

TEST_F(SafetensorsTest, AnEntryThatContradictsItselfIsRefused) {
  const std::string eight(8, '\0');
  expect_refused(R"({"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", eight, "takes 12 bytes by its shape");
  expect_refused(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", eight, "no range");
  expect_refused(R"({"x":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}})", eight, "F8_E4M3");
  expect_refused(R"({"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", eight, "no whole numbers");
  expect_refused(R"({"x":{"dtype":"F32","shape":[2]}})", eight, "needs dtype, shape and data_offsets");
  expect_refused(R"({"x":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,8]}})", eight,
                 "too large to exist");
  expect_refused(R"({"x":[]})", eight, "needs dtype");
  expect_refused(R"({"__metadata__":{"a":1}})", "", "is no string");
}

TEST_F(SafetensorsTest, RegionsMustFillTheDataWithoutGapOrOverlap) {
  const std::string eight(8, '\0');
  const std::string a = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";

  expect_refused("{" + a + "}", eight, "holds 8 bytes of data where its header promises 4");
  expect_refused("{" + a + R"(,"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", eight, "overlaps");
  expect_refused("{" + a + R"(,"b":{"dtype":"U8","shape":[2],"data_offsets":[6,8]}})", eight, "gap");
}

TEST_F(SafetensorsTest, AHostileHeaderIsRefusedBeforeMemoryIsTaken) {
  write_file(file_, std::string("\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10));
  EXPECT_NE(refusal().find("a header of 9223372036854775807 bytes in a file of 10"), std::string::npos) << refusal();

  expect_refused(R"({"x":{"dtype":"U8","shape":[1000000000000],"data_offsets":[0,1000000000000]}})", "x", "cut off");
  expect_refused(std::string(100'000, '['), "", "nested too deeply");
  expect_refused(R"({"x":)" + std::string(100'000, '{'), "", "");
  expect_refused(R"({"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"x":{"dtype":"U8","shape":[0],)"
                 R"("data_offsets":[0,0]}})",
                 "", "names 'x' twice");
  expect_refused("<html>Not found</html>", "", "no valid JSON");
  expect_refused("[]", "", "no map");
}

TEST_F(SafetensorsTest, AMissingFileIsWrongInput) { EXPECT_THROW(read_safetensors(file_), ConfigError); }

TEST_F(SafetensorsTest, AFailedWriteLeavesNothingBehind) {
  const std::filesystem::path missing = std::filesystem::path(testing::TempDir()) / "no_such_folder" / "x";

  EXPECT_THROW(write_safetensors(missing, {}, Sync::kYes), Error);

  EXPECT_FALSE(std::filesystem::exists(missing));
}

}  // namespace
}  // namespace camsweep
