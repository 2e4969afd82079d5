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

// Step 11 of the data flow: reads the database of runs/<sweep>, draws the sweep's plots into report/ and writes
// report/index.html with the table, the figures, a grid of overlays and what failed. A figure that cannot be drawn is
// a note, never an error.
ReportFiles write_report(const std::filesystem::path& sweep_folder);

}  // namespace camsweep
