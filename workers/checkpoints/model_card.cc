#include "workers/checkpoints/model_card.h"

#include <fmt/format.h>

#include "schemas/error.h"

namespace camsweep {
namespace {

constexpr const char* kCardKey = "camsweep";

Json card_to_json(const ModelCard& card) {
  Json json = {{"variant", to_json(card.variant)},
               {"classes", card.options.classes},
               {"head", card.options.head == HeadKind::kPaper ? "paper" : "imagenet"},
               {"pool", card.options.pool == Pool::kGap ? "gap" : "gmp"},
               {"drop_path", card.options.drop_path},
               {"resolution", card.resolution},
               {"mean", card.mean},
               {"std", card.std},
               {"class_names", card.class_names},
               {"epoch", card.epoch}};
  if (card.options.form != Form::kTrain) json["form"] = form_name(card.options.form);
  if (const auto& erasing = card.options.erasing) {
    json["acol"] = {{"threshold", erasing->threshold}, {"channels", erasing->channels}};
  }
  return json;
}

ModelCard card_from_json(const Json& json) {
  ModelCard card{.variant = variant_from_json(json.at("variant")), .options = {}, .class_names = {}};
  card.options.classes = json.at("classes").get<int>();
  card.options.head = json.at("head") == "paper" ? HeadKind::kPaper : HeadKind::kImagenet;
  card.options.pool = json.at("pool") == "gap" ? Pool::kGap : Pool::kGmp;
  card.options.drop_path = json.at("drop_path").get<double>();
  card.options.form = form_named(json.value("form", form_name(Form::kTrain)));
  if (const auto acol = json.find("acol"); acol != json.end()) {
    card.options.erasing = {.threshold = acol->at("threshold").get<double>(),
                            .channels = acol->at("channels").get<int>()};
  }
  card.resolution = json.at("resolution").get<int>();
  card.mean = json.at("mean").get<std::vector<double>>();
  card.std = json.at("std").get<std::vector<double>>();
  card.class_names = json.at("class_names").get<std::vector<std::string>>();
  card.epoch = json.at("epoch").get<int>();
  return card;
}

}  // namespace

std::optional<ModelCard> model_card(const FileMetadata& metadata, const std::string& file_name) {
  const auto text = metadata.find(kCardKey);
  if (text == metadata.end()) return std::nullopt;
  try {
    ModelCard card = card_from_json(Json::parse(text->second));
    if (card.resolution < 1 || card.mean.size() != 3 || card.std.size() != 3) {
      throw ConfigError("resolution, mean and std are needed, the last two with 3 numbers");
    }
    return card;
  } catch (const Json::exception& error) {
    throw ConfigError(fmt::format("{}: its description of the network is damaged: {}", file_name, error.what()));
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("{}: its description of the network is damaged: {}", file_name, error.what()));
  }
}

void write_card(FileMetadata& metadata, const ModelCard& card) { metadata[kCardKey] = card_to_json(card).dump(); }

}  // namespace camsweep
