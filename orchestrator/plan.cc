#include "orchestrator/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "orchestrator/dataset_fingerprint.h"
#include "orchestrator/identity.h"
#include "orchestrator/overrides.h"
#include "orchestrator/parallel.h"
#include "orchestrator/table_check.h"
#include "schemas/backbone_catalog.h"
#include "schemas/error.h"
#include "schemas/sweep_loader.h"

namespace camsweep {
namespace {

// Turns cells into jobs; what many cells share (variants, checkpoints) is looked up once.
class Planner {
 public:
  Planner(Plan& plan, HashCache& cache) : plan_(plan), cache_(cache) {
    context_.dataset = resolve_dataset(plan.spec.dataset, plan.spec.file);
    context_.dataset_fingerprint = dataset_fingerprint(context_.dataset, cache);
  }

  void make_cells(std::vector<Json> cells) {
    std::vector<std::string> ids(cells.size());
    in_parallel(cells.size(), [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) ids[i] = cell_id(cells[i]);
    });
    std::unordered_set<std::string> known;
    known.reserve(cells.size());
    plan_.cells.reserve(cells.size());
    for (size_t i = 0; i < cells.size(); ++i) {
      if (known.insert(ids[i]).second) {
        plan_.cells.push_back({std::move(ids[i]), std::move(cells[i])});
      } else if (!plan_.partial) {
        throw ConfigError(fmt::format("{}: `set` or `derive` makes two cells equal: {}", plan_.spec.file.string(),
                                      cell_label(plan_.spec, cells[i])));
      }
    }
    for (const Cell& cell : plan_.cells) prepare(cell);
    for (const auto& [what, count] : dropped_) {
      plan_.notes.push_back(
          fmt::format("{} dropped in {} cell{}: they train fewer epochs", what, count, count == 1 ? "" : "s"));
    }
  }

  // One replicate of every cell before the second of any: a first answer comes early.
  void make_jobs() {
    const size_t expected = plan_.cells.size() * plan_.spec.seeds.size() * (1 + plan_.spec.analyses.size());
    plan_.jobs.reserve(expected);
    plan_.cell_jobs.reserve(expected);
    known_.reserve(expected);
    for (const int64_t seed : plan_.spec.seeds) {
      std::vector<std::vector<Entry>> made(plan_.cells.size());
      in_parallel(made.size(), [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i) made[i] = jobs_of(plan_.cells[i].parameters, seed);
      });
      for (size_t i = 0; i < made.size(); ++i) {
        for (Entry& entry : made[i]) add(plan_.cells[i].id, seed, std::move(entry));
      }
    }
  }

 private:
  // A job and the number of the stage that it is of its cell: 0 = train, 1.. = entries of `analyses`.
  struct Entry {
    int stage;
    JobSpec job;
  };

  // Looks up what jobs_of() needs, and says what it will leave out.
  void prepare(const Cell& cell) {
    check_epochs(cell.parameters);
    find_variant(cell.parameters.at("backbone"));
    find_pretraining(cell.parameters);
    const int epochs = cell.parameters.at("epochs");
    for (const int epoch : plan_.spec.snapshots) {
      if (epoch > epochs) ++dropped_[fmt::format("snapshot {}", epoch)];
    }
    for (size_t i = 0; i < plan_.spec.analyses.size(); ++i) {
      for (const int epoch : plan_.spec.analyses[i].at) {
        if (epoch > epochs) ++dropped_[fmt::format("analyses[{}]: at {}", i, epoch)];
      }
    }
  }

