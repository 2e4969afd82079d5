#!/usr/bin/env python3
"""Times a gang of two ranks beside two processes that know nothing of each other, and beside one alone.

  bench/compare_ranks.py [--networks resnet18] [--batch 8] [--side 224] [--rounds 3] [--steps 6] [--mpirun COMMAND]

Every process has one thread, its own core and a batch of its own; a step is forward, backward and AdamW. Two processes
at once share memory bandwidth and power, so they are the limit of what a gang can reach: what a gang loses to them is
the sum of gradients. Ours is `build/release/bench/step` (-DCAMSWEEP_BENCH=ON), which checks that ranks end with the same
weights; the peer is torchvision's network in DistributedDataParallel over gloo, in the layout of memory that ours takes.
A round measures each in turns, by its median step; printed is the median of the rounds' ratios with their range. Run it
with a Python that has torch and torchvision (bench/README.md)."""
import argparse
import json
import os
import pathlib
import platform
import shlex
import socket
import statistics
import subprocess
import sys
import time

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "build/release/bench/step"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def peer_rank(options, name, rank, ranks, port):
    """One process of the peer; ranks = 1 trains alone. Prints the median step in ms."""
    import torch
    import torchvision

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = getattr(torchvision.models, name)().train().to(memory_format=torch.channels_last)
    if ranks > 1:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), OMP_NUM_THREADS="1")
        torch.distributed.init_process_group("gloo", rank=rank, world_size=ranks)
        model = torch.nn.parallel.DistributedDataParallel(model, gradient_as_bucket_view=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.05, fused=True)
    images = torch.randn(options.batch, 3, options.side, options.side).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(1000, (options.batch,))
    times = []
    for _ in range(options.steps + 1):
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        times.append(time.perf_counter() - start)
    assert torch.isfinite(loss)
    print(json.dumps({"median_ms": 1e3 * statistics.median(times[1:])}))


def slowest(commands):
    """Runs commands at once; the largest median step of theirs."""
    running = [subprocess.Popen([*map(str, c)], stdout=subprocess.PIPE, text=True) for c in commands]
    lines = [process.communicate()[0] for process in running]
    assert all(process.returncode == 0 for process in running), "a process failed"
    return max(json.loads(line)["median_ms"] for output in lines for line in output.splitlines())


def measure(options, name):
    ours = [PROGRAM, name, options.batch, options.side, options.steps, 1, "float32"]
    own = [__file__, "--batch", options.batch, "--side", options.side, "--steps", options.steps]
    port = free_port()
    peers = lambda ranks: [[sys.executable, *own, "--peer", name, r, ranks, port] for r in range(ranks)]  # noqa: E731
    return {
        "one": slowest([ours]),
        "two processes": slowest([ours, ours]),
        "gang": slowest([[*shlex.split(options.mpirun), "-n", "2", *ours]]),
        "peer, two processes": slowest(peers(1) + peers(1)),
        "peer, gloo": slowest(peers(2)),
    }


def compare(options, name):
    rounds = [measure(options, name) for _ in range(options.rounds)]
    for what in rounds[0]:
        print(f"  {what}: {statistics.median(r[what] for r in rounds):.0f} ms a step")
    for text, over, under in [
        ("a gang reaches of two processes", "two processes", "gang"),
        ("a gang reaches of twice one process", "one", "gang"),
        ("gloo reaches of the peer's two processes", "peer, two processes", "peer, gloo"),
        ("a gang's speed over gloo's", "peer, gloo", "gang"),
    ]:
        ratios = [r[over] / r[under] for r in rounds]
        print(f"{name}: {text}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default="resnet18")
    for name, default in {"batch": 8, "side": 224, "rounds": 3, "steps": 6}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--mpirun", default="mpirun --allow-run-as-root --bind-to none --oversubscribe")
    parser.add_argument("--peer", nargs=4, metavar=("NETWORK", "RANK", "RANKS", "PORT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        name, rank, ranks, port = options.peer
        return peer_rank(options, name, int(rank), int(ranks), int(port))
    print(f"{platform.processor() or platform.machine()}, one thread a process, batch {options.batch} each, "
          f"{options.side} px, float32")  # fmt: skip
    for name in options.networks.split(","):
        compare(options, name)


if __name__ == "__main__":
    main()
