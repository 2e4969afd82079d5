#include "schemas/messages.h"

#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

#include "schemas/utf8.h"

namespace camsweep {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

// Text of foreign origin (paths, messages of libraries) may not be UTF-8: it is replaced, not thrown at.

Json attempt_json(std::string_view type, const JobId& job, int attempt) {
  return {{"type", type}, {"job", job.hex}, {"attempt", attempt}};
}

Json to_json(const Assignment& assign) {
  Json json = attempt_json("assign", assign.job, assign.attempt);
  json["dir"] = assign.directory;
  json["spec"] = {{"stage", stage_name(assign.stage)}, {"parameters", assign.parameters}, {"dataset", assign.dataset}};
  json["inputs"] = Json::object();
  for (const auto& [name, file] : assign.inputs) {
    json["inputs"][name] = {{"path", file.path}, {"sha256", file.sha256}};
  }
  return json;
}

Json to_json(const Ready& ready) {
  Json ranks = Json::array();
  for (const RankProcess& rank : ready.ranks) {
    ranks.push_back({{"host", rank.host}, {"pid", rank.pid}, {"start_time", rank.start_time}});
  }
  return {{"type", "ready"}, {"protocol", ready.protocol}, {"build", ready.build}, {"ranks", std::move(ranks)}};
}

Json to_json(const Progress& progress) {
  Json json = attempt_json("progress", progress.job, progress.attempt);
  json.update({{"epoch", progress.epoch}, {"step", progress.step}, {"of", progress.of}, {"rate", progress.rate}});
  return json;
}

Json to_json(const LiveMetric& live) {
  Json json = attempt_json("metric", live.job, live.attempt);
  json["name"] = live.metric.name;
  if (live.metric.epoch) json["epoch"] = *live.metric.epoch;
  json["value"] = live.metric.value;  // NaN is written as null
  return json;
}

Json to_json(const CheckpointWritten& checkpoint) {
  Json json = attempt_json("checkpoint", checkpoint.job, checkpoint.attempt);
  json.update({{"path", checkpoint.path}, {"step", checkpoint.step}});
  return json;
}

Json to_json(const Outcome& outcome) {
  Json json = attempt_json("outcome", outcome.job, outcome.attempt);
  std::visit(
      Overloaded{[&](const JobSuccess& success) { json["success"] = to_json(success); },
                 [&](const JobFailure& failure) {
                   json["failure"] = {{"kind", failure.kind}, {"retryable", failure.retryable}, {"text", failure.text}};
                 },
                 [&](const JobStopped&) { json["stopped"] = Json::object(); }},
      outcome.end);
  return json;
}

Assignment read_assignment(const Json& json) {
  Assignment assign;
  assign.job = {json.at("job")};
  assign.attempt = json.at("attempt");
  assign.directory = json.at("dir");
  const Json& spec = json.at("spec");
  const std::optional<Stage> stage = stage_from_name(spec.at("stage").get<std::string>());
  if (!stage) throw std::invalid_argument("unknown stage " + spec.at("stage").dump());
  assign.stage = *stage;
  assign.parameters = spec.at("parameters");
  assign.dataset = spec.at("dataset");
  for (const auto& [name, file] : json.at("inputs").items()) {
    assign.inputs[name] = {.path = file.at("path"), .sha256 = file.at("sha256")};
  }
  return assign;
}

Stop read_stop(const Json& json) {
  const std::string mode = json.at("mode");
  if (mode != "checkpoint" && mode != "now") throw std::invalid_argument("unknown stop mode " + mode);
  return {.now = mode == "now"};
}

Ready read_ready(const Json& json) {
  Ready ready{.protocol = json.at("protocol"), .build = json.at("build"), .ranks = {}};
  for (const Json& rank : json.at("ranks")) {
    ready.ranks.push_back({.host = rank.at("host"), .pid = rank.at("pid"), .start_time = rank.at("start_time")});
  }
  return ready;
}

LiveMetric read_metric(const Json& json) {
  Metric metric{.name = json.at("name"), .epoch = std::nullopt, .value = 0};
  if (json.contains("epoch")) metric.epoch = json.at("epoch").get<int>();
  const Json& value = json.at("value");
  metric.value = value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
  return {.job = {json.at("job")}, .attempt = json.at("attempt"), .metric = std::move(metric)};
}

JobEnd read_end(const Json& json) {
  if (json.contains("success")) return success_from_json(json.at("success"));
  if (json.contains("stopped")) return JobStopped{};
  const Json& failure = json.at("failure");
  return JobFailure{.kind = failure.at("kind"), .retryable = failure.at("retryable"), .text = failure.at("text")};
}

ToGang read_to_gang(const Json& json) {
  const std::string type = json.at("type");
  if (type == "assign") return read_assignment(json);
  if (type == "stop") return read_stop(json);
  if (type == "exit") return Exit{};
  if (type == "ack") return Ack{.job = {json.at("job")}, .attempt = json.at("attempt")};
  throw std::invalid_argument("unknown type '" + type + "'");
}

FromGang read_from_gang(const Json& json) {
  const std::string type = json.at("type");
  if (type == "ready") return read_ready(json);
  if (type == "metric") return read_metric(json);
  const JobId job{json.at("job")};
  const int attempt = json.at("attempt");
  if (type == "progress") {
    return Progress{.job = job,
                    .attempt = attempt,
                    .epoch = json.at("epoch"),
                    .step = json.at("step"),
                    .of = json.at("of"),
                    .rate = json.at("rate").is_null() ? 0 : json.at("rate").get<double>()};
  }
  if (type == "checkpoint") {
    return CheckpointWritten{.job = job, .attempt = attempt, .path = json.at("path"), .step = json.at("step")};
  }
  if (type == "outcome") return Outcome{.job = job, .attempt = attempt, .end = read_end(json)};
  throw std::invalid_argument("unknown type '" + type + "'");
}

template <class Message>
Message decode(std::string_view line, Message (*read)(const Json&)) {
  try {
    return read(Json::parse(line));
  } catch (const Json::exception& error) {
    throw std::invalid_argument(std::string("not a message: ") + error.what());
  }
}

}  // namespace

std::string encode(const ToGang& message) {
  return printable_json(
      std::visit(Overloaded{[](const Assignment& assign) { return to_json(assign); },
                            [](const Stop& stop) {
                              return Json{{"type", "stop"}, {"mode", stop.now ? "now" : "checkpoint"}};
                            },
                            [](const Exit&) {
                              return Json{{"type", "exit"}};
                            },
                            [](const Ack& ack) { return attempt_json("ack", ack.job, ack.attempt); }},
                 message));
}

std::string encode(const FromGang& message) {
  return printable_json(std::visit([](const auto& body) { return to_json(body); }, message));
}

ToGang decode_to_gang(std::string_view line) { return decode<ToGang>(line, read_to_gang); }

FromGang decode_from_gang(std::string_view line) { return decode<FromGang>(line, read_from_gang); }

}  // namespace camsweep
