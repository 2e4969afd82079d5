#include "results/result_file.h"

#include <limits>

#include "results/store.h"
#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/hash.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 1;

std::string checksum(Json content) {
  content.erase("sha256");
  return sha256(canonical(content));
}

std::optional<int> epoch_of(const Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(static_cast<int>(row.integer(column)));
}

std::vector<double> numbers_from(const std::string& text) {
  std::vector<double> values;
  for (const Json& value : Json::parse(text)) {
    values.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>());
  }
  return values;
}

// Keyed by what a row's primary key is, so that order vanishes and of two equal keys the later stays, as in the tables.
std::string normal_form(const JobSuccess& success) {
  const Json json = to_json(success);
  Json normal = {{"environment", json.at("environment")}};
  for (const Json& metric : json.at("metrics")) {
    normal["metrics"][metric.at("name").get<std::string>() + " " + metric.at("epoch").dump()] = metric.at("value");
  }
  for (const Json& curve : json.at("curves")) normal["curves"][curve.at("name").get<std::string>()] = curve;
  for (const Json& file : json.at("artifacts")) normal["artifacts"][file.at("path").get<std::string>()] = file;
  return canonical(normal);
}

}  // namespace

fs::path result_file_path(const fs::path& sweep_folder, const JobId& job) {
  return sweep_folder / "jobs" / job.hex / "result.json";
}

void write_result_file(const fs::path& sweep_folder, const JobSpec& job, int attempt, const JobSuccess& success) {
  Json content = to_json(success);
  content["format"] = kFormat;
  content["job"] = job.id.hex;
  content["attempt"] = attempt;
  content["identity"] = job.identity;
  content["sha256"] = checksum(content);
  write_file(result_file_path(sweep_folder, job.id), content.dump(1) + "\n");
}

std::variant<ResultFile, DamagedFile> read_result_file(const fs::path& file) {
  if (!fs::exists(file)) return DamagedFile{"is missing"};
  try {
    const Json content = Json::parse(read_file(file));
    if (content.at("sha256") != checksum(content)) return DamagedFile{"does not match its own SHA-256"};
    if (content.at("format") != kFormat) return DamagedFile{"has an unknown format"};
    if (content.at("job") != sha256(canonical(content.at("identity")))) {
      return DamagedFile{"names a job that its identity is not"};
    }
    if (!content.at("identity").at("parameters").is_object()) return DamagedFile{"is no result file"};
    return ResultFile{.job = {content.at("job").get<std::string>()},
                      .attempt = content.at("attempt"),
                      .identity = content.at("identity"),
                      .success = success_from_json(content)};
  } catch (const Json::exception&) {
    return DamagedFile{"is no result file"};
  } catch (const Error& error) {
    return DamagedFile{error.what()};
  }
}

JobSpec job_of(const ResultFile& file) {
  const auto number = [&](const char* name) {
    const Json parameters = file.identity.value("parameters", Json::object());
    const auto found = parameters.find(name);
    return found != parameters.end() && found->is_number_integer() ? std::optional(found->get<int>()) : std::nullopt;
  };
  JobSpec job;
  job.id = file.job;
  job.identity = file.identity;
  const Json stage = file.identity.value("stage", Json());
  if (stage.is_string()) job.stage = stage_from_name(stage.get<std::string>()).value_or(Stage::kTrain);
  job.at_epoch = number("at");
  job.gang = number("gang").value_or(1);
  return job;
}

std::optional<JobSpec> stored_job(Database& database, const JobId& id) {
  Statement row(database, "SELECT stage, identity, gang, at_epoch FROM jobs WHERE id = ?");
  row.bind(1, id.hex);
  if (!row.step()) return std::nullopt;
  JobSpec job;
  job.id = id;
  job.stage = stage_from_name(row.text(0)).value_or(Stage::kTrain);
  job.identity = Json::parse(row.text(1));
  job.gang = static_cast<int>(row.integer(2));
  job.at_epoch = epoch_of(row, 3);
  return job;
}

JobSuccess stored_success(Database& database, const JobId& job) {
  JobSuccess success;
  Statement metrics(database, "SELECT name, epoch, value FROM metrics WHERE job = ? ORDER BY rowid");
  metrics.bind(1, job.hex);
  while (metrics.step()) {
    success.metrics.push_back({.name = metrics.text(0),
                               .epoch = epoch_of(metrics, 1),
                               .value = metrics.optional_real(2).value_or(std::numeric_limits<double>::quiet_NaN())});
  }
  Statement curves(database, "SELECT name, x_name, x, y FROM curves WHERE job = ?");
  curves.bind(1, job.hex);
  while (curves.step()) {
    success.curves.push_back({.name = curves.text(0),
                              .x_name = curves.text(1),
                              .x = numbers_from(curves.text(2)),
                              .y = numbers_from(curves.text(3))});
  }
  Statement artifacts(database, "SELECT path, sha256, kind, label, epoch FROM artifacts WHERE job = ?");
  artifacts.bind(1, job.hex);
  while (artifacts.step()) {
    success.artifacts.push_back({.path = artifacts.text(0),
                                 .sha256 = artifacts.text(1),
                                 .kind = artifacts.text(2),
                                 .label = artifacts.text(3),
                                 .epoch = epoch_of(artifacts, 4)});
  }
  Statement environment(database, "SELECT name, value FROM environment WHERE job = ?");
  environment.bind(1, job.hex);
  while (environment.step()) success.environment[environment.text(0)] = Json::parse(environment.text(1));
  return success;
}

bool same_success(const JobSuccess& a, const JobSuccess& b) { return normal_form(a) == normal_form(b); }

}  // namespace camsweep
