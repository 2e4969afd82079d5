#!/usr/bin/env python3
"""Times the way of a training image, from JPEG bytes to a normalized tensor, beside torchvision's and timm's pipelines.

  bench/compare_pipeline.py --photos DIR [--rounds 5] [--passes 20]

`build/release/bench/pipeline` (-DCAMSWEEP_BENCH=ON) takes ours: random resized crop to 224 px (bicubic), flip,
normalization; then with RandAugment (rand-m9-mstd0.5-inc1) and random erasing (0.25) as well. The peers are torchvision's
transforms and timm's create_transform over Pillow, one thread each; pixels are compared by the tests
(tests/workers/data/make_augmentation_vectors.py). Times are CPU time per image, in turns; printed is the median of the
rounds' ratios with their range. Run it with a Python that has torch, torchvision, timm and Pillow (bench/README.md)."""
import argparse
import collections
import io
import json
import pathlib
import statistics
import subprocess
import time

import PIL
import timm
import timm.data
import torch
import torchvision
from PIL import Image
from torchvision import transforms

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "build/release/bench/pipeline"
HALF = (0.5, 0.5, 0.5)


def peers():
    plain = transforms.Compose([
        transforms.RandomResizedCrop(224, interpolation=transforms.InterpolationMode.BICUBIC),
        transforms.RandomHorizontalFlip(), transforms.ToTensor(), transforms.Normalize(HALF, HALF),
    ])  # fmt: skip
    whole = timm.data.create_transform(224, is_training=True, auto_augment="rand-m9-mstd0.5-inc1", re_prob=0.25,
                                       re_mode="pixel", interpolation="bicubic", mean=HALF, std=HALF)  # fmt: skip
    return {"crop": plain, "randaugment": whole}


def peer_ms(files, transform, passes):
    start = time.process_time()
    for _ in range(passes):
        for data in files:
            transform(Image.open(io.BytesIO(data)).convert("RGB"))
    return 1e3 * (time.process_time() - start) / (passes * len(files))


def spread(over, under):
    ratios = [a / b for a, b in zip(over, under)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--passes", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    paths = sorted(options.photos.glob("**/*.jpg"))
    files = [path.read_bytes() for path in paths]
    print(f"torchvision {torchvision.__version__}, timm {timm.__version__}, Pillow {PIL.__version__}, {len(files)} files")
    ours, theirs = collections.defaultdict(list), collections.defaultdict(list)
    for _ in range(options.rounds):
        command = [str(PROGRAM), str(options.passes), *map(str, paths)]
        for name, ms in json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout).items():
            ours[name].append(ms)
        for name, transform in peers().items():
            theirs[name].append(peer_ms(files, transform, options.passes))
    print(f"decoding alone: {statistics.median(ours['decode']):.2f} ms, of the crop {statistics.median(ours['decode_crop']):.2f} ms")
    for name in theirs:
        for which, times in {name: ours[name], f"{name} of whole images": ours["whole_" + name]}.items():
            print(f"{which}: ours {statistics.median(times):.2f} ms, peer {statistics.median(theirs[name]):.2f} ms; "
                  f"ratio {spread(theirs[name], times)}; of the crop's decoding {spread(ours['decode_crop'], times)}")  # fmt: skip


if __name__ == "__main__":
    main()
