#!/usr/bin/env python3
"""No-op jobs per second that are durably recorded, and the time between two jobs on a warm gang.

`camsweep run bench/noop.yaml` as a user would start it, with real gangs under mpirun; only the program that the ranks
become does nothing (noop_rank.cc). Before any figure, every job must be done by exactly one attempt, with its own seed
as its result, and `camsweep verify` must find the database and every result file sound. With --peer, runs alternate
with mpi4py.futures, which stores nothing. Examples:

  bench/durable_jobs.py --peer .venv/bin/python     # jobs per second, two gangs of one rank
  bench/durable_jobs.py --slots 1                   # the time between two jobs of one gang
  bench/durable_jobs.py --slots 2 --gang 2          # the same for a gang of two ranks
"""
import argparse
import collections
import contextlib
import datetime
import json
import os
import pathlib
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

BENCH = pathlib.Path(__file__).resolve().parent
JOBS = 5_000  # what noop.yaml expands to


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=BENCH.parent / "build/release")
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--gang", type=int, default=1, help="ranks per gang (1)")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer", help="a Python that has mpi4py")
    return parser.parse_args()


def copy_programs(build, folder):
    """camsweep starts the camsweep-worker beside itself: here that is the one that does nothing."""
    folder.mkdir(parents=True)
    for source, name in [("bin/camsweep", "camsweep"), ("bin/camsweep-rank", "camsweep-rank"),
                         ("bench/noop_rank", "camsweep-worker")]:
        shutil.copy(build / source, folder / name)
    return folder / "camsweep"


def run(command):
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if answer.returncode != 0:
        sys.exit(f"{command} ended with {answer.returncode}:\n{answer.stdout}")
    return answer.stdout


def check(camsweep, runs, database):
    done, seeds = database.execute("SELECT count(*), count(DISTINCT seed) FROM jobs WHERE state = 'done'").fetchone()
    attempts = database.execute("SELECT count(*) FROM attempts").fetchone()[0]
    right = database.execute("SELECT count(*) FROM jobs JOIN metrics ON metrics.job = jobs.id"
                             " WHERE metrics.name = 'noop.seed' AND metrics.value = jobs.seed").fetchone()[0]
    if (done, seeds, attempts, right) != (JOBS,) * 4:
        sys.exit(f"wrong: {done} done, {seeds} seeds, {attempts} attempts, {right} right results of {JOBS} each")
    run([camsweep, "--runs", runs, "verify", "noop"])


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def read_times(database):
    """Jobs per second from when every gang had work to the last result, and milliseconds between results of a gang."""
    starts, ends = {}, collections.defaultdict(list)
    for gang, started, ended in database.execute("SELECT gang, started_at, ended_at FROM attempts ORDER BY ended_at"):
        starts[gang] = min(starts.get(gang, seconds(started)), seconds(started))
        ends[gang].append(seconds(ended))
    begin, last = max(starts.values()), max(times[-1] for times in ends.values())
    counted = sum(end > begin for times in ends.values() for end in times)
    gaps = sorted(1e3 * (b - a) for times in ends.values() for a, b in zip(times, times[1:]))
    return counted / (last - begin), gaps


def run_ours(camsweep, runs, arguments):
    command = [camsweep, "--runs", runs, "run", BENCH / "noop.yaml", f"gang={arguments.gang}",
               "--slots", str(arguments.slots), "--no-report"]
    start = time.perf_counter()
    run(command)
    wall_s = time.perf_counter() - start
    with contextlib.closing(sqlite3.connect(runs / "noop/results.db")) as database:
        check(camsweep, runs, database)
        rate, gaps = read_times(database)
    print(f"  ours: {rate:7.0f} jobs/s, whole command {wall_s:.1f} s; between results of a gang: mean "
          f"{statistics.mean(gaps):.2f} ms, 99th percentile {gaps[len(gaps) * 99 // 100]:.0f} ms, "
          f"longest {gaps[-1]:.0f} ms", flush=True)
    return rate


def run_peer(python):
    as_root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    output = run(["mpiexec", *as_root, "--oversubscribe", "--bind-to", "none", "-n", "3", python, "-m",
                  "mpi4py.futures", BENCH / "peer_futures.py", str(JOBS)])
    rates = json.loads(output.splitlines()[-1])
    listed = ", ".join(f"{name}: {rate:.0f}" for name, rate in rates.items())
    print(f"  mpi4py.futures: {listed} jobs/s", flush=True)
    return rates


def file_sets_per_second(folder):
    """What the file system allows: for every job three folders, two files that are renamed into place, and a log."""
    count = 2000
    start = time.perf_counter()
    for number in range(count):
        attempt = folder / str(number) / "attempts/1"
        attempt.mkdir(parents=True)
        (attempt / "rank0.log").touch()
        for name in ["job.json", "result.json"]:
            partial = folder / str(number) / (name + ".partial")
            partial.write_bytes(bytes(1000))
            partial.rename(folder / str(number) / name)
    return count / (time.perf_counter() - start)


def syncs_per_second(folder):
    """What the disk allows: 4 KiB appended and synced, over and over."""
    count = 200
    fd = os.open(folder / "synced", os.O_WRONLY | os.O_CREAT)
    start = time.perf_counter()
    for _ in range(count):
        os.write(fd, bytes(4096))
        os.fsync(fd)
    rate = count / (time.perf_counter() - start)
    os.close(fd)
    return rate


def main():
    arguments = parse_arguments()
    # On the disk of the build, since /tmp may be memory. Never removed here: ext4 may be slow to make files for a
    # minute and more after many were removed.
    (arguments.build / "bench/runs").mkdir(exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="noop-", dir=arguments.build.resolve() / "bench/runs"))
    camsweep = copy_programs(arguments.build, folder / "programs")
    print(f"{JOBS} jobs, {arguments.slots} slots, gangs of {arguments.gang}; the disk syncs "
          f"{syncs_per_second(folder):.0f} times/s and makes the files of {file_sets_per_second(folder):.0f} jobs/s",
          flush=True)
    ratios = collections.defaultdict(list)
    for repeat in range(arguments.repeats):
        ours = run_ours(camsweep, folder / f"repeat{repeat}", arguments)
        for name, theirs in (run_peer(arguments.peer) if arguments.peer else {}).items():
            ratios[name].append(ours / theirs)
    for name, values in ratios.items():
        print(f"ours durable / mpi4py.futures {name}: {statistics.median(values):.2g} "
              f"({min(values):.2g} to {max(values):.2g})")
    print(f"what was written lies in {folder}")


main()
