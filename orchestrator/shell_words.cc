#include "orchestrator/shell_words.h"

#include <cctype>
#include <string_view>

#include "schemas/text.h"

namespace camsweep {
namespace {

bool plain(char c) {
  constexpr std::string_view kHarmless = "_-+=.,:/@%";
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || kHarmless.find(c) != std::string_view::npos;
}

std::string quoted(const std::string& word) {
  bool harmless = !word.empty();
  std::string text = "'";
  for (const char c : word) {
    harmless = harmless && plain(c);
    if (c == '\'') {
      text += "'\\''";  // no quoting inside single quotes: they are closed, and opened again behind it
    } else {
      text += c;
    }
  }
  return harmless ? word : text + "'";
}

}  // namespace

std::string shell_line(const std::vector<std::string>& words) {
  std::vector<std::string> all;
  for (const std::string& word : words) all.push_back(quoted(word));
  return join(all, " ");
}

}  // namespace camsweep
