#!/usr/bin/env python3
"""Wall time, CPU time and memory of a command over many starts, beside a peer in the same run.

The command is run once first and what it answers is checked; only then is it timed, alternating with the peer, with
its output thrown away. Example:

  bench/time_command.py --times 50 --prints 'Usage' --peer /bin/true build/release/bin/camsweep --help
"""
import argparse
import os
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import time


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=30, help="starts that are timed (30)")
    parser.add_argument("--exit", type=int, default=0, help="the exit code that is right (0)")
    parser.add_argument("--prints", default="", help="a regular expression that its output must match somewhere")
    parser.add_argument("--peer", help="a command to compare with")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="what to time, with its arguments")
    arguments = parser.parse_args()
    if not arguments.command:
        parser.error("no command to time")
    return arguments


def check(arguments):
    answer = subprocess.run(arguments.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if answer.returncode != arguments.exit:
        sys.exit(f"wrong: exit code {answer.returncode} instead of {arguments.exit}:\n{answer.stdout}")
    if not re.search(arguments.prints, answer.stdout):
        sys.exit(f"wrong: nothing in the output matches '{arguments.prints}':\n{answer.stdout}")


def run_once(command, exit_code):
    """Seconds of wall time, seconds of CPU time, peak memory in MB."""
    program = shutil.which(command[0])
    if program is None:
        sys.exit(f"{command[0]}: not found")
    quiet = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_WRONLY, 0) for fd in (1, 2)]
    start = time.perf_counter()
    pid = os.posix_spawn(program, command, os.environ, file_actions=quiet)
    _, status, usage = os.wait4(pid, 0)
    wall_s = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != exit_code:
        sys.exit(f"wrong: {shlex.join(command)} ended with {os.waitstatus_to_exitcode(status)} while it was timed")
    # The kernel counts the memory of the process before it became the command: nothing below this script's own, about
    # 11 MB, can be seen.
    return wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def spread(values, scale):
    ordered = [scale * value for value in sorted(values)]
    return f"{ordered[0]:8.2f} {statistics.median(ordered):8.2f} {ordered[-1]:8.2f}"


def report(name, runs):
    print(f"{name}\n{'':16}{'min':>8} {'median':>8} {'max':>8}")
    for column, (what, scale) in enumerate([("wall, ms", 1e3), ("CPU, ms", 1e3), ("memory, MB", 1)]):
        print(f"  {what:<14}{spread([run[column] for run in runs], scale)}")


def main():
    arguments = parse_arguments()
    check(arguments)
    peer = shlex.split(arguments.peer) if arguments.peer else None
    ours, theirs = [], []
    for _ in range(arguments.times):
        ours.append(run_once(arguments.command, arguments.exit))
        if peer:
            theirs.append(run_once(peer, 0))
    report(shlex.join(arguments.command), ours)
    if peer:
        report(shlex.join(peer), theirs)
        for column, what in enumerate(["wall", "CPU"]):
            # Pair by pair, since the machine's speed drifts.
            ratios = [a[column] / max(b[column], 1e-6) for a, b in zip(ours, theirs)]
            print(f"{what}, median of the ratios of pairs: {statistics.median(ratios):.2f}")


main()
