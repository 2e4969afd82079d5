#include "workers/gang/line_channel.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "schemas/error.h"
#include "tests/workers/gang/pipe.h"

namespace camsweep {
namespace {

TEST(LineReaderTest, JoinsPartsAndSplitsWhatCameTogether) {
  Pipe pipe;
  LineReader reader(pipe.read_end(), 100);

  pipe.write("fir");
  pipe.write("st\nsecond\nthi");
  pipe.write("rd\n");

  EXPECT_EQ(reader.next(), "first");
  EXPECT_EQ(reader.next(), "second");
  EXPECT_EQ(reader.next(), "third");
}

TEST(LineReaderTest, DropsALastLineWhoseWriterDiedInIt) {
  Pipe pipe;
  LineReader reader(pipe.read_end(), 100);

  pipe.write("whole\nhal");
  pipe.close_write_end();

  EXPECT_EQ(reader.next(), "whole");
  EXPECT_EQ(reader.next(), std::nullopt);
}

TEST(LineReaderTest, RefusesALineBeyondTheLimitBeforeItsEndIsThere) {
  Pipe pipe;
  LineReader reader(pipe.read_end(), 10);

  pipe.write("12345678901");

  EXPECT_THROW(reader.next(), Error);
}

TEST(LineReaderTest, ReturnsNoneWhenItIsWoken) {
  Pipe pipe;
  Pipe wake;
  LineReader reader(pipe.read_end(), 10, wake.read_end());

  wake.write("!");

  EXPECT_EQ(reader.next(), std::nullopt);
}

TEST(LineWriterTest, KeepsLinesOfSeveralThreadsWholeWhereThePipeIsFull) {
  Pipe pipe;
  LineWriter writer(pipe.write_end());
  LineReader reader(pipe.read_end(), 100'000);
  const auto write_ten = [&](char letter) {
    for (int i = 0; i < 10; ++i) writer.write(std::string(70'000, letter));  // a pipe holds 65,536 bytes
  };

  std::thread first(write_ten, 'a');
  std::thread second(write_ten, 'b');
  std::vector<std::string> lines;
  for (int i = 0; i < 20; ++i) lines.push_back(reader.next().value());
  first.join();
  second.join();

  for (const std::string& line : lines) EXPECT_EQ(line, std::string(70'000, line[0]));
}

}  // namespace
}  // namespace camsweep
