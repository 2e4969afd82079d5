#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "tests/workers/checkpoints/archive_writer.h"
#include "tests/workers/checkpoints/checkpoint_files.h"
#include "workers/checkpoints/pickle.h"

namespace camsweep {
namespace {

using pickle::call;
using pickle::global;
using pickle::text;
using pickle::tuple;

// What an attack would leave behind if anything of it ran.
std::filesystem::path canary() { return std::filesystem::path(testing::TempDir()) / "camsweep-canary"; }

// Ways of naming a function: PROTO 2 and 0, by STACK_GLOBAL, INST and OBJ.
std::vector<std::string> attacks_with(const std::string& module, const std::string& name, const std::string& argument) {
  const std::string arguments = tuple({text(argument)});
  const std::string stacked = text(module) + text(name) + "\x93";
  return {call(global(module, name), arguments),
          call(stacked, arguments),
          "(" + text(argument) + "i" + module + "\n" + name + "\n",
          "(" + global(module, name) + text(argument) + "o",
          global(module, name) + arguments + "\x81",
          global(module, name) + arguments + "}\x92",
          call(global(module, name), arguments) + arguments + "b",
          call(global("builtins", "getattr"), tuple({call(global(module, name), arguments), text("x")})),
          call(global("collections", "OrderedDict"), tuple({call(global(module, name), arguments)}))};
}

// Values that would run a command, import a module or open a file in Python.
std::vector<std::string> attacks() {
  const std::string touch = "touch " + canary().string();
  const std::string python = "open('" + canary().string() + "', 'w')";
  std::vector<std::string> all;
  const auto add = [&](const std::string& module, const std::string& name, const std::string& argument) {
    for (const std::string& attack : attacks_with(module, name, argument)) all.push_back(attack);
  };
  add("os", "system", touch);
  add("posix", "system", touch);
  add("builtins", "eval", python);
  add("builtins", "exec", python);
  add("__builtin__", "execfile", canary().string());
  add("subprocess", "Popen", touch);
  add("torch.hub", "load", touch);
  add("torch.jit", "load", canary().string());
  return all;
}

TEST(HostilePickleTest, NothingOfItRunsWhereverItStands) {
  std::filesystem::remove(canary());
  const std::vector<std::string> all = attacks();
  ASSERT_GE(all.size(), 60);
  for (const std::string& attack : all) {
    const std::string tensor = pickle::tensor(pickle::storage("0", 4), 0, {4}, {1});
    const std::string beside = "\x80\x02}" + text("w") + tensor + "s" + text("evil") + attack + "s.";
    EXPECT_EQ(read_all_bytes(pth_of(beside, std::string(16, '\0'))), "");
    read_all_bytes(pth_of("\x80\x02" + attack + ".", ""));
    const std::string as_storage = pickle::tensor(attack, 0, {4}, {1});
    EXPECT_NE(read_all_bytes(pth_of(pickle::dict_of("w", as_storage), std::string(16, '\0'))), "");
    const std::string as_size = call(global("torch._utils", "_rebuild_tensor_v2"),
                                     tuple({pickle::storage("0", 4), attack, attack, attack, "\x89", "}"}));
    EXPECT_NE(read_all_bytes(pth_of(pickle::dict_of("w", as_size), std::string(16, '\0'))), "");
  }
  EXPECT_FALSE(std::filesystem::exists(canary()));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);  // no child was started
  EXPECT_EQ(errno, ECHILD);
}

TEST(HostilePickleTest, WhatIsNamedIsReported) {
  const std::string tensor = pickle::tensor(pickle::storage("0", 4), 0, {4}, {1});
  const std::string evil = call(global("os", "system"), tuple({text("true")}));
  const WrittenFile file(
      pth_of("\x80\x02}" + text("w") + tensor + "s" + text("x") + evil + "s.", std::string(16, 'a')));

  const CheckpointFile checkpoint = open_checkpoint(file.path());

  EXPECT_EQ(checkpoint.ignored, (std::vector<std::string>{"x: an object os.system", "os.system: named, never called"}));
}

TEST(HostilePickleTest, InstructionsOnTheWrongValuesAreRefused) {
  const std::string wrong[] = {"",
                               ".",
                               "N",
                               "s.",
                               "Na.",                    // APPEND to None
                               "N" + text("k") + "Ns.",  // SETITEM on None
                               "]" + text("k") + "Ns.",  // SETITEM on a list
                               "](NNNu.",                // SETITEMS with a key too many
                               "}" + text("k") + "a.",   // APPEND to a dict
                               "t.",                     // TUPLE without MARK
                               "e.",
                               "(0u.",
                               "h\x05.",  // GET of nothing
                               "g12\n.",
                               "gx\n.",
                               "q\x01.",  // PUT of nothing
                               "R.",
                               "b.",
                               "(o.",
                               "NN\x93.",  // STACK_GLOBAL of no names
                               "Inope\n.",
                               "\x80\x09.",                             // protocol 9
                               "\x8b" + little(0xffffffff, 4) + ".",    // LONG4 beyond the end
                               "\x8d" + little(~uint64_t{0}, 8) + ".",  // BINUNICODE8 beyond the end
                               "\x97.",                                 // a buffer from outside
                               "\xff.",
                               "cos\n",
                               call(global("collections", "OrderedDict"), tuple({"](Nt(NtlN"}))};
  for (const std::string& bytes : wrong) EXPECT_THROW(read_pickle(bytes, "x"), ConfigError) << bytes;
}

TEST(HostilePickleTest, DeepAndCyclicValuesEndInASentence) {
  std::string deep = "\x80\x02";
  for (int i = 0; i < 100'000; ++i) deep += "]";
  for (int i = 0; i < 99'999; ++i) deep += "a";
  EXPECT_NE(read_all_bytes(pth_of(deep + ".", "")), "");
  const std::string cyclic = "\x80\x02}q\x01" + text("self") + "h\x01s.";
  EXPECT_EQ(read_all_bytes(pth_of(cyclic, "")), "");
}

}  // namespace
}  // namespace camsweep
