#include "results/report_html.h"

#include <fmt/format.h>

#include "results/html.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

constexpr std::string_view kStyle = R"css(
:root{color-scheme:light}
body{font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;color:#1f2328;background:#fff;
max-width:1320px;margin:2.5rem auto;padding:0 1.5rem}
h1{font-size:1.8rem;margin:0 0 .2rem}h2{margin:2.6rem 0 .8rem;font-size:1.2rem;border-bottom:1px solid #d8dee4}
.scroll{overflow-x:auto}table{border-collapse:collapse}
.numbers{font-size:.86rem}.numbers td,.numbers th{padding:.35rem .55rem;border-bottom:1px solid #e4e8ec}
.numbers td{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.numbers th{text-align:left;font-weight:600;vertical-align:bottom}
.numbers thead th{background:#f6f8fa}.numbers th.group{text-align:center;border-left:3px solid #fff}
.numbers tr.floor td,.numbers tr.floor th{color:#59636e;font-weight:400;font-style:italic}
.numbers tr.floor.first td,.numbers tr.floor.first th{border-top:2px solid #afb8c1}
.numbers th[scope=row],.numbers .floor th{white-space:nowrap}.numbers td.text{text-align:left;white-space:normal}
.best{font-weight:700}.notes,.summary,figcaption{color:#59636e;font-size:.88rem}.notes{padding-left:1.2rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(30rem,100%),1fr));gap:2rem}
figure{margin:0}figure img{width:100%;max-width:44rem}figcaption a{color:inherit}
.grid th{font-size:.78rem;font-weight:500;color:#59636e;padding:.2rem;vertical-align:bottom;max-width:12rem}
.grid td{padding:.15rem;text-align:center;color:#8c959f}
.grid img{width:100%;min-width:150px;max-width:300px;display:block}
.pick{position:absolute;opacity:0}.pick+label{display:inline-block;padding:.25rem .8rem;margin:.2rem .3rem .6rem 0;
border:1px solid #afb8c1;border-radius:1rem;cursor:pointer;font-size:.88rem}
.pick:checked+label{background:#1f2328;color:#fff}.pick:focus-visible+label{outline:2px solid #0072b2}
.block{display:none;overflow-x:auto}pre{white-space:pre-wrap;margin:.2rem 0;font-size:.82rem}code{font-size:.85rem}
details{margin:.6rem 0}summary{cursor:pointer}
@media print{body{max-width:none;margin:0;font-size:11pt}.pick+label{display:none}.pick:checked+label{display:inline-block}
.scroll{overflow:visible}figure,tr{break-inside:avoid}}
)css";

int64_t count(const Comparison& comparison, const std::string& state) {
  const auto found = comparison.jobs.find(state);
  return found == comparison.jobs.end() ? 0 : found->second;
}

std::string plural(int64_t n, const std::string& noun) { return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s"); }

std::string summary_line(const Comparison& comparison) {
  int64_t total = 0;
  for (const auto& [state, jobs] : comparison.jobs) total += jobs;
  std::string text = plural(static_cast<int64_t>(comparison.cells.size()), "cell") + ", " +
                     fmt::format("{} of {} done", count(comparison, "done"), plural(total, "job"));
  for (const std::string state : {"failed", "blocked", "running", "waiting"}) {
    if (count(comparison, state) > 0) text += fmt::format(", {} {}", count(comparison, state), state);
  }
  text += " · sweep of " + comparison.updated_at;
  const auto commit = comparison.environment.find("commit");
  if (commit != comparison.environment.end()) text += " · commit " + join(commit->second);
  return text;
}

std::string list(const std::vector<std::string>& items) {
  std::string html;
  for (const std::string& item : items) html += "<li>" + html_escaped(item) + "</li>";
  return items.empty() ? "" : "<ul class=notes>" + html + "</ul>";
}

std::string figures_section(const ReportPage& page) {
  if (page.figures.empty()) return "";
  std::string html = "<h2>Figures</h2><div class=figures>";
  for (const ReportFigure& figure : page.figures) {
    std::string links;
    for (const std::string extension : {"svg", "pdf", "png", "csv", "gp"}) {
      links += fmt::format(" <a href=\"{0}.{1}\">{1}</a>", html_escaped(figure.name), extension);
    }
    html += fmt::format("<figure><img alt=\"{0}\" src=\"{1}\"><figcaption>{0}.{2}</figcaption></figure>",
                        html_escaped(figure.caption), figure.svg_uri, links);
  }
  return html + "</div>";
}

std::string failures_section(const Comparison& comparison) {
  if (comparison.failures.empty()) return "";
  const std::vector<std::string> varying = varying_parameters(comparison.cells);
  std::map<std::string, std::string> titles;
  for (const ComparedCell& cell : comparison.cells) titles[cell.id] = cell_title(cell, varying);
  std::string html = "<h2>Failed jobs</h2><div class=scroll><table class=numbers>";
  for (const FailedStage& job : comparison.failures) {
    html += fmt::format(
        "<tr><th><code>{}</code></th><td class=text>{}</td><td class=text>{}</td><td "
        "class=text><pre>{}</pre></td></tr>",
        html_escaped(job.job.substr(0, 10)), html_escaped(job.stage), html_escaped(titles[job.cell]),
        html_escaped(job.reason));
  }
  return html + "</table></div>";
}

std::string provenance_section(const Comparison& comparison) {
  std::string rows;
  const auto add = [&](const std::string& name, const std::string& value) {
    rows +=
        fmt::format("<tr><th>{}</th><td class=text><code>{}</code></td></tr>", html_escaped(name), html_escaped(value));
  };
  for (const auto& [name, values] : comparison.environment) add(name, join(values));
  add("SHA-256 of all numbers", comparison.digest);
  return "<h2>Provenance</h2><p class=summary>Every number is in <code>results.db</code> one folder up (views "
         "<code>runs</code> and <code>cells_summary</code>); every figure lies beside this page with its data "
         "(.csv) and script (.gp). The digest is over the rows job, metric, epoch, value, in that order.</p>"
         "<div class=scroll><table class=numbers>" +
         rows + "</table></div>";
}

// Which block of overlays shows follows from the checked radio button, by style alone.
std::string overlay_style() {
  std::string style;
  for (int i = 0; i < kMaxMethods; ++i) style += fmt::format("#m{0}:checked~.b{0}{{display:block}}", i);
  return style;
}

}  // namespace

std::string report_html(const ReportPage& page) {
  const Comparison& comparison = page.comparison;
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width\">"
      "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; img-src "
      "'self' "
      "data: file:\"><title>{0}</title><style>{1}{2}</style></head>\n<body><h1>{0}</h1><p class=summary>{3}</p>\n",
      html_escaped(comparison.sweep), kStyle, overlay_style(), html_escaped(summary_line(comparison)));
  html += "<h2>Comparison</h2>" + (page.table ? html_table(*page.table) : "") + "\n" + figures_section(page) + "\n";
  html += list(page.notes);
  if (!page.overlays.empty()) {
    html +=
        "<h2>Overlays and maps</h2><p class=summary>True box green, predicted box red. Rows: images; columns: cells; "
        "the first seed of each.</p>" +
        page.overlays + "\n";
  }
  return html + failures_section(comparison) + provenance_section(comparison) + "</body></html>\n";
}

}  // namespace camsweep
