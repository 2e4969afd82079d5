#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace camsweep {

// What write_report() made.
struct ReportFiles {
  std::filesystem::path html;                  // one file that opens without a network
  std::vector<std::filesystem::path> figures;  // beside it, with data and scripts
  std::string table;                           // as text, for the terminal
  std::vector<std::string> notes;              // what could not be drawn, and why
};

struct ReportOptions {
  std::string method = "cam";  // whose overlays show first
};

// Step 11 of the data flow: reads the database of runs/<sweep>, draws the sweep's plots into report/ and writes
// report/index.html with the table, the figures, a grid of overlays and what failed; the table also as Markdown, LaTeX
// and CSV. What cannot be drawn is a note. Throws Error (kDiskFull, kEnvironment) if the page cannot be written.
ReportFiles write_report(const std::filesystem::path& sweep_folder);
ReportFiles write_report(const std::filesystem::path& sweep_folder, const ReportOptions& options);

}  // namespace camsweep
