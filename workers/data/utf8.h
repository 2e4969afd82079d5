#pragma once

#include <string>
#include <string_view>

namespace camsweep {

// Whether JSON can hold the text: file systems allow names in any encoding, model files and results only UTF-8.
bool is_utf8(std::string_view text);

// The text with every byte that belongs to no UTF-8 sequence as \xNN, for messages.
std::string escaped(std::string_view text);

}  // namespace camsweep
