#include "workers/checkpoints/checkpoint_file.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/workers/checkpoints/archive_writer.h"
#include "tests/workers/checkpoints/checkpoint_files.h"

namespace camsweep {
namespace {

// start, start + 1, ... in row-major order: what the files hold.
at::Tensor counting(double start, at::IntArrayRef shape) {
  return at::arange(at::tensor(shape).prod().item<int64_t>(), at::kDouble).add(start).reshape(shape);
}

bool holds(const CheckpointFile& file, size_t group, const std::string& name, const at::Tensor& expected) {
  for (const NamedStoredTensor& entry : file.groups.at(group).tensors) {
    if (entry.name == name) return entry.tensor.read().to(at::kDouble).equal(expected.to(at::kDouble));
  }
  return false;
}

void expect_state(const CheckpointFile& file, size_t group, const std::string& prefix = "") {
  EXPECT_EQ(file.groups.at(group).tensors.size(), 5);
  EXPECT_TRUE(holds(file, group, prefix + "fc.weight", counting(0, {2, 3})));
  EXPECT_TRUE(holds(file, group, prefix + "fc.bias", counting(100, {2})));
  EXPECT_TRUE(holds(file, group, prefix + "bn.weight", counting(200, {3})));
  EXPECT_TRUE(holds(file, group, prefix + "bn.running_mean", counting(300, {3})));
  EXPECT_TRUE(holds(file, group, prefix + "bn.num_batches_tracked", at::scalar_tensor(7)));
}

bool contains(const std::vector<std::string>& lines, const std::string& line) {
  return std::ranges::find(lines, line) != lines.end();
}

TEST(CheckpointFileTest, EveryContainerGivesTheSameStateDict) {
  const std::pair<const char*, Container> files[] = {
      {"plain.pth", Container::kZip},     {"dict.pth", Container::kZip},
      {"no_crc.pth", Container::kZip},    {"parameters.pth", Container::kZip},
      {"legacy.pth", Container::kLegacy}, {"plain.safetensors", Container::kSafetensors}};
  for (const auto& [name, container] : files) {
    SCOPED_TRACE(name);
    const CheckpointFile file = open_checkpoint(stored_file(name));

    EXPECT_EQ(file.container, container);
    ASSERT_EQ(file.groups.size(), 1);
    EXPECT_EQ(file.groups[0].wrapper, "");
    EXPECT_TRUE(file.ignored.empty());
    expect_state(file, 0);
  }
  EXPECT_EQ(open_checkpoint(stored_file("plain.safetensors")).metadata.at("format"), "pt");
}

TEST(CheckpointFileTest, AStateDictsOwnMetadataIsNoEntry) {
  const CheckpointFile file = open_checkpoint(stored_file("with_metadata.pth"));

  ASSERT_EQ(file.groups.size(), 1);
  EXPECT_EQ(file.groups[0].tensors.size(), 7);
  EXPECT_TRUE(file.ignored.empty());
}

TEST(CheckpointFileTest, ATrainingSnapshotGivesItsGroupsAndSaysWhatElseItHolds) {
  for (const char* name : {"training.pth", "training_legacy.pth.tar"}) {
    SCOPED_TRACE(name);
    const CheckpointFile file = open_checkpoint(stored_file(name));

    ASSERT_EQ(file.groups.size(), 2);
    EXPECT_EQ(file.groups[0].wrapper, "model");
    EXPECT_EQ(file.groups[1].wrapper, "model_ema");
    expect_state(file, 0);
    EXPECT_TRUE(holds(file, 1, "fc.weight", counting(1, {2, 3})));
    EXPECT_TRUE(contains(file.ignored, "epoch: 299"));
    EXPECT_TRUE(contains(file.ignored, "optimizer: a dict of 2"));
    EXPECT_TRUE(contains(file.ignored, "args: an object argparse.Namespace"));
    EXPECT_TRUE(contains(file.ignored, "argparse.Namespace: named, never called"));
  }
}

TEST(CheckpointFileTest, WrappersKeepTheirNamesAndTensorsTheirPrefix) {
  const CheckpointFile file = open_checkpoint(stored_file("parallel.pth.tar"));

  ASSERT_EQ(file.groups.size(), 1);
  EXPECT_EQ(file.groups[0].wrapper, "state_dict");
  expect_state(file, 0, "module.");
  EXPECT_TRUE(contains(file.ignored, "arch: 'net'"));
}

TEST(CheckpointFileTest, TorchScriptGivesTheTensorsOfItsAttributes) {
  const CheckpointFile file = open_checkpoint(stored_file("script.pt"));

  EXPECT_EQ(file.container, Container::kTorchScript);
  EXPECT_TRUE(holds(file, 0, "fc.weight", counting(0, {2, 3})));
  EXPECT_TRUE(holds(file, 0, "bn.running_var", counting(500, {3})));
  EXPECT_EQ(file.groups.at(0).tensors.size(), 7);
}

TEST(CheckpointFileTest, EveryDtypeIsReadAsItIs) {
  const CheckpointFile file = open_checkpoint(stored_file("dtypes.pth"));

  for (const char* name : {"half", "bfloat", "double", "byte"}) EXPECT_TRUE(holds(file, 0, name, counting(0, {4})));
  EXPECT_TRUE(holds(file, 0, "bool", at::tensor({1.0, 0.0}, at::kDouble)));
  const auto half = std::ranges::find(file.groups[0].tensors, "half", &NamedStoredTensor::name);
  EXPECT_EQ(half->tensor.read().scalar_type(), at::kHalf);
}

TEST(CheckpointFileTest, ViewsOfOneStorageAreReadWhereTheyLie) {
  const at::Tensor base = counting(0, {4, 3});
  for (const char* name : {"views.pth", "views_legacy.pth"}) {
    SCOPED_TRACE(name);
    const CheckpointFile file = open_checkpoint(stored_file(name));

    EXPECT_TRUE(holds(file, 0, "whole", base));
    EXPECT_TRUE(holds(file, 0, "transposed", base.t()));
    EXPECT_TRUE(holds(file, 0, "row", base[2]));
    EXPECT_TRUE(holds(file, 0, "column", base.select(1, 1)));
    EXPECT_TRUE(holds(file, 0, "empty", base.slice(0, 0, 0)));
  }
}

// Files of before 2017: a storage may be a part of another, [offset, offset + size) of its elements.
TEST(CheckpointFileTest, AnOldViewOfAStorageIsReadAtItsOffset) {
  const std::string id = pickle::storage("7", 6);
  const std::string part =
      id.substr(0, id.size() - 2) + pickle::tuple({pickle::text("8"), pickle::integer(2), pickle::integer(4)}) + "tQ";
  const std::string object = "}(" + pickle::text("whole") + pickle::tensor(pickle::storage("7", 6), 0, {6}, {1}) +
                             pickle::text("part") + pickle::tensor(part, 1, {3}, {1}) + "u";
  const at::Tensor values = at::arange(6, at::kFloat);
  const std::string bytes(static_cast<const char*>(values.const_data_ptr()), values.nbytes());
  const WrittenFile written(legacy_of(object, "]" + pickle::text("7") + "a", little(6, 8) + bytes));

  const CheckpointFile file = open_checkpoint(written.path());

  EXPECT_TRUE(holds(file, 0, "whole", values));
  EXPECT_TRUE(holds(file, 0, "part", values.slice(0, 3, 6)));
}

// The length of its header, in the first bytes, may read " <", as the beginning of an HTML page does.
TEST(CheckpointFileTest, ASafetensorsFileWhoseLengthLooksLikeTextIsNoHtmlPage) {
  std::string header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
  header.resize(0x3c20, ' ');
  const WrittenFile written(little(header.size(), 8) + header + std::string(4, '\0'));

  EXPECT_TRUE(holds(open_checkpoint(written.path()), 0, "w", at::zeros({1})));
}

TEST(CheckpointFileTest, ATensorIsCopiedIntoAnyLayoutAndDtype) {
  const CheckpointFile file = open_checkpoint(stored_file("plain.pth"));
  const StoredTensor& weight = file.groups[0].tensors[0].tensor;
  const at::Tensor channels_last = at::empty({2, 3, 1, 1}, at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor narrow = at::empty({2, 3}, at::kBFloat16);

  weight.copy_to(channels_last);
  weight.copy_to(narrow);

  EXPECT_TRUE(channels_last.flatten().to(at::kDouble).equal(counting(0, {6})));
  EXPECT_TRUE(narrow.to(at::kDouble).equal(counting(0, {2, 3})));
}

TEST(CheckpointFileTest, WhatIsNoStateDictIsNamed) {
  const std::pair<const char*, const char*> files[] = {
      {"complex.pth", "'z' is of the type ComplexFloatStorage, which is not supported"},
      {"float8.pth", "'q' is of the type torch.float8_e4m3fn, which is not supported"},
      {"list.pth", "holds a list of 1, not the weights of a network by name"},
      {"module.pth", "holds an object torch.nn.modules.linear.Linear, not the weights of a network by name"}};
  for (const auto& [name, message] : files) {
    EXPECT_NE(read_all(stored_file(name)).find(message), std::string::npos) << read_all(stored_file(name));
  }
  EXPECT_TRUE(open_checkpoint(stored_file("no_tensors.pth")).groups.empty());
}

}  // namespace
}  // namespace camsweep
