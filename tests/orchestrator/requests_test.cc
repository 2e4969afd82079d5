#include "orchestrator/requests.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "schemas/error.h"
#include "schemas/files.h"

namespace camsweep {
namespace {

TEST(RequestsTest, AreReadOnceOldestFirstAndRubbishIsNamed) {
  const SweepFolder folder{std::filesystem::path(testing::TempDir()) / ("requests-" + std::to_string(::getpid()))};
  leave_request(folder, {.kind = "retry", .jobs = {"ab"}});
  leave_request(folder, {.kind = "retry", .jobs = {}});
  write_file(folder.requests() / "zzz.json", "not json");

  const std::vector<Request> requests = take_requests(folder);

  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0].jobs, std::vector<std::string>{"ab"});
  EXPECT_TRUE(requests[1].jobs.empty());
  EXPECT_EQ(requests[2].kind, "unreadable");
  EXPECT_TRUE(take_requests(folder).empty());
  std::filesystem::remove_all(folder.root);
}

TEST(RequestsTest, AJobIsNamedByTheBeginningOfItsId) {
  const std::vector<JobId> known = {{"ab12"}, {"ab34"}, {"cd56"}};

  EXPECT_EQ(resolve_jobs({"cd", "ab3"}, known), (std::vector<JobId>{{"cd56"}, {"ab34"}}));
  EXPECT_THROW(resolve_jobs({"ab"}, known), ConfigError);
  EXPECT_THROW(resolve_jobs({"ff"}, known), ConfigError);
}

}  // namespace
}  // namespace camsweep
