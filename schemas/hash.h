#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace camsweep {

// SHA-256 of what was added so far, as 64 lower-case hexadecimal digits.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::string_view bytes);
  std::string hex();  // ends the hash; the object then starts a new one

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256(std::string_view bytes);

// Throws Error (kEnvironment) naming the file if it cannot be read.
std::string sha256_file(const std::filesystem::path& file);

}  // namespace camsweep
