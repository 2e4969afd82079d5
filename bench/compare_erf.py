#!/usr/bin/env python3
"""The effective receptive field of RepLKNet-31B beside the authors' own script, on the same weights and photographs:
time, memory beyond the loaded network, and whether the sizes agree.

  bench/compare_erf.py --sources CLONES --photos DIR

Needs build/release/bench/erf and a clone of DingXiaoH/RepLKNet-pytorch in CLONES, whose erf/visualize_erf.py is run as
it is but on the CPU. An image takes it one to two minutes and 9 GB. Run it with the Python of compare_sources.py
(bench/README.md). Exit code 1 if a side differs by more than 2 px or the area under the curve by more than 1e-3."""
import argparse
import json
import multiprocessing
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy

THRESHOLDS = [.1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .99]
SIDE_TOLERANCE, AREA_TOLERANCE = 2, 1e-3
SIZE = 1024  # of the official script


def memory_mb(field):
    """VmRSS or VmHWM of this process."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field + ":")) * 1024 / 1e6


def import_official(sources):
    root = os.path.join(sources, "RepLKNet-pytorch")
    if not os.path.isfile(os.path.join(root, "erf/visualize_erf.py")):
        sys.exit(f"{root}: no clone of DingXiaoH/RepLKNet-pytorch")
    # What its ResNets import and torchvision has no longer.
    import torchvision.models.resnet as resnet
    resnet.model_urls = {}
    resnet.load_state_dict_from_url = None
    sys.path.insert(0, root)
    from erf import visualize_erf
    return visualize_erf


def save_weights(sources, file):
    """Random weights with norms that are far from the identity, as the authors save theirs."""
    import torch
    import_official(sources)
    import replknet
    from compare_sources import randomize
    torch.manual_seed(0)
    network = replknet.create_RepLKNet31B(small_kernel_merged=False)
    randomize(network, seed=1)
    torch.save(network.state_dict(), file)


def run_official(arguments, weights, photos, out, pipe):
    """The official main(), with the clock started and the memory read where it would move the network to the GPU."""
    import torch
    torch.set_num_threads(arguments.threads)
    visualize_erf = import_official(arguments.sources)
    start = {}

    def stay(module):
        start.update(memory=memory_mb("VmRSS"), wall=time.perf_counter(), cpu=time.process_time())
        return module
    torch.nn.Module.cuda = stay
    torch.Tensor.cuda = lambda tensor, non_blocking=False: tensor
    # The network has a head, which the script's has too, and the checkpoint a final norm: the keys agree.
    sys.argv = ["visualize_erf.py", "--model", "RepLKNet-31B", "--weights", weights, "--data_path", photos,
                "--save_path", out, "--num_images", str(arguments.images)]
    try:
        visualize_erf.main(visualize_erf.parse_args())
    except SystemExit:
        pass
    pipe.send({"cpu_s": time.process_time() - start["cpu"], "wall_s": time.perf_counter() - start["wall"],
               "loaded_mb": start["memory"], "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6})


def official(arguments, weights, photos, out):
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=run_official,
                                                           args=(arguments, weights, photos, out, theirs))
    process.start()
    theirs.close()
    result = ours.recv()
    process.join()
    return result


def camsweep(arguments, weights, photos, out):
    command = [arguments.program, weights, photos, str(SIZE), str(arguments.images), out]
    environment = os.environ | {"OMP_NUM_THREADS": str(arguments.threads)}
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment).stdout)


def sizes(contribution):
    """Sides and area under the curve of area ratio over threshold, by the rule of the official analyze_erf.py."""
    scaled = numpy.log10(contribution.astype(numpy.float64) + 1)
    side, centre, total = len(scaled), len(scaled) // 2, scaled.sum()
    inside = [scaled[centre - i:centre + i + 1, centre - i:centre + i + 1].sum() / total for i in range(1, centre)]
    sides = [2 * (1 + next(i for i, share in enumerate(inside) if share > t)) + 1 for t in THRESHOLDS]
    return sides, numpy.trapezoid([(s / side) ** 2 for s in sides], THRESHOLDS)


def arrange_photos(photos, count, folder):
    """One class folder with `count` photographs and one more: the script saves when it meets the image after the
    last."""
    wanted = sorted(p for p in pathlib.Path(photos).rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if len(wanted) <= count:
        sys.exit(f"{photos}: {count + 1} photographs are needed, found {len(wanted)}")
    for name, chosen in (("official/val/any", wanted[:count + 1]), ("ours", wanted[:count])):
        os.makedirs(os.path.join(folder, name))
        for i, photo in enumerate(chosen):
            os.symlink(photo.resolve(), os.path.join(folder, name, f"{i:04}{photo.suffix.lower()}"))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", required=True, help="folder of the clones")
    parser.add_argument("--photos", required=True, help="a folder of photographs")
    parser.add_argument("--images", type=int, default=1, help="how many are used (1)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--program", default="build/release/bench/erf")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        place = lambda name: os.path.join(folder, name)
        save_weights(arguments.sources, place("weights.pth"))
        arrange_photos(arguments.photos, arguments.images, folder)
        runs = {"ours": camsweep(arguments, place("weights.pth"), place("ours"), place("out")),
                "official": official(arguments, place("weights.pth"), place("official"), place("official.npy"))}
        ours, theirs = (sizes(numpy.load(place(name))) for name in ("out/artifacts/erf.npy", "official.npy"))
    side = max(abs(a - b) for a, b in zip(ours[0], theirs[0]))
    area = abs(ours[1] - theirs[1])
    print(f"{arguments.images} image(s), {arguments.threads} thread(s), sides {theirs[0]}, area {theirs[1]:.6f}")
    print(f"largest difference: {side} px of a side, {area:.1e} of the area")
    if not (side <= SIDE_TOLERANCE and area <= AREA_TOLERANCE):
        return 1
    for name, run in runs.items():
        print(f"{name:<10}{run['cpu_s']:8.1f} s CPU{run['wall_s']:8.1f} s wall"
              f"{run['peak_mb'] - run['loaded_mb']:8.0f} MB beyond the {run['loaded_mb']:.0f} MB of the loaded process")
    for what in ("cpu_s", "wall_s"):
        print(f"{what}: official / ours = {runs['official'][what] / runs['ours'][what]:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
