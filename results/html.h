#pragma once

#include <cstddef>
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

inline constexpr int kMaxMethods = 16;

struct OverlayOptions {
  size_t embedded_bytes = 0;   // pictures beyond that many are linked relative to the page
  std::string method = "cam";  // shown first
};

// Overlays as a grid, rows images and columns cells, one block per method, shown one at a time without any script.
// "" without overlays.
std::string html_overlays(const Comparison& comparison, const std::filesystem::path& page,
                          const OverlayOptions& options);

}  // namespace camsweep
