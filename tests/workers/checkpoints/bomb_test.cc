#include <gtest/gtest.h>

#include "tests/workers/checkpoints/archive_writer.h"
#include "tests/workers/checkpoints/checkpoint_files.h"
#include "workers/checkpoints/pickle.h"

// Small files that say much: what a pickle names once and uses often must not be copied or walked as often.
namespace camsweep {
namespace {

using pickle::global;
using pickle::integer;
using pickle::text;

const std::string kFourFloats(16, '\1');
const std::string kTensor = pickle::tensor(pickle::storage("0", 4), 0, {4}, {1});

// Instructions that remember the value on top of the stack, and recall it.
std::string put(int slot) { return {'q', static_cast<char>(slot)}; }
std::string get(int slot) { return {'h', static_cast<char>(slot)}; }

std::string repeated(size_t count, const std::string& part) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += part;
  return all;
}

std::string safetensors_of(const std::string& header) { return little(header.size(), 8) + header; }

// A module whose attributes are all the module before it, and so on down: 2^60 paths through 60 modules.
TEST(BombTest, SharedTorchScriptModulesAreNotWalkedAlongEveryPath) {
  const std::string module = global("__torch__", "M") + ")\x81";
  std::string value = module + "}b" + put(0);
  for (int depth = 0; depth < 60; ++depth) {
    value.append("0").append(module).append("}(");
    for (const char* attribute : {"a", "b"}) value.append(text(attribute)).append(get(0));
    value.append("ub").append(put(0));
  }
  const std::string script = zip_of(
      {{.name = "a/data.pkl", .bytes = "\x80\x02" + value + "."}, {.name = "a/constants.pkl", .bytes = "\x80\x02)."}});

  EXPECT_NE(read_all_bytes(script).find("more modules than any network"), std::string::npos) << read_all_bytes(script);
}

TEST(BombTest, ALongNameUsedOftenIsNotCopiedAsOften) {
  const std::string entries =
      text(std::string(100'000, 'n')) + put(0) + kTensor + put(1) + repeated(5'000, get(0) + get(1));
  const std::string others =
      text(std::string(1'000'000, 'n')) + put(0) + "N" + put(1) + repeated(1'000, get(0) + get(1));

  expect_bounded_memory(pth_of("\x80\x02}(" + entries + "u.", kFourFloats));
  expect_bounded_memory(pth_of("\x80\x02}" + text("model") + "}(" + entries + "us.", kFourFloats));
  expect_bounded_memory(pth_of("\x80\x02}(" + others + "u.", kFourFloats));
}

TEST(BombTest, ALongStorageKeyUsedOftenIsNotCopiedAsOften) {
  const std::string key(100'000, 'k');
  const std::string id = pickle::storage(key, 4);
  const std::string object = "](" + id.substr(0, id.size() - 1) + put(0) + "Q" + repeated(5'000, get(0) + "Q") + "e";

  expect_bounded_memory(legacy_of(object, "]" + text(key) + "a", little(4, 8) + kFourFloats));
}

TEST(BombTest, PicklesAtTheLimitsOfTheirValuesStayInMemory) {
  const size_t values = kMaxPickleValues - 20;
  const std::string globals = repeated(values, "cm\n" + std::string(16, 'g') + "\n");
  std::string references;
  for (int i = 0; i < 40'000; ++i) references += pickle::storage(std::to_string(i), 1) + "0";
  const std::string id = pickle::storage("0", 1);
  const std::string shared = id.substr(0, id.size() - 1) + put(0) + repeated(values, get(0) + "Q0");

  expect_bounded_memory(pth_of("\x80\x02" + globals + ".", ""));
  expect_bounded_memory(pth_of("\x80\x02" + repeated(values / 2, "(") + globals + ".", ""));
  expect_bounded_memory(pth_of("\x80\x02N" + repeated(values, "\x85") + ".", ""));
  expect_bounded_memory(pth_of("\x80\x02" + repeated(values / 6, "](NNNNNe") + ".", ""));
  expect_bounded_memory(legacy_of(globals, globals, ""));
  expect_bounded_memory(legacy_of(references, "]", ""));
  expect_bounded_memory(legacy_of(shared, repeated(values, "N"), ""));
  // As many tensors as may be, of as many dimensions and with as long names, beside as many other values.
  const std::string wide =
      pickle::tensor(pickle::storage("0", 4), 0, std::vector<int64_t>(16, 1), std::vector<int64_t>(16, 1));
  const std::string named = text(std::string(200, 'n')) + put(0) + wide + put(1) + repeated(19'000, get(0) + get(1));
  const std::string many = "(" + repeated(values - 200, "cm\n" + std::string(16, 'g') + "\n") + "1}(" + named + "u";
  const std::string largest = pth_of("\x80\x02" + many + ".", kFourFloats);
  EXPECT_EQ(read_all_bytes(largest), "");
  expect_bounded_memory(largest);
}

TEST(BombTest, AHeaderOfManyNamesStaysInMemory) {
  for (const int count : {150'000, 500'000}) {
    std::string header = "{\"x\":1";
    for (int i = 0; i < count; ++i) header += ",\"" + std::to_string(i) + "\":1";
    expect_bounded_memory(safetensors_of(header + "}"));
  }
  std::string tensors = "{\"x\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}";
  for (int i = 0; i < 25'000; ++i) {
    tensors += ",\"" + std::to_string(i) + "\":{\"dtype\":\"F32\",\"shape\":[0,1,1,1],\"data_offsets\":[0,0]}";
  }
  EXPECT_EQ(read_all_bytes(safetensors_of(tensors + "}")), "");
  expect_bounded_memory(safetensors_of(tensors + "}"));
}

}  // namespace
}  // namespace camsweep
