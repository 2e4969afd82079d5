#include "results/report.h"

#include <fmt/format.h>

#include "results/comparison.h"
#include "results/gnuplot.h"
#include "results/html.h"
#include "results/plot.h"
#include "results/report_html.h"
#include "results/table.h"
#include "schemas/error.h"
#include "schemas/files.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kEmbeddedBytes = 15 << 20;  // of overlays; beyond that they are linked

// A full disk stays an error: the next file would fail as well.
void note_or_throw(const Error& error, const std::string& what, ReportFiles& files) {
  if (error.code() == ExitCode::kDiskFull) throw error;
  files.notes.push_back(what + ": " + error.what());
}

std::vector<ReportFigure> draw_figures(const Comparison& comparison, const fs::path& folder, ReportFiles& files) {
  std::vector<ReportFigure> figures;
  std::vector<PlotSpec> specs;
  try {
    specs = plot_specs(comparison);
  } catch (const Error& error) {
    note_or_throw(error, "plots", files);
  }
  for (const PlotSpec& spec : specs) {
    try {
      const PlotData data = plot_data(comparison, spec);
      const auto drawn =
          draw_figure(data, spec.name(), folder, {FigureFormat::kSvg, FigureFormat::kPdf, FigureFormat::kPng});
      files.figures.insert(files.figures.end(), drawn.begin(), drawn.end());
      const std::string caption = data.caption + (data.deviations.empty() ? "" : "; " + data.deviations);
      figures.push_back({spec.name(), data_uri(drawn.front(), "image/svg+xml"), caption});
    } catch (const Error& error) {
      note_or_throw(error, "figure " + spec.name(), files);
    }
  }
  return figures;
}

std::optional<Table> write_tables(const Comparison& comparison, const fs::path& folder, ReportFiles& files) {
  try {
    Table table = make_table(comparison, table_spec(comparison));
    files.table = format_table(table, TableFormat::kText);
    write_file(folder / "table.md", format_table(table, TableFormat::kMarkdown));
    write_file(folder / "table.tex", format_table(table, TableFormat::kLatex));
    write_file(folder / "table.csv", format_table(table, TableFormat::kCsv));
    return table;
  } catch (const Error& error) {
    note_or_throw(error, "table", files);
    return std::nullopt;
  }
}

}  // namespace

ReportFiles write_report(const fs::path& sweep_folder) { return write_report(sweep_folder, {}); }

ReportFiles write_report(const fs::path& sweep_folder, const ReportOptions& options) {
  const Comparison comparison = read_comparison(sweep_folder);
  const fs::path folder = sweep_folder / "report";
  make_directories(folder);
  ReportFiles files{.html = folder / "index.html", .figures = {}, .table = "", .notes = {}};
  ReportPage page{.comparison = comparison,
                  .table = write_tables(comparison, folder, files),
                  .figures = {},
                  .overlays = "",
                  .notes = {}};
  page.figures = draw_figures(comparison, folder, files);
  page.overlays = html_overlays(comparison, files.html, {.embedded_bytes = kEmbeddedBytes, .method = options.method});
  page.notes = files.notes;
  write_file(files.html, report_html(page));
  return files;
}

}  // namespace camsweep
