#include "workers/gang/run_guarded.h"

#include <c10/util/Exception.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/utf8.h"
#include "workers/gang/attempt_log.h"

namespace camsweep {
namespace {

JobFailure failure_of_error(const Error& error) {
  switch (error.code()) {
    case ExitCode::kBadInput:
      return {.kind = "data", .retryable = false, .text = error.what()};
    case ExitCode::kBug:
      return {.kind = "bug", .retryable = false, .text = error.what()};
    case ExitCode::kDiskFull:
      return {.kind = "disk_full", .retryable = true, .text = error.what()};
    default:
      return {.kind = "environment", .retryable = true, .text = error.what()};
  }
}

// LibTorch's CPU allocator throws a plain c10::Error; its CUDA allocator a type of its own.
JobFailure failure_of_torch(const c10::Error& error) {
  const std::string_view text = error.what_without_backtrace();
  const bool memory = dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
                      text.find("can't allocate memory") != std::string_view::npos;
  return {.kind = memory ? "out_of_memory" : "worker",
          .retryable = true,
          .text = std::string(text.substr(0, text.find('\n')))};
}

void write_record(const JobContext& context, const JobFailure& failure) {
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  const Json record = {
      {"kind", failure.kind}, {"retryable", failure.retryable}, {"text", failure.text}, {"time", now.count()}};
  const auto file = context.directory() / fmt::format("failure.rank{}.json", context.collective.rank());
  try {
    write_file(file, printable_json(record), Sync::kYes);
  } catch (const Error& error) {
    fmt::print(stderr, "no failure record: {}\n", error.what());
  }
}

}  // namespace

JobFailure failure_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    return failure_of_error(error);
  } catch (const std::bad_alloc&) {
    return {.kind = "out_of_memory", .retryable = true, .text = "no memory left"};
  } catch (const c10::Error& error) {
    return failure_of_torch(error);
  } catch (const std::exception& error) {
    return {.kind = "worker", .retryable = true, .text = error.what()};
  } catch (...) {
    return {.kind = "worker", .retryable = true, .text = "an exception that is no std::exception"};
  }
}

JobEnd run_guarded(const JobRunner& run, JobContext& context) {
  std::optional<AttemptLog> log;
  try {
    log.emplace(context.directory() / fmt::format("rank{}.log", context.collective.rank()));
    return run(context);
  } catch (...) {
    JobFailure failure = failure_of(std::current_exception());
    fmt::print(stderr, "rank {} failed ({}): {}\n", context.collective.rank(), failure.kind, failure.text);
    if (context.collective.size() == 1) return failure;
    write_record(context, failure);
    std::fflush(nullptr);
    ::_exit(static_cast<int>(ExitCode::kJobsFailed));
  }
}

}  // namespace camsweep
