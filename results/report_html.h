#pragma once

#include <string>
#include <vector>

#include "results/comparison.h"
#include "results/table.h"

namespace camsweep {

struct ReportFigure {
  std::string name;     // of its files, beside the page
  std::string svg_uri;  // data: URI
  std::string caption;
};

// All that a report shows.
struct ReportPage {
  const Comparison& comparison;
  std::optional<Table> table;
  std::vector<ReportFigure> figures;
  std::string overlays;            // html_overlays()
  std::vector<std::string> notes;  // what could not be drawn, and why
};

// The page: no script, no network, every text escaped. The same results give the same bytes.
std::string report_html(const ReportPage& page);

}  // namespace camsweep
