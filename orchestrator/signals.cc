#include "orchestrator/signals.h"

#include <sys/signalfd.h>

#include <cerrno>

#include "schemas/error.h"

namespace camsweep {

Signals::Signals() {
  sigset_t answered;
  sigemptyset(&answered);
  for (const int number : {SIGINT, SIGTERM, SIGUSR1, SIGHUP, SIGCHLD}) sigaddset(&answered, number);
  fd_ = Descriptor(::signalfd(-1, &answered, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_.open()) throw environment_error("cannot listen to signals", errno);
  ::sigprocmask(SIG_BLOCK, &answered, &before_);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &pipe_before_);
}

Signals::~Signals() {
  take();  // a Ctrl-C that was not looked at any more must not end us now
  ::sigaction(SIGPIPE, &pipe_before_, nullptr);
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

std::vector<int> Signals::take() {
  std::vector<int> numbers;
  signalfd_siginfo info{};
  while (::read(fd_.get(), &info, sizeof info) == sizeof info) {
    numbers.push_back(static_cast<int>(info.ssi_signo));
  }
  return numbers;
}

}  // namespace camsweep
