#!/usr/bin/env python3
"""Box and mask figures beside clovaai/wsolevaluation: the same maps, its evaluators at their 1000 thresholds, one thread.

  bench/compare_evaluation.py --sources CLONES

Maps (seed 0) are uniform 7 x 7, 14 x 14 and 28 x 28 pixels raised bicubically to 224, and 7 x 7 ones with normal noise of
0.1. Compared first: the best IoU of every map at every threshold, with one contour and with all, every count, and PxAP;
then CPU time, the least of as many runs of a map on both sides, in rounds. Needs build/release/bin/camsweep,
build/release/bench/evaluation and a Python with torch, torchvision, munch and OpenCV (bench/README.md). Exit code 1 if
anything differs."""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import cv2
import numpy

SIDE = 224
KINDS = {"7": (7, 0), "14": (14, 0), "28": (28, 0), "noise": (7, 0.1)}
DELTAS = (30, 50, 70)
RUNS = 5  # of each map, of which the least counts; the peer's noisy ones, which take seconds, once
PXAP_TOLERANCE = 1e-12


def import_peer(sources):
    root = pathlib.Path(sources) / "wsolevaluation"
    if not (root / "evaluation.py").is_file():
        sys.exit(f"{root}: no clone of clovaai/wsolevaluation")
    numpy.float = float  # the names that NumPy has dropped since
    numpy.int = int
    sys.path.insert(0, str(root))
    import evaluation
    return evaluation


