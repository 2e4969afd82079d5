// The SQL behind tables, figures and the report: rows in, values out.
#include <fmt/format.h>

#include "results/comparison.h"
#include "results/comparison_parts.h"
#include "results/query.h"
#include "schemas/error.h"
#include "schemas/hash.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

void read_sweep(Database& database, Comparison& comparison) {
  Statement row(database, "SELECT name, report, updated_at FROM sweeps");
  if (!row.step()) throw ConfigError(database.file().string() + " holds no sweep yet");
  comparison.sweep = row.text(0);
  comparison.report = Json::parse(row.text(1));
  comparison.updated_at = row.text(2);
}

void read_cells(Database& database, Comparison& comparison) {
  Statement rows(database, "SELECT id, parameters FROM cells WHERE stale = 0 ORDER BY position");
  while (rows.step()) {
    ComparedCell cell;
    cell.id = rows.text(0);
    cell.parameters = Json::parse(rows.text(1));
    comparison.cells.push_back(std::move(cell));
  }
}

void read_seeds(Database& database, const CellIndex& cells) {
  Statement rows(database, fmt::format("SELECT cell, count(DISTINCT seed) FROM ({}) GROUP BY cell", kLinks));
  while (rows.step()) cells.at(rows.text(0)).seeds = rows.integer(1);
}

void read_states(Database& database, const CellIndex& cells, Comparison& comparison) {
  Statement rows(database, fmt::format("SELECT DISTINCT cell, stage, state FROM ({})", kLinks));
  while (rows.step()) {
    ComparedCell& cell = cells.at(rows.text(0));
    const std::string state = rows.text(2);
    if (state == "failed" || state == "blocked") cell.failed_stages.insert(rows.text(1));
    if (state == "waiting" || state == "running") cell.pending_stages.insert(rows.text(1));
  }
  Statement counts(database, "SELECT state, count(*) FROM jobs WHERE stale = 0 GROUP BY state");
  while (counts.step()) comparison.jobs[counts.text(0)] = counts.integer(1);
  Statement failures(database, fmt::format("SELECT jobs.id, link.cell, jobs.stage, jobs.reason FROM jobs"
                                           " JOIN ({}) AS link ON link.id = jobs.id JOIN cells ON cells.id = link.cell"
                                           " WHERE jobs.state = 'failed' ORDER BY jobs.position, cells.position",
                                           kLinks));
  while (failures.step()) {
    if (!comparison.failures.empty() && comparison.failures.back().job == failures.text(0)) continue;
    comparison.failures.push_back({failures.text(0), failures.text(1), failures.text(2), failures.text(3)});
  }
}

void read_families(Database& database, const CellIndex& cells) {
  Statement rows(database, fmt::format("SELECT DISTINCT link.cell,"
                                       " json_extract(jobs.identity, '$.parameters.variant.family')"
                                       " FROM ({}) AS link JOIN jobs ON jobs.id = link.id WHERE link.stage = 'train'",
                                       kLinks));
  while (rows.step()) cells.at(rows.text(0)).family = rows.is_null(1) ? "" : rows.text(1);
}

// A label is "<image id>|<method>", of a figure "<what it is of>|<what it shows>". One picture per cell, image and
// method: the first seed's.
void read_overlays(Database& database, const fs::path& folder, Comparison& comparison) {
  Statement rows(database,
                 fmt::format("SELECT link.cell, a.job, a.attempt, a.path, a.label FROM ({}) AS link"
                             " JOIN artifacts AS a ON a.job = link.id"
                             " WHERE a.kind IN ('overlay', 'figure') AND link.at_epoch IS NULL AND link.state = 'done'"
                             " ORDER BY a.label, link.cell, link.seed",
                             kLinks));
  while (rows.step()) {
    const std::string label = rows.text(4);
    const size_t bar = label.rfind('|');
    Overlay overlay{.cell = rows.text(0),
                    .image = label.substr(0, bar),
                    .method = bar == std::string::npos ? "" : label.substr(bar + 1),
                    .file = folder / "jobs" / rows.text(1) / "attempts" / rows.text(2) / rows.text(3)};
    const Overlay* last = comparison.overlays.empty() ? nullptr : &comparison.overlays.back();
    const bool is_new =
        last == nullptr || last->cell != overlay.cell || last->image != overlay.image || last->method != overlay.method;
    if (is_new) comparison.overlays.push_back(std::move(overlay));
  }
}

void read_provenance(Database& database, Comparison& comparison) {
  Statement environment(database,
                        "SELECT DISTINCT name, value FROM environment JOIN jobs ON jobs.id = environment.job"
                        " WHERE jobs.stale = 0 AND name NOT IN ('images_per_s', 'peak_memory_bytes')"
                        " ORDER BY name, value");
  while (environment.step()) {
    const Json value = Json::parse(environment.text(1));
    comparison.environment[environment.text(0)].push_back(parameter_text(value));
  }
  Statement numbers(database,
                    "SELECT job, name, epoch, value FROM metrics JOIN jobs ON jobs.id = metrics.job"
                    " WHERE jobs.stale = 0 ORDER BY job, name, epoch");
  Sha256 hash;
  while (numbers.step()) {
    const std::string epoch = numbers.is_null(2) ? "" : std::to_string(numbers.integer(2));
    const std::string value = numbers.is_null(3) ? "" : fmt::format("{}", numbers.real(3));
    hash.add(fmt::format("{},{},{},{}\n", numbers.text(0), numbers.text(1), epoch, value));
  }
  comparison.digest = hash.hex();
}

}  // namespace

Comparison read_comparison(const fs::path& sweep_folder) {
  Database database = open_reader(sweep_folder / "results.db");
  database.exec("BEGIN");  // one state of the database, whatever a running scheduler adds meanwhile
  Comparison comparison;
  read_sweep(database, comparison);
  read_cells(database, comparison);
  const CellIndex cells(comparison.cells);
  read_seeds(database, cells);
  read_states(database, cells, comparison);
  read_families(database, cells);
  read_values(database, cells);
  read_overlays(database, sweep_folder, comparison);
  read_provenance(database, comparison);
  database.exec("COMMIT");
  return comparison;
}

}  // namespace camsweep
