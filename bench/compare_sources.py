#!/usr/bin/env python3
"""Compares every network of the catalog with its source, live: the source's weights are saved there, read here, and
both compute the logits of one photograph.

  bench/compare_sources.py --sources DIR --photo bird.jpg [--only 'slak_*'] [--sizes 224,384]

DIR holds clones of facebookresearch/ConvNeXt, DingXiaoH/RepLKNet-pytorch, VITA-Group/SLaK, raoyongming/HorNet,
clovaai/wsolevaluation and snskysk/CAM-Back-Again under the names of the repositories. Run it with a Python that has
torch, torchvision, timm, safetensors and Pillow (bench/README.md). Exit code 1 if a network deviates, or none was
compared."""
import argparse
import fnmatch
import gc
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy
import PIL.Image
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/workers/backbones"))
import sources

TOLERANCE = 2e-5  # of the largest logit: float32 against float32 in another order of sums


def randomize(network, seed):
    """Weights as the source draws them, but norms that are far from the identity, so that no entry can stand in for
    another."""
    torch.manual_seed(seed)
    state = network.state_dict()
    for key, value in state.items():
        if key.endswith("running_var"):
            state[key] = torch.rand_like(value) + 0.5
        elif key.endswith("running_mean"):
            state[key] = 0.2 * torch.rand_like(value) - 0.1
        elif value.dim() == 1 and value.dtype == torch.float32:
            state[key] = value + 0.2 * torch.rand_like(value) - 0.1
    network.load_state_dict(state)


def photograph(file, side, normalization):
    picture = PIL.Image.open(file).convert("RGB").resize((side, side), PIL.Image.BILINEAR)
    values = torch.from_numpy(numpy.asarray(picture).copy()).permute(2, 0, 1).float() / 255
    mean, std = (torch.tensor(normalization[key]).view(3, 1, 1) for key in ("mean", "std"))
    return ((values - mean) / std).unsqueeze(0)


def save(network, file):
    if file.endswith(".safetensors"):
        import safetensors.torch
        safetensors.torch.save_file({k: v.contiguous().clone() for k, v in network.state_dict().items()}, file)
    else:
        torch.save(network.state_dict(), file)


def forward(camsweep, name, side, weights, photo):
    command = [camsweep, "forward", "--backbone", name, "--size", str(side), "--weights", weights, "--input", photo, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)


def deviation(source, ours, photo, side):
    """The largest difference of two logits, as a share of the largest logit."""
    _, logits = source.run(photograph(photo, side, ours["normalization"]))
    theirs = logits[0].double().numpy()
    own = numpy.array(ours["logits"]["values"])
    if len(own) != len(theirs):
        raise RuntimeError(f"{len(own)} logits here, {len(theirs)} there")
    return numpy.abs(own - theirs).max() / numpy.abs(theirs).max()


def compare(name, source, sizes, arguments, folder):
    """(side, deviation) for each size."""
    randomize(source.network, seed=1)
    file = os.path.join(folder, f"{name}.{arguments.format}")
    save(source.network, file)
    results = []
    for side in sizes:
        ours = forward(arguments.camsweep, name, side, file, arguments.photo)
        results.append((side, deviation(source, ours, arguments.photo, side)))
    os.remove(file)
    return results


def networks(arguments):
    """What is compared: a label, the catalog's name, how its source is built, sizes."""
    for name in fnmatch.filter(catalog(arguments.camsweep), arguments.only):
        yield name, name, lambda name=name: sources.build(name, arguments.sources), arguments.sizes
    for name in fnmatch.filter(sources.CAM_BACK_AGAIN, arguments.only):
        side = sources.CAM_BACK_AGAIN_SIDE
        yield f"CAM Back Again {name}", name, lambda name=name: sources.cam_back_again(name, arguments.sources), [side]


def catalog(camsweep):
    listed = subprocess.run([camsweep, "backbones", "--json"], check=True, stdout=subprocess.PIPE)
    return [entry["name"] for entry in json.loads(listed.stdout)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", required=True, help="folder of the clones")
    parser.add_argument("--photo", required=True, help="a JPEG or PNG file")
    parser.add_argument("--camsweep", default="build/release/bin/camsweep")
    parser.add_argument("--only", default="*", help="names to compare, a pattern")
    parser.add_argument("--sizes", default="224,384", type=lambda text: [int(side) for side in text.split(",")])
    parser.add_argument("--format", default="pth", choices=["pth", "safetensors"], help="how the weights are saved")
    arguments = parser.parse_args()
    compared, skipped, wrong = 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for label, name, build, sizes in networks(arguments):
            try:
                source = build()
            except (sources.Missing, KeyError) as missing:
                skipped += 1
                print(f"{label:<28} skipped: no source {missing}", flush=True)
                continue
            try:
                results = compare(name, source, sizes, arguments, folder)
            except RuntimeError as error:
                wrong += 1
                print(f"{label:<28} failed: {error}", flush=True)
                continue
            for side, found in results:
                compared += 1
                deviates = not found <= TOLERANCE  # NaN, too
                wrong += deviates
                print(f"{label:<28} {side:>4} px  {found:.1e}{'  TOO LARGE' if deviates else ''}", flush=True)
            gc.collect()
    print(f"{compared} compared, {wrong} wrong, {skipped} skipped")
    return 1 if wrong or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
