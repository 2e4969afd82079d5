#include "tests/integration/gang_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "schemas/error.h"

namespace camsweep {
namespace {

std::vector<std::string> command_line(const std::string& program, int ranks,
                                      const std::vector<std::string>& rank_arguments) {
  std::vector<std::string> words = {"mpirun"};
  if (::geteuid() == 0) words.push_back("--allow-run-as-root");
  const std::string shim = std::string(CAMSWEEP_BIN_DIR) + "/camsweep-rank";
  words.insert(words.end(), {"--oversubscribe", "--bind-to", "none", "-n", std::to_string(ranks), shim});
  words.insert(words.end(), {"--threads", "1"});
  words.insert(words.end(), rank_arguments.begin(), rank_arguments.end());
  words.insert(words.end(), {"--", program});
  return words;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw environment_error("cannot make a pipe", errno);
  return ends;
}

}  // namespace

GangProcess::GangProcess(const std::string& program, int ranks, const std::filesystem::path& folder,
                         const std::vector<std::string>& rank_arguments) {
  const auto [input_read, input_write] = make_pipe();
  const auto [output_read, output_write] = make_pipe();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input_read, 0);
  posix_spawn_file_actions_adddup2(&actions, output_write, 1);
  posix_spawn_file_actions_addopen(&actions, 2, (folder / "gang.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  // What a killed gang leaves behind goes with the folder.
  std::vector<std::string> environment = {"TMPDIR=" + folder.string(), "OMPI_MCA_odls_base_sigkill_timeout=0",
                                          "OMPI_MCA_btl_vader_backing_directory=" + folder.string()};
  for (char** variable = environ; *variable != nullptr; ++variable) environment.emplace_back(*variable);
  std::vector<std::string> words = command_line(program, ranks, rank_arguments);
  const int error =
      ::posix_spawnp(&pid_, "mpirun", &actions, nullptr, pointers(words).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(input_read);
  ::close(output_write);
  input_ = input_write;
  output_ = output_read;
  if (error != 0) throw environment_error("cannot start mpirun", error);
}

GangProcess::~GangProcess() {
  close_input();
  ::close(output_);
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    wait();
  }
}

void GangProcess::send(const ToGang& message) {
  const std::string line = encode(message) + '\n';
  if (::write(input_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    throw environment_error("cannot write to the gang", errno);
  }
}

void GangProcess::close_input() {
  if (input_ >= 0) ::close(input_);
  input_ = -1;
}

std::optional<FromGang> GangProcess::receive() {
  for (;;) {
    if (const size_t newline = pending_.find('\n'); newline != std::string::npos) {
      const std::string line = pending_.substr(0, newline);
      pending_.erase(0, newline + 1);
      return decode_from_gang(line);
    }
    std::array<char, 4096> bytes;
    const ssize_t count = ::read(output_, bytes.data(), bytes.size());
    if (count <= 0) return std::nullopt;
    pending_.append(bytes.data(), static_cast<size_t>(count));
  }
}

int GangProcess::wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace camsweep