  std::vector<Entry> jobs_of(const Json& cell, int64_t seed) const {
    const int epochs = cell.at("epochs");
    std::vector<int> snapshots = plan_.spec.snapshots;
    std::erase_if(snapshots, [&](int epoch) { return epoch > epochs; });
    std::vector<Entry> entries;
    entries.push_back({0, make_train_job(context_, {.cell = cell,
                                                    .seed = seed,
                                                    .variant = variants_.at(cell.at("backbone")),
                                                    .snapshots = snapshots,
                                                    .pretraining = pretraining_.at(cell.at("pretraining"))})});
    const JobId train = entries[0].job.id;
    for (size_t i = 0; i < plan_.spec.analyses.size(); ++i) {
      const AnalysisSpec& analysis = plan_.spec.analyses[i];
      const auto add_analysis = [&](std::optional<int> at) {
        entries.push_back({static_cast<int>(i) + 1, make_analysis_job(context_, cell, analysis, train, at)});
      };
      if (analysis.at.empty()) add_analysis(std::nullopt);
      for (const int epoch : analysis.at) {
        if (epoch <= epochs) add_analysis(epoch == epochs ? std::nullopt : std::optional(epoch));
      }
    }
    return entries;
  }

  void add(const std::string& cell, int64_t seed, Entry entry) {
    plan_.cell_jobs.push_back({cell, seed, entry.stage, entry.job.id});
    if (known_.insert(entry.job.id).second) plan_.jobs.push_back(std::move(entry.job));
  }

  void check_epochs(const Json& parameters) const {
    const int epochs = parameters.at("epochs");
    const std::vector<int>& snapshots = plan_.spec.snapshots;
    for (const AnalysisSpec& analysis : plan_.spec.analyses) {
      for (const int epoch : analysis.at) {
        if (epoch >= epochs || std::find(snapshots.begin(), snapshots.end(), epoch) != snapshots.end()) continue;
        throw ConfigError(fmt::format("{}: at: epoch {} is neither in `snapshots` nor the last one of the cell {}",
                                      analysis.place.text(), epoch, cell_label(plan_.spec, parameters)));
      }
    }
  }

  void find_variant(const std::string& name) {
    if (variants_.count(name) != 0) return;
    variants_.emplace(name, normalized(to_json(find_backbone(name, plan_.spec.backbones))));
  }

  void find_pretraining(const Json& parameters) {
    const std::string& name = parameters.at("pretraining").get_ref<const std::string&>();
    if (pretraining_.count(name) != 0) return;
    PretrainingFile file;
    if (name != "none") {
      file.path = resolve_path(name, plan_.spec.file).string();
      if (file.path.empty() || !std::filesystem::is_regular_file(file.path)) {
        const bool looks_like_path = name.find('/') != std::string::npos || name.find('.') != std::string::npos;
        throw ConfigError(fmt::format(
            "{}: pretraining '{}' (cell {}): {}", plan_.spec.file.string(), name, cell_label(plan_.spec, parameters),
            looks_like_path ? "there is no such file"
                            : "expected `none` or the path of a weights file; catalogs of checkpoints come by path"));
      }
      file.sha256 = cache_.sha256(file.path);
    }
    pretraining_.emplace(name, std::move(file));
  }

  Plan& plan_;
  HashCache& cache_;
  IdentityContext context_;
  std::unordered_map<std::string, Json> variants_;
  std::unordered_map<std::string, PretrainingFile> pretraining_;
  std::unordered_set<JobId> known_;
  std::map<std::string, size_t> dropped_;  // what, and in how many cells
};

}  // namespace

Plan make_plan(const std::filesystem::path& sweep_file, const PlanOptions& options) {
  Plan plan;
  plan.spec = load_sweep(sweep_file);
  plan.partial = !options.overrides.empty() || !options.only.empty();
  apply_overrides(plan.spec, options.overrides);
  Expansion expansion = expand(plan.spec, {.only = options.only, .lenient = plan.partial});
  plan.rules = std::move(expansion.rules);
  plan.notes = std::move(expansion.notes);
  HashCache cache(HashCache::default_file());
  Planner planner(plan, cache);
  planner.make_cells(std::move(expansion.cells));
  check_table(plan.spec, plan.cells);
  planner.make_jobs();
  return plan;
}

}  // namespace camsweep
