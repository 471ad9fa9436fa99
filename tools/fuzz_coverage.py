#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""fuzz_coverage.py BUILD [CORPUS]: how much of src/proto the fuzz targets reach, file by file: from
the committed seeds alone, and with what a fuzzer has found since (CORPUS/fuzz_NAME, as make fuzz
leaves it). BUILD is instrumented: -fprofile-instr-generate -fcoverage-mapping. Fails where the seeds
alone reach less than GOAL."""
import json
import os
import subprocess
import sys

LLVM = "-14"
FUZZ = "test/fuzz"
GOAL = 90  # % of the regions, and of the branches, of all of src/proto


def profile(build, folders, name):
    """Runs each target over its folders, {target: [folder, ...]}; returns the merged profile."""
    raw = []
    for target, inputs in folders.items():
        for i, folder in enumerate(inputs):
            raw.append(os.path.join(build, f"{name}.{target}.{i}.profraw"))
            subprocess.run([os.path.join(build, FUZZ, f"replay_{target}"), folder], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           env={**os.environ, "LLVM_PROFILE_FILE": raw[-1]})
    merged = os.path.join(build, f"{name}.profdata")
    subprocess.run([f"llvm-profdata{LLVM}", "merge", "-sparse", "-o", merged, *raw], check=True)
    for file in raw:
        os.unlink(file)
    return merged


def covered(build, targets, merged):
    """{file: {"regions": (covered, count), "branches": ...}} of src/proto."""
    programs = [os.path.join(build, FUZZ, f"replay_{target}") for target in targets]
    objects = [word for program in programs[1:] for word in ("-object", program)]
    done = subprocess.run([f"llvm-cov{LLVM}", "export", "-summary-only", programs[0], *objects,
                           f"-instr-profile={merged}"], check=True, capture_output=True, text=True)
    found = {}
    for file in json.loads(done.stdout)["data"][0]["files"]:
        name = os.path.relpath(os.path.normpath(os.path.join(build, file["filename"])))
        if name.startswith("src/proto/") and name.endswith(".c"):
            found[name] = {kind: (file["summary"][kind]["covered"], file["summary"][kind]["count"])
                           for kind in ("regions", "branches")}
    return found


def percent(pairs):
    have, all_of_it = (sum(column) for column in zip(*pairs))
    return 100 * have / all_of_it if all_of_it else None


def shown(value):
    return "     –" if value is None else f"{value:6.1f}"


def main():
    build = sys.argv[1]
    corpus = sys.argv[2] if len(sys.argv) > 2 else None
    targets = sorted(name.removeprefix("replay_") for name in os.listdir(os.path.join(build, FUZZ))
                     if name.startswith("replay_") and not name.endswith(".p"))
    runs = {"seeds": {target: [os.path.join(FUZZ, target)] for target in targets}}
    found = {t: os.path.join(corpus, f"fuzz_{t}") for t in targets} if corpus else {}
    found = {t: folder for t, folder in found.items() if os.path.isdir(folder) and os.listdir(folder)}
    if found:
        runs["and found"] = {t: [os.path.join(FUZZ, t)] + ([found[t]] if t in found else [])
                             for t in targets}
    results = {name: covered(build, targets, profile(build, run, name.replace(" ", "-")))
               for name, run in runs.items()}
    print(f"{'regions and branches reached, %':38}" + "".join(f"{name:>18}" for name in results))
    for file in [*results["seeds"], None]:
        line = f"{file or 'src/proto':38}"
        for result in results.values():
            chosen = [result[file]] if file else result.values()
            line += "    " + " ".join(shown(percent([c[kind] for c in chosen]))
                                      for kind in ("regions", "branches"))
        print(line)
    low = [kind for kind in ("regions", "branches")
           if percent([c[kind] for c in results["seeds"].values()]) < GOAL]
    if low:
        print(f"the seeds reach less than {GOAL} % of the {' and '.join(low)}")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