def make_map(random, grid, noise):
    scores = cv2.resize(random.random((grid, grid)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    stretch = lambda values: (values - values.min()) / (values.max() - values.min())
    return stretch(stretch(scores) + noise * random.standard_normal(scores.shape)) if noise else stretch(scores)


def make_kind(folder, kind, count):
    """A split of `count` maps with boxes and one with masks."""
    random = numpy.random.default_rng(0)
    lines = {name: [] for name in ("image_ids", "class_labels", "image_sizes", "localization")}
    masks = []
    for split in ("boxes", "masks", "maps", "mask_files"):
        (folder / split).mkdir(parents=True)
    for i in range(count):
        name = f"{i}.jpg"
        numpy.save(folder / "maps" / f"{name}.npy", make_map(random, *KINDS[kind]))
        lines["image_ids"].append(name)
        lines["class_labels"].append(f"{name},0")
        lines["image_sizes"].append(f"{name},500,375")
        for _ in range(1 + i % 3):
            (x0, x1), (y0, y1) = (sorted(random.integers(0, side, 2)) for side in (500, 375))
            lines["localization"].append(f"{name},{x0},{y0},{x1},{y1}")
        for part, corner in (("mask", 100), ("ignore", 180)):
            mask = numpy.zeros((375, 500), numpy.uint8)
            mask[corner:corner + 150, corner + i:corner + 200 + i] = 255
            cv2.imwrite(str(folder / "mask_files" / f"{part}{i}.png"), mask)
        masks.append(f"{name},mask{i}.png,ignore{i}.png")
    for split, localization in (("boxes", lines["localization"]), ("masks", masks)):
        for name, text in {**lines, "localization": localization}.items():
            (folder / split / f"{name}.txt").write_text("\n".join(text) + "\n")
    return [f"{i}.jpg" for i in range(count)]


def evaluator(peer, kind, folder, split, multi=False):
    return kind(metadata=peer.configure_metadata(str(folder / split)), dataset_name="OpenImages", split="test",
                cam_threshold_list=list(numpy.arange(0, 1, .001)), iou_threshold_list=DELTAS,
                mask_root=str(folder / "mask_files"), multi_contour_eval=multi)


def best_ious(peer, scores, truths, multi):
    boxes, counts = peer.compute_bboxes_from_scoremaps(scores, list(numpy.arange(0, 1, .001)), multi)
    ious = peer.calculate_multiple_iou(numpy.concatenate(boxes), numpy.array(truths)).max(1)
    return numpy.maximum.reduceat(ious, numpy.cumsum([0] + counts[:-1]))


def peer_ious(peer, folder, names):
    """With one contour and with all: an array (maps, thresholds) each."""
    truths = evaluator(peer, peer.BoxEvaluator, folder, "boxes").gt_bboxes
    maps = {name: numpy.load(folder / "maps" / f"{name}.npy") for name in names}
    return {multi: numpy.stack([best_ious(peer, maps[name], truths[name], multi) for name in names])
            for multi in (False, True)}


def differing_maps(theirs, ours):
    """Maps of which an IoU at one of the peer's thresholds is not that of our level."""
    wrong = 0
    for i, row in enumerate(ours):
        levels = [int(threshold * row[0]) for threshold in numpy.arange(0, 1, .001)]
        wrong += not numpy.array_equal(theirs[False][i], row[1:257][levels])
        wrong += not numpy.array_equal(theirs[True][i], row[257:][levels])
    return wrong


def differing_figures(arguments, folder, theirs):
    """Of `camsweep evaluate`: the curve, MaxBoxAcc, MaxBoxAccV2 and its three parts, counted as the peer counts."""
    shown = json.loads(subprocess.run([arguments.camsweep, "evaluate", "--metadata", folder / "boxes", "--scoremaps",
                                       folder / "maps", "--curves", "--json"], check=True, stdout=subprocess.PIPE).stdout)
    percent = lambda multi, delta: 100 * (theirs[multi] >= delta / 100).mean(0)
    best = {str(delta): percent(True, delta).max() for delta in DELTAS}
    v2 = shown["maxboxacc_v2"]
    pairs = [*zip(shown["curves"]["boxacc"], percent(False, 50)), (shown["maxboxacc"]["value"], percent(False, 50).max()),
             (v2["value"], numpy.mean(list(best.values()))), *((v2["at"][delta]["value"], best[delta]) for delta in best)]
    return sum(abs(own - other) > 1e-9 for own, other in pairs)


def least_ms(runs, work):
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(1e3 * (time.process_time() - start))
    return min(times)


def peer_ms(peer, folder, names, runs, multi):
    """Of its boxes and IoUs alone. Its accumulate() takes the maximum over all boxes again for each threshold, which is
    quadratic and not counted."""
    truths = evaluator(peer, peer.BoxEvaluator, folder, "boxes").gt_bboxes
    maps = {name: numpy.load(folder / "maps" / f"{name}.npy") for name in names}
    return statistics.median(least_ms(runs, lambda: best_ious(peer, maps[name], truths[name], multi))
                             for name in names)


def run(arguments, *command):
    return json.loads(subprocess.run([arguments.evaluation, *command], check=True, stdout=subprocess.PIPE).stdout)


def compare_boxes(peer, arguments, kind, folder, names):
    run(arguments, "boxes", folder / "boxes", folder / "maps", folder / "ious.f64")
    ious = numpy.fromfile(folder / "ious.f64").reshape(len(names), 513)
    theirs = peer_ious(peer, folder, names)
    wrong = differing_maps(theirs, ious) + differing_figures(arguments, folder, theirs)
    print(f"{kind}: {wrong} differences in {len(names)} maps x 1000 thresholds x 2", flush=True)
    timed = names[:arguments.timed]
    ratios = {"single": [], "multi": []}
    for _ in range(arguments.rounds):
        ours = run(arguments, "boxes", folder / "boxes", folder / "maps", folder / "ious.f64")
        for mode, found in ratios.items():
            theirs = peer_ms(peer, folder, timed, 1 if KINDS[kind][1] else RUNS, mode == "multi")
            own = statistics.median(ours[f"{mode}_ms"][:arguments.timed])
            found.append((theirs / own, theirs, own))
    for mode, found in ratios.items():
        low, middle, high = (sorted(found)[i] for i in (0, len(found) // 2, -1))
        print(f"{kind:<6} {mode:<6} {middle[0]:.0f} times ({low[0]:.0f} to {high[0]:.0f} in {len(found)} rounds): "
              f"{middle[2]:.3f} ms, peer {middle[1]:.1f} ms", flush=True)
    return wrong


def compare_masks(peer, arguments, folder, names):
    ours = run(arguments, "masks", folder / "masks", folder / "maps", folder / "mask_files")
    maps = {name: numpy.load(folder / "maps" / f"{name}.npy") for name in names}
    whole = evaluator(peer, peer.MaskEvaluator, folder, "masks")
    for name in names:
        whole.accumulate(maps[name], name)
    difference = abs(whole.compute() - ours["pxap"])
    timed = evaluator(peer, peer.MaskEvaluator, folder, "masks")
    whole_ms = statistics.median(least_ms(RUNS, lambda: timed.accumulate(maps[name], name)) for name in names)
    labels = {name: peer.get_mask(timed.mask_root, timed.mask_paths[name], timed.ignore_paths[name]) for name in names}
    peer.get_mask = lambda root, paths, ignored: labels[paths[0].replace("mask", "").replace("png", "jpg")]
    histogram_ms = statistics.median(least_ms(RUNS, lambda: timed.accumulate(maps[name], name)) for name in names)
    for label, theirs, own in (("PxAP, masks in memory", histogram_ms, ours["histogram_ms"]),
                               ("PxAP, masks from files", whole_ms, ours["whole_ms"])):
        own = statistics.median(own)
        print(f"{label}: {theirs / own:.0f} times, {own:.3f} ms, peer {theirs:.2f} ms; difference {difference:.1e}")
    return difference > PXAP_TOLERANCE


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", required=True, help="folder with a clone of clovaai/wsolevaluation")
    parser.add_argument("--maps", type=int, default=20, help="maps of each kind")
    parser.add_argument("--timed", type=int, default=10, help="of which as many are timed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--raised", type=int, default=50000, help="maps of 28 x 28 that are taken from end to end")
    parser.add_argument("--camsweep", default="build/release/bin/camsweep")
    parser.add_argument("--evaluation", default="build/release/bench/evaluation")
    arguments = parser.parse_args()
    peer = import_peer(arguments.sources)
    cv2.setNumThreads(1)
    print(f"OpenCV {cv2.__version__}")
    wrong = 0
    with tempfile.TemporaryDirectory() as root:
        for kind in KINDS:
            folder = pathlib.Path(root) / kind
            names = make_kind(folder, kind, arguments.maps)
            wrong += compare_boxes(peer, arguments, kind, folder, names)
        wrong += compare_masks(peer, arguments, pathlib.Path(root) / "14", [f"{i}.jpg" for i in range(arguments.maps)])
    for detail in ("7", "28") if arguments.raised else ():
        wall_s = run(arguments, "raise", str(arguments.raised), "2", detail)["wall_s"]
        print(f"{arguments.raised} maps of 28 x 28 with the detail of {detail} x {detail} on two threads: {wall_s:.1f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
