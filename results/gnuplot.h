#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "results/plot.h"

namespace camsweep {

enum class FigureFormat { kSvg, kPdf, kPng };
// Throws ConfigError with the known names.
FigureFormat figure_format(const std::string& name);
std::string_view figure_extension(FigureFormat format);

// Writes <folder>/<name>.csv (the data), <name>.gp (the script, which runs with `gnuplot <name>.gp` in that folder) and
// one figure per format; returns the figures' paths. gnuplot runs as a child without a shell. Throws Error
// (kEnvironment) if it is missing or fails.
std::vector<std::filesystem::path> draw_figure(const PlotData& data, const std::string& name,
                                               const std::filesystem::path& folder,
                                               const std::vector<FigureFormat>& formats);

// The text of the data file and of the script, which draws every format in turn.
std::string figure_csv(const PlotData& data);
std::string figure_script(const PlotData& data, const std::string& name, const std::vector<FigureFormat>& formats);

}  // namespace camsweep
