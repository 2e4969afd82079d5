# Sourced by quickstart.sh and test.sh: everything both need before they can build. Each function does only what is
# missing, and says in one sentence what it cannot do.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build_packages=(
  build-essential cmake ninja-build ccache git ca-certificates python3 python3-venv
  openmpi-bin libopenmpi-dev libyaml-cpp-dev nlohmann-json3-dev libvalijson-dev libsqlite3-dev libfmt-dev
  libspdlog-dev libcli11-dev libjpeg62-turbo-dev libpng-dev libssl-dev libdeflate-dev liblinear-dev
  gnuplot-nox
)
bird_packages=(tuxpaint-stamps-default mate-backgrounds)
test_packages=(libgtest-dev librapidcheck-dev sqlite3)

torch_version=2.13.0
cuda_torch_version=2.11.0

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "$(basename "$0"): $*"
  exit 3
}

# thrice COMMAND...: networks and package indexes fail for moments.
thrice() {
  "$@" && return
  sleep 5
  "$@" && return
  sleep 15
  "$@"
}

# install_packages NAME...: through apt, with sudo where not root.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || fail "these packages are missing, and there is no apt-get: ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "these packages are missing; install them as root: ${missing[*]}"
    as_root=(sudo)
  fi
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  thrice "${as_root[@]}" apt-get update -qq >&2 || fail "apt-get update failed"
  thrice "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >&2 || fail "apt-get could not install: ${missing[*]}"
}

# install_torch VENV VERSION: LibTorch comes in the torch wheel.
install_torch() {
  compgen -G "$1/lib/python3*/site-packages/torch/lib/libtorch_cpu.so" >/dev/null && return
  say "Installing LibTorch (torch $2) into $(basename "$1")"
  python3 -m venv "$1" || fail "python3 cannot make a virtual environment in $1"
  thrice "$1/bin/pip" install -q --disable-pip-version-check "torch==$2" 2> >(grep -v '^WARNING' >&2) ||
    fail "pip could not install torch==$2"
}

# The preset for this machine: cuda where a GPU and a toolkit answer.
default_preset() {
  if command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; then
    if [ -e /usr/local/cuda/include/cuda_runtime.h ]; then
      echo cuda
      return
    fi
    say "A GPU answers, but there is no CUDA toolkit in /usr/local/cuda: the CPU is used."
  fi
  echo release
}

venv_of() { [ "$1" = cuda ] && echo "$root/.venv-cuda" || echo "$root/.venv"; }

# One compile job per 1.5 GB of memory, at most one per core.
build_jobs() {
  local by_memory cores
  by_memory=$(awk '/MemAvailable/ {print int($2 / 1500000)}' /proc/meminfo)
  cores=$(nproc)
  [ "$by_memory" -lt "$cores" ] && cores=$by_memory
  [ "$cores" -lt 1 ] && cores=1
  echo "$cores"
}

# configure_and_build PRESET OPTIONS... -- TARGETS...
configure_and_build() {
  local preset=$1 options=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  [ $# -gt 0 ] && shift
  mkdir -p "$root/build"
  local log="$root/build/configure-$preset.log"
  (cd "$root" && cmake --preset "$preset" "${options[@]}") >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    fail "CMake could not configure; the whole output is in $log"
  }
  cmake --build "$root/build/$preset" -j "$(build_jobs)" ${1:+--target "$@"} >&2 || fail "the build failed"
}
