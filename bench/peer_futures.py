"""What mpi4py.futures makes of the same no-op jobs, in memory. Started by durable_jobs.py:

  mpiexec -n 3 python -m mpi4py.futures peer_futures.py JOBS
"""
import json
import sys
import time

from mpi4py.futures import MPIPoolExecutor


def noop(seed):
    return seed


def by_submit(executor, jobs):
    return [future.result() for future in [executor.submit(noop, seed) for seed in range(jobs)]]


def by_map(**options):
    return lambda executor, jobs: list(executor.map(noop, range(jobs), **options))


SETTINGS = {
    "submit": by_submit,
    "map, chunksize 1": by_map(chunksize=1),
    "map, chunksize 1, unordered": by_map(chunksize=1, unordered=True),
    "map, chunksize 100": by_map(chunksize=100),
}


def main():
    jobs = int(sys.argv[1])
    rates = {}
    with MPIPoolExecutor(max_workers=2) as executor:
        executor.bootup(wait=True)
        for name, work in SETTINGS.items():
            work(executor, 200)
            start = time.perf_counter()
            seeds = work(executor, jobs)
            rates[name] = jobs / (time.perf_counter() - start)
            if sorted(seeds) != list(range(jobs)):
                sys.exit(f"wrong: {name} lost or repeated jobs")
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
