#!/usr/bin/env python3
"""Times a training step beside PyTorch eager's of the same network, in turns.

  bench/compare_step.py [--sources DIR] [--networks resnet50,convnext_tiny] [--batch 4] [--side 224] [--rounds 3]
                        [--steps 4] [--threads 1] [--precision float32|bf16]

`build/release/bench/step` (-DCAMSWEEP_BENCH=ON) trains ours; the peer is torchvision's network, or the official code of
RepLKNet or SLaK (clones of DingXiaoH/RepLKNet-pytorch and VITA-Group/SLaK below --sources), with AdamW(fused=True), in
both memory formats. A round takes the fastest step of each in turns; printed is the median of the rounds' ratios with
their range. Both losses must be finite; that the networks are the same is bench/compare_sources.py's. Run it with a Python that has torch and
torchvision (bench/README.md); the peer is only as new as its LibTorch."""
import argparse
import contextlib
import io
import json
import pathlib
import platform
import statistics
import subprocess
import sys
import time
import types

import torch
import torchvision

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "build/release/bench/step"


def replknet(sources):
    sys.path.insert(0, str(sources / "RepLKNet-pytorch"))
    import replknet as official

    with contextlib.redirect_stdout(io.StringIO()):  # it names every drop path
        return official.create_RepLKNet31B(drop_path_rate=0, use_checkpoint=False)


class Depthwise(torch.nn.Conv2d):
    """In place of SLaK's CUDA extension, which has no CPU part."""

    def __init__(self, channels, kernel, bias):
        sides = (kernel, kernel) if isinstance(kernel, int) else kernel
        super().__init__(channels, channels, sides, padding=[side // 2 for side in sides], groups=channels, bias=bias)


def slak(sources):
    sys.path.insert(0, str(sources / "SLaK/models"))
    sys.modules["depthwise_conv2d_implicit_gemm"] = types.SimpleNamespace(DepthWiseConv2dImplicitGEMM=Depthwise)
    import SLaK as official

    official.use_sync_bn = False
    return official.SLaK_tiny(kernel_size=[51, 49, 47, 13, 5], Decom=True, width_factor=1.3)


NETWORKS = {
    "resnet50": lambda _: torchvision.models.resnet50(),
    "convnext_tiny": lambda _: torchvision.models.convnext_tiny(stochastic_depth_prob=0.0),
    "replknet_31b": replknet,
    "slak_tiny_51": slak,
}


def peer_round(options, model, images, labels, optimizer):
    times = []
    for _ in range(options.steps + 1):
        start = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bf16"):
            loss = torch.nn.functional.cross_entropy(model(images).float(), labels)
        loss.backward()
        optimizer.step()
        times.append(time.perf_counter() - start)
    assert torch.isfinite(loss)
    return 1e3 * min(times[1:])


def make_peer(options, name, layout):
    torch.manual_seed(0)
    model = NETWORKS[name](options.sources).train().to(memory_format=layout)
    images = torch.randn(options.batch, 3, options.side, options.side).contiguous(memory_format=layout)
    labels = torch.randint(1000, (options.batch,))
    return model, images, labels, torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.05, fused=True)


def our_round(options, name):
    command = [PROGRAM, name, options.batch, options.side, options.steps, options.threads, options.precision]
    made = json.loads(subprocess.run([*map(str, command)], check=True, capture_output=True, text=True).stdout)
    assert made["loss"] == made["loss"], "our loss is not a number"
    return made["best_ms"]


def compare(options, name):
    layouts = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
    peers = {layout: make_peer(options, name, form) for layout, form in layouts.items()}
    ours, theirs = [], {layout: [] for layout in layouts}
    for _ in range(options.rounds):
        for layout, peer in peers.items():
            theirs[layout].append(peer_round(options, *peer))
        ours.append(our_round(options, name))
    print(f"{name}: ours {statistics.median(ours):.0f} ms")
    for layout, times in theirs.items():
        ratios = [peer / own for peer, own in zip(times, ours)]
        print(f"  eager, {layout}: {statistics.median(times):.0f} ms; ratio {statistics.median(ratios):.2f} "
              f"({min(ratios):.2f} to {max(ratios):.2f})", flush=True)  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=pathlib.Path)
    parser.add_argument("--networks", default="resnet50,convnext_tiny")
    for name, default in {"batch": 4, "side": 224, "rounds": 3, "steps": 4, "threads": 1}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--precision", choices=["float32", "bf16"], default="float32")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {platform.processor() or platform.machine()}, {options.threads} threads, batch "
          f"{options.batch}, {options.side} px, {options.precision}")  # fmt: skip
    for name in options.networks.split(","):
        compare(options, name)


if __name__ == "__main__":
    main()
