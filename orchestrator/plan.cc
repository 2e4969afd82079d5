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
    std::unordered_set<std::string> ids;
    ids.reserve(cells.size());
    plan_.cells.reserve(cells.size());
    for (Json& parameters : cells) {
      std::string id = cell_id(parameters);
      if (ids.insert(id).second) {
        plan_.cells.push_back({std::move(id), std::move(parameters)});
      } else if (!plan_.partial) {
        throw ConfigError(fmt::format("{}: `set` or `derive` makes two cells equal: {}", plan_.spec.file.string(),
                                      cell_label(plan_.spec, parameters)));
      }
    }
    for (const Cell& cell : plan_.cells) check_epochs(cell.parameters);
  }

  // One replicate of every cell before the second of any: a first answer comes early.
  void make_jobs() {
    const size_t expected = plan_.cells.size() * plan_.spec.seeds.size() * (1 + plan_.spec.analyses.size());
    plan_.jobs.reserve(expected);
    plan_.cell_jobs.reserve(expected);
    known_.reserve(expected);
    for (const int64_t seed : plan_.spec.seeds) {
      for (const Cell& cell : plan_.cells) make_jobs_of(cell, seed);
    }
    for (const auto& [note, cells] : dropped_) {
      plan_.notes.push_back(fmt::format("{} dropped in {} cell{}: they train fewer epochs", note, cells.size(),
                                        cells.size() == 1 ? "" : "s"));
    }
  }

 private:
  void make_jobs_of(const Cell& cell, int64_t seed) {
    const int epochs = cell.parameters.at("epochs");
    std::vector<int> snapshots;
    for (const int epoch : plan_.spec.snapshots) {
      if (epoch <= epochs) {
        snapshots.push_back(epoch);
      } else {
        dropped_[fmt::format("snapshot {}", epoch)].insert(cell.id);
      }
    }
    JobSpec train = make_train_job(context_, {.cell = cell.parameters,
                                              .seed = seed,
                                              .variant = variant(cell.parameters.at("backbone")),
                                              .snapshots = snapshots,
                                              .pretraining = pretraining(cell.parameters)});
    const JobId train_id = train.id;
    add({cell.id, seed, 0, train_id}, std::move(train));
    for (size_t i = 0; i < plan_.spec.analyses.size(); ++i) {
      const AnalysisSpec& analysis = plan_.spec.analyses[i];
      const auto add_analysis = [&](std::optional<int> at) {
        JobSpec job = make_analysis_job(context_, cell.parameters, analysis, train_id, at);
        const JobId id = job.id;
        add({cell.id, seed, static_cast<int>(i) + 1, id}, std::move(job));
      };
      if (analysis.at.empty()) add_analysis(std::nullopt);
      for (const int epoch : analysis.at) {
        if (epoch > epochs) {
          dropped_[fmt::format("analyses[{}]: at {}", i, epoch)].insert(cell.id);
        } else {
          add_analysis(epoch == epochs ? std::nullopt : std::optional(epoch));
        }
      }
    }
  }

  void add(CellJob link, JobSpec job) {
    if (known_.insert(job.id).second) plan_.jobs.push_back(std::move(job));
    plan_.cell_jobs.push_back(std::move(link));
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

  const Json& variant(const std::string& name) {
    const auto found = variants_.find(name);
    if (found != variants_.end()) return found->second;
    return variants_.emplace(name, normalized(to_json(find_backbone(name, plan_.spec.backbones)))).first->second;
  }

  const PretrainingFile& pretraining(const Json& parameters) {
    const std::string& name = parameters.at("pretraining").get_ref<const std::string&>();
    const auto found = pretraining_.find(name);
    if (found != pretraining_.end()) return found->second;
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
    return pretraining_.emplace(name, std::move(file)).first->second;
  }

  Plan& plan_;
  HashCache& cache_;
  IdentityContext context_;
  std::unordered_map<std::string, Json> variants_;
  std::unordered_map<std::string, PretrainingFile> pretraining_;
  std::unordered_set<JobId> known_;
  std::map<std::string, std::unordered_set<std::string>> dropped_;  // what, and the ids of the cells
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
