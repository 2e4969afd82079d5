#!/usr/bin/env bash
# From a fresh Debian to results: installs what is missing, builds, composes a small bird data set out of photographs
# that Debian packages, runs experiments/quickstart.yaml, prints the table and says where the report lies.
set -euo pipefail
source "$(dirname "$0")/setup.sh"

birds=/usr/share/tuxpaint/stamps/animals/birds
backgrounds=/usr/share/backgrounds/mate

preset=$(default_preset)
install_packages "${build_packages[@]}" "${bird_packages[@]}"
install_torch "$(venv_of "$preset")" "$([ "$preset" = cuda ] && echo "$cuda_torch_version" || echo "$torch_version")"

camsweep="$root/build/$preset/bin/camsweep"
newer=$(find "$root"/{schemas,results,orchestrator,workers,cmake,CMakeLists.txt,CMakePresets.json} -type f \
  -newer "$camsweep" -print -quit 2>/dev/null || echo all)
if [ ! -x "$camsweep" ] || [ -n "$newer" ]; then
  say "Building (preset $preset)"
  configure_and_build "$preset" -DCAMSWEEP_TESTS=OFF -- camsweep camsweep-rank camsweep-worker
  touch "$root/build/$preset/bin/camsweep"
fi

cd "$root"
if [ -d "$birds" ] && [ -d "$backgrounds" ]; then
  "$camsweep" data compose --cutouts "$birds" --backgrounds "$backgrounds" --out runs/data/birds
else
  say "The bird photographs are not installed: drawn shapes take their place."
  "$camsweep" data synth --classes 20 --train 40 --val 5 --test 20 --out runs/data/birds
fi

exec "$camsweep" run experiments/quickstart.yaml
