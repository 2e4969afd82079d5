#include "orchestrator/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "orchestrator/checkpoint_files.h"
#include "orchestrator/dataset_fingerprint.h"
#include "orchestrator/identity.h"
#include "orchestrator/identity_text.h"
#include "orchestrator/overrides.h"
#include "orchestrator/parallel.h"
#include "orchestrator/recipe_check.h"
#include "orchestrator/table_check.h"
#include "orchestrator/variant_check.h"
#include "schemas/backbone_catalog.h"
#include "schemas/error.h"
#include "schemas/hash.h"
#include "schemas/map_methods.h"
#include "schemas/sweep_loader.h"

namespace camsweep {
namespace {

// Turns cells into jobs; what many cells share (variants, checkpoints) is looked up once.
class Planner {
 public:
  Planner(Plan& plan, const PlanOptions& options, HashCache& cache)
      : plan_(plan), detail_(options.detail), finder_(plan.spec, options.checkpoints, cache) {
    dataset_ = resolve_dataset(plan.spec.dataset, plan.spec.file);
    fingerprint_ = dataset_fingerprint(dataset_, cache);
  }

  void make_cells(const std::vector<Row>& rows) {
    std::vector<Cell> cells(rows.size());
    in_parallel(rows.size(), [&](size_t begin, size_t end) {
      IdentityWriter writer(fingerprint_, {});
      for (size_t i = begin; i < end; ++i) {
        cells[i].id = sha256(writer.cell(rows[i]));
        if (detail_ == PlanDetail::kFull) cells[i].parameters = cell_parameters(rows[i]);
      }
    });
    std::unordered_set<std::string_view> known;
    known.reserve(cells.size());
    plan_.cells.reserve(cells.size());
    rows_.reserve(cells.size());
    for (size_t i = 0; i < cells.size(); ++i) {
      if (plan_.partial && known.contains(cells[i].id)) continue;
      plan_.cells.push_back(std::move(cells[i]));
      rows_.push_back(&rows[i]);
      if (known.insert(plan_.cells.back().id).second) continue;
      throw ConfigError(fmt::format("{}: `set` or `derive` makes two cells equal: {}", plan_.spec.file.string(),
                                    cell_label(plan_.spec, rows[i])));
    }
    for (const Row* row : rows_) prepare(*row);
    finder_.check();
    for (const auto& [what, count] : dropped_) {
      plan_.notes.push_back(
          fmt::format("{} dropped in {} cell{}: they train fewer epochs", what, count, count == 1 ? "" : "s"));
    }
    for (std::string& sentence : normalization_.sentences()) plan_.notes.push_back(std::move(sentence));
    plan_.notes.insert(plan_.notes.end(), idle_.begin(), idle_.end());
    add_costs();
    check_table(plan_.spec, rows_);
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
        IdentityWriter writer(fingerprint_, plan_.spec.analyses);
        for (size_t i = begin; i < end; ++i) made[i] = jobs_of(writer, i, seed);
      });
      for (size_t i = 0; i < made.size(); ++i) {
        for (Entry& entry : made[i]) add(plan_.cells[i].id, seed, std::move(entry));
      }
    }
  }

 private:
  // What methods and analyses cost beyond one pass over the images.
  void add_costs() {
    std::set<std::string> costs;
    for (const AnalysisSpec& analysis : plan_.spec.analyses) {
      if (analysis.stage == Stage::kSvm) {
        costs.insert(
            "svm costs a cross-validation of one linear classifier per class, and where all images have boxes two more "
            "on crops, with four passes over both splits");
      }
      if (analysis.stage != Stage::kLocalize) continue;
      for (const Json& name : analysis.options.at("methods")) {
        const MapMethodInfo& method = *find_map_method(name.get_ref<const std::string&>());
        if (!method.cost.empty()) costs.insert(fmt::format("{} costs {}", method.name, method.cost));
      }
    }
    plan_.notes.insert(plan_.notes.end(), costs.begin(), costs.end());
  }

  // A job and the number of the stage that it is of its cell: 0 = train, 1.. = entries of `analyses`.
  struct Entry {
    int stage;
    JobSpec job;
  };

  struct Variant {
    BackboneVariant variant;
    std::string text;  // canonical
  };

  // Looks up what jobs_of() needs, and says what it will leave out.
  void prepare(const Row& row) {
    static const size_t kEpochs = parameter_position("epochs");
    static const size_t kBackbone = parameter_position("backbone");
    const int epochs = *row[kEpochs];
    check_epochs(row, epochs);
    const BackboneVariant& variant = find_variant(row[kBackbone]->get_ref<const std::string&>());
    check_variant(plan_.spec, row, variant);
    check_recipe(plan_.spec, row, variant);
    for (std::string& idle : idle_parameters(row, variant)) idle_.insert(std::move(idle));
    pretraining_.push_back(&finder_.find(row));
    if (pretraining_.back()->published) normalization_.add(row, *pretraining_.back()->published);
    for (const int epoch : plan_.spec.snapshots) {
      if (epoch > epochs) ++dropped_[fmt::format("snapshot {}", epoch)];
    }
    for (size_t i = 0; i < plan_.spec.analyses.size(); ++i) {
      for (const int epoch : plan_.spec.analyses[i].at) {
        if (epoch > epochs) ++dropped_[fmt::format("analyses[{}]: at {}", i, epoch)];
      }
    }
  }

  JobSpec train_job(IdentityWriter& writer, size_t cell, int64_t seed) const {
    static const size_t kEpochs = parameter_position("epochs");
    static const size_t kGang = parameter_position("gang");
    static const size_t kBackbone = parameter_position("backbone");
    const Row& row = *rows_[cell];
    const Pretraining& pretraining = *pretraining_[cell];
    std::vector<int> snapshots = plan_.spec.snapshots;
    std::erase_if(snapshots, [&](int epoch) { return epoch > row[kEpochs]->get<int>(); });
    JobSpec job;
    job.stage = Stage::kTrain;
    job.gang = *row[kGang];
    job.pretraining_file = pretraining.path;
    identify(job, writer.training(row, {.seed = seed,
                                        .variant = variants_.at(row[kBackbone]->get_ref<const std::string&>()).text,
                                        .snapshots = fmt::format("[{}]", fmt::join(snapshots, ",")),
                                        .pretraining = pretraining.text}));
    return job;
  }

  JobSpec analysis_job(IdentityWriter& writer, size_t cell, size_t index, const JobId& train,
                       std::optional<int> at) const {
    const AnalysisSpec& analysis = plan_.spec.analyses[index];
    JobSpec job;
    job.stage = analysis.stage;
    job.needs = {train};
    job.at_epoch = at;
    job.gang = analysis.gang;
    identify(job, writer.analysis(*rows_[cell], index, train, at));
    return job;
  }

  void identify(JobSpec& job, const std::string& text) const {
    job.id = {sha256(text)};
    if (detail_ == PlanDetail::kIds) return;
    job.identity = Json::parse(text);
    job.dataset = dataset_;
  }

  std::vector<Entry> jobs_of(IdentityWriter& writer, size_t cell, int64_t seed) const {
    static const size_t kEpochs = parameter_position("epochs");
    const int epochs = *(*rows_[cell])[kEpochs];
    std::vector<Entry> entries;
    entries.push_back({0, train_job(writer, cell, seed)});
    const JobId train = entries[0].job.id;
    for (size_t i = 0; i < plan_.spec.analyses.size(); ++i) {
      const AnalysisSpec& analysis = plan_.spec.analyses[i];
      const auto add_analysis = [&](std::optional<int> at) {
        entries.push_back({static_cast<int>(i) + 1, analysis_job(writer, cell, i, train, at)});
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

  void check_epochs(const Row& row, int epochs) const {
    const std::vector<int>& snapshots = plan_.spec.snapshots;
    for (const AnalysisSpec& analysis : plan_.spec.analyses) {
      for (const int epoch : analysis.at) {
        if (epoch >= epochs || std::find(snapshots.begin(), snapshots.end(), epoch) != snapshots.end()) continue;
        throw ConfigError(fmt::format("{}: at: epoch {} is neither in `snapshots` nor the last one of the cell {}",
                                      analysis.place.text(), epoch, cell_label(plan_.spec, row)));
      }
    }
  }

  const BackboneVariant& find_variant(const std::string& name) {
    const auto known = variants_.find(name);
    if (known != variants_.end()) return known->second.variant;
    const BackboneVariant variant = find_backbone(name, plan_.spec.backbones);
    return variants_.emplace(name, Variant{variant, canonical(to_json(variant))}).first->second.variant;
  }

  Plan& plan_;
  PlanDetail detail_;
  PretrainingFinder finder_;
  Json dataset_;  // as a worker opens it
  std::string fingerprint_;
  std::vector<const Row*> rows_;                       // of the plan's cells
  std::vector<const Pretraining*> pretraining_;        // as rows_
  std::unordered_map<std::string, Variant> variants_;  // by backbone
  std::unordered_set<JobId> known_;
  std::set<std::string> idle_;             // parameters without effect, in words
  std::map<std::string, size_t> dropped_;  // what, and in how many cells
  NormalizationNotes normalization_;
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
  Planner planner(plan, options, cache);
  planner.make_cells(expansion.cells);
  planner.make_jobs();
  return plan;
}

}  // namespace camsweep
