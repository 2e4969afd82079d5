#include "results/report.h"

#include <fmt/format.h>

#include "results/comparison.h"
#include "results/gnuplot.h"
#include "results/html.h"
#include "results/plot.h"
#include "results/table.h"
#include "schemas/error.h"
#include "schemas/files.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kEmbeddedBytes = 15 << 20;  // of overlays; beyond that they are linked

constexpr std::string_view kStyle = R"css(
body{font:16px/1.5 system-ui,sans-serif;color:#222;max-width:1180px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem;margin-bottom:.2rem}h2{margin-top:2.2rem;font-size:1.2rem;border-bottom:1px solid #ddd}
table{border-collapse:collapse}.numbers td,.numbers th{padding:.35rem .8rem;border-bottom:1px solid #e4e4e4}
.numbers td{text-align:right;font-variant-numeric:tabular-nums}.numbers th{text-align:left;font-weight:600}
.best{font-weight:700}.notes,.summary{color:#555;font-size:.9rem}.figures{display:flex;flex-wrap:wrap;gap:1.5rem}
figure{margin:0;max-width:560px}figure img{width:100%}figcaption{font-size:.9rem;color:#555}
.grid th{font-size:.75rem;font-weight:500;color:#555;padding:.2rem;vertical-align:bottom;max-width:12rem}
.grid td{padding:.15rem}.grid img{width:100%;min-width:150px;max-width:260px;display:block}
input[type=radio]{display:none}label{display:inline-block;padding:.25rem .8rem;margin:.2rem .3rem .6rem 0;
border:1px solid #bbb;border-radius:1rem;cursor:pointer;font-size:.9rem}:checked+label{background:#222;color:#fff}
.wide{overflow-x:auto}.block{display:none;overflow-x:auto}code{font-size:.85rem}
)css";

std::string summary_line(const Comparison& comparison) {
  std::string jobs;
  for (const auto& [state, count] : comparison.jobs) jobs += fmt::format(" · {} {}", count, state);
  return fmt::format("{} cells{} · {}", comparison.cells.size(), jobs, comparison.updated_at);
}

struct Figure {
  fs::path svg;
  std::string caption;
};

std::vector<Figure> draw_figures(const Comparison& comparison, const fs::path& folder, ReportFiles& files) {
  std::vector<Figure> figures;
  for (const Json& entry : comparison.report.value("plots", Json::array())) {
    try {
      const PlotSpec spec = plot_spec(entry);
      const PlotData data = plot_data(comparison, spec);
      const auto drawn =
          draw_figure(data, spec.name(), folder, {FigureFormat::kSvg, FigureFormat::kPdf, FigureFormat::kPng});
      files.figures.insert(files.figures.end(), drawn.begin(), drawn.end());
      figures.push_back({drawn.front(), data.caption});
    } catch (const Error& error) {
      files.notes.push_back(fmt::format("{}: {}", entry.dump(), error.what()));
    }
  }
  return figures;
}

std::string table_section(const Comparison& comparison, ReportFiles& files) {
  try {
    const Table table = make_table(comparison, table_spec(comparison));
    files.table = format_table(table, TableFormat::kText);
    return html_table(table);
  } catch (const Error& error) {
    files.notes.push_back(fmt::format("table: {}", error.what()));
    return "";
  }
}

std::string failures_section(const Comparison& comparison) {
  if (comparison.failures.empty()) return "";
  std::string html = "<h2>Failed jobs</h2><ul>";
  for (const FailedStage& job : comparison.failures) {
    html += fmt::format("<li><code>{}</code> {}: <pre>{}</pre></li>", html_escaped(job.job.substr(0, 10)),
                        html_escaped(job.stage), html_escaped(job.reason));
  }
  return html + "</ul>";
}

std::string provenance_section(const Comparison& comparison) {
  std::string html =
      "<h2>Provenance</h2><p class=summary>Every number is in <code>results.db</code> beside this folder "
      "(views <code>runs</code> and <code>cells_summary</code>); every figure lies here with its data "
      "(.csv) and script (.gp).</p><table class=numbers>";
  for (const auto& [name, value] : comparison.environment.items()) {
    html += fmt::format("<tr><th>{}</th><td>{}</td></tr>", html_escaped(name),
                        html_escaped(value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return html + "</table>";
}

// Which block of overlays shows follows from the checked radio button, by style alone.
std::string overlay_style(const Comparison& comparison) {
  std::string style;
  for (size_t i = 0; i < comparison.overlays.size() && i < 32; ++i) {
    style += fmt::format("#m{0}:checked~.b{0}{{display:block}}", i);
  }
  return style;
}

}  // namespace

ReportFiles write_report(const fs::path& sweep_folder) {
  const Comparison comparison = read_comparison(sweep_folder);
  const fs::path folder = sweep_folder / "report";
  make_directories(folder);
  ReportFiles files{.html = folder / "index.html", .figures = {}, .table = "", .notes = {}};

  const std::string table = table_section(comparison, files);
  std::string figures;
  for (const Figure& figure : draw_figures(comparison, folder, files)) {
    figures += fmt::format("<figure><img alt=\"{0}\" src=\"{1}\"><figcaption>{0}</figcaption></figure>",
                           html_escaped(figure.caption), data_uri(figure.svg, "image/svg+xml"));
  }
  std::string notes;
  for (const std::string& note : files.notes) notes += "<li>" + html_escaped(note) + "</li>";

  std::string html = fmt::format(
      "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width\">"
      "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; img-src "
      "'self' "
      "data: file:\"><title>{0}</title><style>{1}{2}</style></head><body><h1>{0}</h1><p class=summary>{3}</p>",
      html_escaped(comparison.sweep), kStyle, overlay_style(comparison), html_escaped(summary_line(comparison)));
  html += "<h2>Comparison</h2>" + table;
  if (!figures.empty()) html += "<h2>Figures</h2><div class=figures>" + figures + "</div>";
  if (!notes.empty()) html += "<ul class=notes>" + notes + "</ul>";
  if (!comparison.overlays.empty()) {
    html += "<h2>Overlays</h2><p class=summary>True box green, predicted box red. Rows: images; columns: cells.</p>" +
            html_overlays(comparison, files.html, kEmbeddedBytes);
  }
  html += failures_section(comparison) + provenance_section(comparison) + "</body></html>\n";
  write_file(files.html, html);
  return files;
}

}  // namespace camsweep
