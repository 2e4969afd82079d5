#!/usr/bin/env python3
"""Writes what the sources say of every backbone of the catalog, for the tests of this folder:

  source_states.txt      parameters, state entries and a digest of all keys and shapes
  reference_numbers.txt  feature map and logits for the fixture's weights and input

The names come from `camsweep backbones --json`. The digest is SHA-256 over the lines `key [shape]`, sorted."""
import argparse
import gc
import hashlib
import json
import pathlib
import subprocess
import sys

import torch

import sources

HERE = pathlib.Path(__file__).parent
SLOW = 30_000_000  # parameters
ALWAYS = {"replknet_31b", "slak_tiny_51"}  # tested in every run, although they are large


def state_line(name, source):
    state = source.network.state_dict()
    parameters = sum(p.numel() for p in source.network.parameters())
    lines = sorted(f"{source.rename(key)} {list(value.shape)}" for key, value in state.items())
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return f"{name} {parameters} {len(state)} {digest}", parameters


def summary(values):
    exact = values.double()
    return f"{exact.mean().item():.9e} {exact.norm().item():.9e}"


def localizing(name):
    return any(part in name for part in ("_gap", "_cam", "_wsol"))


def reference_line(name, root, side, parameters):
    classes = 200 if localizing(name) else 1000
    source = sources.build(name, root, classes)
    sources.fill_fixture(source)
    features, logits = source.run(sources.fixture_input(side))
    first = " ".join(f"{value:.9e}" for value in logits[0, :4].tolist())
    speed = "slow" if parameters > SLOW and name not in ALWAYS else "fast"
    shape = " ".join(str(size) for size in features.shape[1:3])
    return f"{name} {side} {classes} {speed} {shape} {summary(features)} {summary(logits[0])} {logits.abs().max():.9e} {first}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", required=True, help="the folder that holds the clones")
    parser.add_argument("--camsweep", default="build/release/bin/camsweep")
    arguments = parser.parse_args()
    listed = json.loads(subprocess.run([arguments.camsweep, "backbones", "--json"], check=True, stdout=subprocess.PIPE).stdout)
    states = ["# backbone parameters entries sha256, with 1000 classes, made by make_reference_numbers.py"]
    numbers = ["# backbone side classes speed channels map_side map_mean map_l2 logits_mean logits_l2 largest_logit "
               "logit0 logit1 logit2 logit3, made by make_reference_numbers.py"]
    for name in [entry["name"] for entry in listed]:
        try:
            line, parameters = state_line(name, sources.build(name, arguments.sources))
        except KeyError:
            print(f"{name}: ours, without a source", file=sys.stderr)
            continue
        states.append(line)
        gc.collect()
        side = 299 if name in ("inception_v3", "inception_v3_aux") else 224
        numbers.append(reference_line(name, arguments.sources, side, parameters))
        print(numbers[-1][:100], file=sys.stderr)
        gc.collect()
    (HERE / "source_states.txt").write_text("\n".join(states) + "\n")
    (HERE / "reference_numbers.txt").write_text("\n".join(numbers) + "\n")


if __name__ == "__main__":
    main()
