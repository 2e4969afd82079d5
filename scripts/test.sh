#!/usr/bin/env bash
# Installs what is missing, builds, runs every test. The last line counts them.
#   --all         also the slow tests
#   --cuda        also build and link the CUDA preset
#   --asan        run the tests in the sanitizer build instead
#   --photos DIR  also the tests on real photographs (a data set in the `wsol` layout)
set -euo pipefail
source "$(dirname "$0")/setup.sh"

preset=release
with_cuda=no
while [ $# -gt 0 ]; do
  case "$1" in
    --all) export CAMSWEEP_ALL=1 ;;
    --cuda) with_cuda=yes ;;
    --asan) preset=asan ;;
    --photos)
      CAMSWEEP_PHOTOS=$(cd "${2:?--photos needs a folder}" && pwd)
      export CAMSWEEP_PHOTOS
      shift
      ;;
    *)
      say "$(basename "$0"): unknown option '$1'; known: --all, --cuda, --asan, --photos DIR"
      exit 2
      ;;
  esac
  shift
done

install_packages "${build_packages[@]}" "${bird_packages[@]}" "${test_packages[@]}"
install_torch "$root/.venv" "$torch_version"
configure_and_build "$preset" -DCAMSWEEP_TESTS=ON
if [ "$with_cuda" = yes ]; then
  install_torch "$root/.venv-cuda" "$cuda_torch_version"
  configure_and_build cuda -DCAMSWEEP_TESTS=OFF
fi

# MPI keeps memory until exit, and LibTorch's own containers are not instrumented.
export ASAN_OPTIONS=detect_leaks=0:detect_container_overflow=0
export UBSAN_OPTIONS=halt_on_error=1
exec python3 "$root/scripts/run_tests.py" "$root/build/$preset"
