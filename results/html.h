#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "results/comparison.h"
#include "results/table.h"

namespace camsweep {

// The one way by which a text gets into a page.
std::string html_escaped(std::string_view text);

// A table as HTML: rows and columns as in the text form, best values bold.
std::string html_table(const Table& table);

// A file as a data: URI of a type such as "image/png".
std::string data_uri(const std::filesystem::path& file, std::string_view type);

// Overlays as a grid, rows images and columns cells, one block per method, shown one at a time without any script.
// Pictures are embedded up to `embed_bytes` in all, and linked relative to `page` beyond that.
std::string html_overlays(const Comparison& comparison, const std::filesystem::path& page, size_t embed_bytes);

}  // namespace camsweep
