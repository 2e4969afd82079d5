#include "results/gnuplot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "schemas/error.h"
#include "schemas/files.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

// gnuplot's own settings, fonts and number formats must not depend on who runs it.
int run_gnuplot(const fs::path& folder, const std::string& script) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "gnuplot.log", O_WRONLY | O_CREAT | O_TRUNC, 0666);
  posix_spawn_file_actions_adddup2(&actions, 2, 1);
  std::string program = "gnuplot";
  std::string settings = "--default-settings";
  std::string file = script;
  char* arguments[] = {program.data(), settings.data(), file.data(), nullptr};
  const char* path = ::getenv("PATH");
  std::string search = std::string("PATH=") + (path == nullptr ? "/usr/bin:/bin" : path);
  std::string locale = "LC_ALL=C.UTF-8";
  char* environment[] = {search.data(), locale.data(), nullptr};
  pid_t child = -1;
  const int error = ::posix_spawnp(&child, "gnuplot", &actions, nullptr, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT) {
    throw Error(ExitCode::kEnvironment, "figures need gnuplot, which is not installed (Debian: gnuplot-nox)");
  }
  if (error != 0) throw environment_error("cannot start gnuplot", error);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

FigureFormat figure_format(const std::string& name) {
  if (name == "svg") return FigureFormat::kSvg;
  if (name == "pdf") return FigureFormat::kPdf;
  if (name == "png") return FigureFormat::kPng;
  throw ConfigError(fmt::format("unknown figure format '{}'; allowed: svg, pdf, png", name));
}

std::string_view figure_extension(FigureFormat format) {
  switch (format) {
    case FigureFormat::kSvg:
      return "svg";
    case FigureFormat::kPdf:
      return "pdf";
    case FigureFormat::kPng:
      return "png";
  }
  return "";
}

std::vector<fs::path> draw_figure(const PlotData& data, const std::string& name, const fs::path& folder,
                                  const std::vector<FigureFormat>& formats) {
  make_directories(folder);
  write_file(folder / (name + ".csv"), figure_csv(data));
  write_file(folder / (name + ".gp"), figure_script(data, name, formats));
  const int code = run_gnuplot(folder, name + ".gp");
  const std::string log = read_file(folder / "gnuplot.log");
  fs::remove(folder / "gnuplot.log");
  if (code != 0) {
    throw Error(ExitCode::kEnvironment, fmt::format("gnuplot could not draw {}: {}", (folder / name).string(), log));
  }
  std::vector<fs::path> figures;
  for (const FigureFormat format : formats)
    figures.push_back(folder / (name + "." + std::string(figure_extension(format))));
  return figures;
}

}  // namespace camsweep
