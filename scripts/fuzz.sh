#!/usr/bin/env bash
# Runs each fuzz target of the readers of weights files: nightly, or after a change to one of them. What a target finds
# lies in build/fuzz/crashes.
#   --seconds N   for each target (60)
set -euo pipefail
source "$(dirname "$0")/setup.sh"

seconds=60
while [ $# -gt 0 ]; do
  case "$1" in
    --seconds)
      seconds=${2:?--seconds needs a number}
      shift
      ;;
    *)
      say "$(basename "$0"): unknown option '$1'; known: --seconds N"
      exit 2
      ;;
  esac
  shift
done

install_packages "${build_packages[@]}" clang libclang-rt-dev
install_torch "$root/.venv" "$torch_version"
targets=(pickle_fuzz zip_fuzz legacy_fuzz safetensors_fuzz)
configure_and_build fuzz -- "${targets[@]}"

mkdir -p "$root/build/fuzz/crashes"
for target in "${targets[@]}"; do
  corpus="$root/build/fuzz/corpus/$target"
  mkdir -p "$corpus"
  seeds="$root/tests/workers/checkpoints/files"
  [ "$target" = pickle_fuzz ] && seeds="$root/tests/fuzz/corpus/pickle"
  say "$target, $seconds s"
  log="$root/build/fuzz/$target.log"
  UBSAN_OPTIONS=halt_on_error=1 ASAN_OPTIONS=detect_leaks=0:detect_container_overflow=0 "$root/build/fuzz/fuzz/$target" \
    -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$root/build/fuzz/crashes/$target-" "$corpus" "$seeds" >"$log" 2>&1 || {
    tail -n 40 "$log" >&2
    fail "$target found something: see $log and build/fuzz/crashes"
  }
  grep -E 'number_of_executed_units|peak_rss' "$log"
done
