// Registering what a sweep expands to: up to a hundred thousand cells and jobs at once.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <string_view>
#include <tuple>

#include "results/store.h"
#include "results/store_impl.h"

namespace camsweep {
namespace {

// Positions 0, 1, .. in the order of the ids. Ids are hashes: inserted as they come they would touch a random page of
// the table each, in this order every page is written once.
template <class Items, class Id>
std::vector<size_t> by_id(const Items& items, Id id) {
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return id(items[a]) < id(items[b]); });
  return order;
}

const std::string& cell_id(const Cell& cell) { return cell.id; }
const std::string& job_id(const JobSpec& job) { return job.id.hex; }

template <class Items, class Id>
std::string ids_as_json(const Items& items, Id id) {
  std::string list = "[";
  for (const auto& item : items) list += fmt::format("{}\"{}\"", list.size() > 1 ? "," : "", id(item));
  return list + "]";
}

}  // namespace

void Store::Impl::insert_cells(const std::vector<Cell>& cells) {
  for (const size_t position : by_id(cells, cell_id)) {
    const Cell& cell = cells[position];
    write(
        "INSERT INTO cells (id, position, parameters) VALUES (?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET position = excluded.position, stale = 0"
        " WHERE stale OR position IS NOT excluded.position")
        .bind(1, cell.id)
        .bind(2, static_cast<int64_t>(position))
        .bind(3, cell.parameters.dump())
        .run();
    for (const auto& [name, value] : cell.parameters.items()) add_run_column("parameter", name);
  }
}

void Store::Impl::insert_jobs(const std::vector<JobSpec>& jobs) {
  for (const size_t position : by_id(jobs, job_id)) {
    const JobSpec& job = jobs[position];
    write(
        "INSERT INTO jobs (id, position, stage, state, identity, seed, gang, at_epoch)"
        " VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET position = excluded.position, gang = excluded.gang, stale = 0"
        " WHERE stale OR position IS NOT excluded.position OR gang IS NOT excluded.gang")
        .bind(1, job.id.hex)
        .bind(2, static_cast<int64_t>(position))
        .bind(3, stage_name(job.stage))
        .bind(4, canonical(job.identity))
        .bind(5, job.seed())
        .bind(6, job.gang)
        .bind(7, job.at_epoch)
        .run();
  }
}

// A plan lists all links of the cells and seeds in it: one of theirs that it lacks says what an older sweep file or
// older data resolved to, and would count as one more replicate. Links are no results, so they may be deleted.
void Store::Impl::replace_links(const std::vector<CellJob>& cell_jobs) {
  const auto key = [](const CellJob& link) { return std::tie(link.cell, link.seed, link.entry, link.job.hex); };
  const auto before = [&](const CellJob* a, const CellJob* b) { return key(*a) < key(*b); };
  std::vector<const CellJob*> planned;
  planned.reserve(cell_jobs.size());
  for (const CellJob& link : cell_jobs) planned.push_back(&link);
  std::sort(planned.begin(), planned.end(), before);
  const auto is_listed = [&](size_t place, const CellJob& link) {
    return place < planned.size() && planned[place]->cell == link.cell && planned[place]->seed == link.seed;
  };
  std::vector<bool> is_stored(planned.size());
  std::vector<CellJob> outdated;
  Statement rows(database, "SELECT cell, seed, entry, job FROM cell_jobs");
  while (rows.step()) {
    CellJob link{rows.text(0), rows.integer(1), static_cast<int>(rows.integer(2)), {rows.text(3)}};
    const auto found = std::lower_bound(planned.begin(), planned.end(), &link, before);
    const auto place = static_cast<size_t>(found - planned.begin());
    if (found != planned.end() && key(**found) == key(link)) {
      is_stored[place] = true;
    } else if (is_listed(place, link) || (place > 0 && is_listed(place - 1, link))) {
      outdated.push_back(std::move(link));
    }
  }
  const auto write_link = [&](std::string_view sql, const CellJob& link) {
    write(sql).bind(1, link.cell).bind(2, link.seed).bind(3, link.entry).bind(4, link.job.hex).run();
  };
  for (const CellJob& link : outdated) {
    write_link("DELETE FROM cell_jobs WHERE cell = ? AND seed = ? AND entry = ? AND job = ?", link);
  }
  for (size_t i = 0; i < planned.size(); ++i) {
    // Twice in one plan where `at` lists an epoch twice.
    constexpr std::string_view kInsert =
        "INSERT INTO cell_jobs (cell, seed, entry, job) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
    if (!is_stored[i]) write_link(kInsert, *planned[i]);
  }
}

void Store::Impl::mark_stale(const std::vector<Cell>& cells, const std::vector<JobSpec>& jobs) {
  write("UPDATE cells SET stale = 1 WHERE stale = 0 AND id NOT IN (SELECT value FROM json_each(?))")
      .bind(1, ids_as_json(cells, cell_id))
      .run();
  write("UPDATE jobs SET stale = 1 WHERE stale = 0 AND id NOT IN (SELECT value FROM json_each(?))")
      .bind(1, ids_as_json(jobs, job_id))
      .run();
}

// Whoever ran them is gone, since the caller holds the sweep's lock.
void Store::Impl::close_running_attempts() {
  write(
      "INSERT INTO events (at, kind, job, text) SELECT ?, 'lost', job, 'attempt ' || attempt || ': its scheduler died'"
      " FROM attempts WHERE state = 'running'")
      .bind(1, utc_now())
      .run();
  write("UPDATE attempts SET state = 'lost', ended_at = ?, text = 'its scheduler died' WHERE state = 'running'")
      .bind(1, utc_now())
      .run();
  write("UPDATE jobs SET state = 'waiting' WHERE state = 'running'").run();
  write("DELETE FROM live_metrics").run();
}

void Store::register_plan(const SweepRecord& sweep, const std::vector<Cell>& cells, const std::vector<JobSpec>& jobs,
                          const std::vector<CellJob>& cell_jobs) {
  impl_
      ->write(
          "INSERT INTO sweeps (name, file, text, report, updated_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name)"
          " DO UPDATE SET file = excluded.file, text = excluded.text, report = excluded.report,"
          " updated_at = excluded.updated_at")
      .bind(1, sweep.name)
      .bind(2, sweep.file)
      .bind(3, sweep.text)
      .bind(4, sweep.report.dump())
      .bind(5, utc_now())
      .run();
  if (sweep.mark_stale) impl_->mark_stale(cells, jobs);
  impl_->insert_cells(cells);
  impl_->insert_jobs(jobs);
  impl_->replace_links(cell_jobs);
  impl_->close_running_attempts();
  impl_->event("plan", std::nullopt, fmt::format("{} cells, {} jobs", cells.size(), jobs.size()));
}

}  // namespace camsweep
