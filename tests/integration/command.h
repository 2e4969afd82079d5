#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace camsweep {

struct CommandResult {
  int exit_code = -1;  // 128 + signal if a signal ended it
  std::string out;
  std::string err;
};

// A program under test, started in a folder of its own. Its environment carries a mark that every process
// below it inherits, so that a test can tell whether any is left.
class Command {
 public:
  Command(std::vector<std::string> arguments, std::filesystem::path folder,
          std::map<std::string, std::string> environment = {});
  ~Command();  // kills what still runs
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  bool running();
  // Waits for the end. A command that takes longer than the limit is killed and fails the test.
  CommandResult wait(std::chrono::seconds limit = std::chrono::seconds(120));

 private:
  pid_t pid_ = -1;
  std::filesystem::path out_;
  std::filesystem::path err_;
  int status_ = 0;
  bool reaped_ = false;
};

// The path of one of our programs.
std::string program(const std::string& name);

// Starts `camsweep ARGUMENTS..` in `folder` and waits for its end.
CommandResult camsweep(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                       std::map<std::string, std::string> environment = {});

// Asks again every few milliseconds until `condition` holds; false if it does not within the limit.
bool eventually(const std::function<bool()>& condition, std::chrono::seconds limit = std::chrono::seconds(60));

// Living processes (zombies aside) that carry the mark of `folder`, by name and pid. The caller is not among
// them.
struct MarkedProcess {
  pid_t pid;
  std::string name;
};
std::vector<MarkedProcess> marked_processes(const std::filesystem::path& folder);

// A folder below the test's temporary folder, removed at the end.
class Scratch {
 public:
  explicit Scratch(const std::string& name);
  ~Scratch();
  std::filesystem::path path;
};

}  // namespace camsweep
