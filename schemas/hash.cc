#include "schemas/hash.h"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <vector>

#include "schemas/error.h"

namespace camsweep {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  CAMSWEEP_CHECK(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1, "OpenSSL offers SHA-256");
}

Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  CAMSWEEP_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1, "hashing cannot fail");
}

std::string Sha256::hex() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, 32> digest;
  CAMSWEEP_CHECK(EVP_DigestFinal_ex(state_->context, digest.data(), nullptr) == 1, "hashing cannot fail");
  CAMSWEEP_CHECK(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1, "OpenSSL offers SHA-256");
  std::string text;
  text.reserve(64);
  for (const unsigned char byte : digest) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

std::string sha256(std::string_view bytes) {
  thread_local Sha256 hash;  // setting one up costs more than hashing a job
  hash.add(bytes);
  return hash.hex();
}

std::string sha256_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw environment_error("cannot read " + file.string(), errno);
  Sha256 hash;
  std::vector<char> block(1 << 20);
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
    hash.add({block.data(), static_cast<size_t>(in.gcount())});
  }
  if (in.bad()) throw environment_error("cannot read " + file.string(), EIO);
  return hash.hex();
}

}  // namespace camsweep
