"""Runs every test binary of a build folder and counts the cases; a binary that dies counts as a failure."""
import json
import pathlib
import subprocess
import sys
import tempfile
import time


def run_binary(binary, report):
    """Returns (passed, failed, skipped) of one GoogleTest binary."""
    start = time.monotonic()
    process = subprocess.run([binary, "--gtest_brief=1", f"--gtest_output=json:{report}"])
    passed = failed = skipped = 0
    if report.exists():
        for suite in json.loads(report.read_text())["testsuites"]:
            for case in suite["testsuite"]:
                if case.get("result") == "SKIPPED":
                    skipped += 1
                    print(f"SKIPPED {suite['name']}.{case['name']}", flush=True)
                elif "failures" in case:
                    failed += 1
                    print(f"FAILED {suite['name']}.{case['name']}", flush=True)
                else:
                    passed += 1
    if process.returncode != 0 and failed == 0:
        print(f"FAILED {binary.name} ended with {process.returncode}", flush=True)
        failed += 1
    print(f"{binary.name}: {passed} passed in {time.monotonic() - start:.0f} s", flush=True)
    return passed, failed, skipped


def run_script(name, command):
    ok = subprocess.run(command).returncode == 0
    print(f"{name}: {'passed' if ok else 'FAILED'}", flush=True)
    return (1, 0, 0) if ok else (0, 1, 0)


def main():
    build = pathlib.Path(sys.argv[1])
    root = pathlib.Path(__file__).resolve().parent.parent
    binaries = sorted((build / "tests").glob("*_tests"))
    if not binaries:
        sys.exit(f"no tests below {build}")
    with tempfile.TemporaryDirectory() as folder:
        counts = [run_binary(binary, pathlib.Path(folder) / f"{binary.name}.json") for binary in binaries]
    counts.append(run_script("layering", ["cmake", f"-DROOT={root}", "-P", str(root / "tests/layering.cmake")]))
    passed, failed, skipped = (sum(column) for column in zip(*counts))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


main()
