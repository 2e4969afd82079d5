#include "orchestrator/identity_text.h"

#include <fmt/format.h>

#include "orchestrator/identity.h"
#include "schemas/error.h"
#include "schemas/parameters.h"

namespace camsweep {
namespace {

// Stand-ins for what is not known before a call, in the object from which a layout is made.
const Json kFromCell = {{"from", "cell"}};
const Json kFromSeed = {{"from", "seed"}};
const Json kFromSnapshots = {{"from", "snapshots"}};
const Json kFromVariant = {{"from", "variant"}};
const Json kFromAt = {{"from", "at"}};

Json members_of(Stage stage) {
  Json members = Json::object();
  for (const std::string& name : stage_parameters(stage)) {
    if (name != "seed") members[name] = kFromCell;
  }
  return members;
}

}  // namespace

IdentityWriter::IdentityWriter(const std::string& dataset_fingerprint, const std::vector<AnalysisSpec>& analyses)
    : head_("{\"dataset\":" + canonical(dataset_fingerprint) + ",\"needs\":["),
      seen_(parameter_table().size()),
      texts_(parameter_table().size()) {
  Json all = Json::object();
  for (const std::string& name : parameter_names()) all[name] = kFromCell;
  cell_ = layout(all);
  Json training = members_of(Stage::kTrain);
  training["seed"] = kFromSeed;
  training["snapshots"] = kFromSnapshots;
  training["variant"] = kFromVariant;
  training_ = layout(training);
  for (const AnalysisSpec& analysis : analyses) {
    Json members = members_of(analysis.stage);
    members.update(analysis.options);
    members["at"] = kFromAt;
    analyses_.push_back(layout(members));
    stages_.push_back(analysis.stage);
  }
}

// Objects of Json are sorted, so a layout is too.
IdentityWriter::Layout IdentityWriter::layout(const Json& members) {
  Layout all;
  for (const auto& [name, value] : members.items()) {
    Member member;
    member.key = canonical(name) + ":";
    if (value == kFromCell) {
      member.position = parameter_position(name);
      const ParameterInfo* info = find_parameter(name);
      if (info->later) member.omitted = canonical(info->default_value);
    } else {
      member.source = value == kFromSeed        ? Source::kSeed
                      : value == kFromSnapshots ? Source::kSnapshots
                      : value == kFromVariant   ? Source::kVariant
                      : value == kFromAt        ? Source::kAt
                                                : Source::kFixed;
      member.text = canonical(value);
    }
    all.push_back(std::move(member));
  }
  return all;
}

const std::string& IdentityWriter::value(const Row& cell, size_t position) {
  if (seen_[position] != cell[position]) {
    seen_[position] = cell[position];
    texts_[position] = canonical(*cell[position]);
  }
  return texts_[position];
}

void IdentityWriter::append_parameters(const Row& cell, const Layout& layout, const Brought& brought) {
  text_ += '{';
  for (const Member& member : layout) {
    if (!member.omitted.empty() && value(cell, member.position) == member.omitted) continue;
    if (text_.back() != '{') text_ += ',';
    text_ += member.key;
    if (member.source == Source::kCell) {
      text_ += value(cell, member.position);
    } else if (member.source == Source::kFixed) {
      text_ += member.text;
    } else {
      text_ += brought[static_cast<size_t>(member.source)];
    }
  }
  text_ += '}';
}

void IdentityWriter::finish(std::string_view pretraining, Stage stage) {
  text_ += ",\"pretraining\":";
  text_ += pretraining;
  text_ += ",\"stage\":\"";
  text_ += stage_name(stage);
  text_ += "\",\"version\":" + std::to_string(stage_version(stage)) + '}';
}

const std::string& IdentityWriter::cell(const Row& cell) {
  text_.clear();
  append_parameters(cell, cell_, {});
  return text_;
}

const std::string& IdentityWriter::training(const Row& cell, const Training& training) {
  const std::string seed = std::to_string(training.seed);
  text_ = head_;
  text_ += "],\"parameters\":";
  append_parameters(cell, training_, {"", seed, training.snapshots, training.variant, ""});
  finish(training.pretraining, Stage::kTrain);
  return text_;
}

const std::string& IdentityWriter::analysis(const Row& cell, size_t index, const JobId& train, std::optional<int> at) {
  const std::string epoch = at ? std::to_string(*at) : "null";
  text_ = head_;
  text_ += '"' + train.hex + "\"],\"parameters\":";
  append_parameters(cell, analyses_[index], {"", "", "", "", epoch});
  finish("null", stages_[index]);
  return text_;
}

}  // namespace camsweep
