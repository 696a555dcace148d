"""Trains variants of a recipe on equal samples and seeds, and prints their last validation losses as a table.

    python3 Benchmarks/ablation.py --output DIR --common "OPTIONS" [--seeds 1,2] [--marks 4e-3,2.5e-3] "LABEL: OPTIONS"...

Standard library only. Every run is one process of one thread, as many at a time as there are cores, each bound to its own. A run that DIR
holds already is not taken again, so tables can be made longer; another command under its label is refused. Runs of one seed and batch see
the same training pairs. The fast recipe's runs of one seed see the same validation pairs, if they look at equally many, whatever the batch.
--marks adds the samples after which the validation loss, the sum of both heads, was first at or below each mark.
"""
import argparse
import concurrent.futures
import csv
import os
import queue
import re
import shlex
import subprocess
import sys


def folder_of(output, label, seed):
    return os.path.join(output, re.sub(r"[^A-Za-z0-9.]+", "-", label).strip("-") + f"-seed-{seed}")


class Failure(Exception):
    pass


def train(launcher, options, folder, core):
    """Trains into `folder` on `core` unless it holds the run; the rows of its metrics.csv."""
    done = os.path.join(folder, "done")
    if os.path.exists(done):
        with open(done) as file:
            if (before := file.read()) != shlex.join(options):
                raise Failure(f"{folder} holds another run: {before}\nnot: {shlex.join(options)}")
    else:
        command = ["taskset", "-c", str(core), launcher, "train", *options, "--output", folder]
        outcome = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if outcome.returncode != 0:
            raise Failure(f"{shlex.join(command)}: {outcome.returncode}\n{outcome.stderr[-2000:]}")
        with open(done, "w") as file:
            file.write(shlex.join(options))
    with open(os.path.join(folder, "metrics.csv"), newline="") as file:
        return list(csv.DictReader(file))


def samples_at(rows, mark, batch):
    """Samples after the first epoch whose validation loss is at or below `mark`; None where there is none."""
    for row in rows:
        if float(row["val_loss"]) <= mark:
            return int(row["step"]) * batch
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", required=True)
    parser.add_argument("--common", default="", help="options of every run")
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--marks", default="")
    parser.add_argument("--launcher", default=".build/release/launcher")
    parser.add_argument("variants", nargs="+", metavar="LABEL: OPTIONS")
    arguments = parser.parse_args()

    folders = [folder_of(arguments.output, variant.split(":", 1)[0], 0) for variant in arguments.variants]
    if len(set(folders)) < len(folders):
        parser.error("two labels have the same letters and digits: their runs would share a folder")
    cores = queue.SimpleQueue()
    usable = sorted(os.sched_getaffinity(0))
    for core in usable:
        cores.put(core)

    def run(variant, seed):
        label, options = (part.strip() for part in variant.split(":", 1))
        core = cores.get()
        try:
            options = shlex.split(arguments.common) + shlex.split(options) + ["--seed", str(seed), "--threads", "1"]
            return train(arguments.launcher, options, folder_of(arguments.output, label, seed), core)
        finally:
            cores.put(core)

    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    marks = [float(mark) for mark in arguments.marks.split(",") if mark]
    pool = concurrent.futures.ThreadPoolExecutor(len(usable))
    runs = {(v, s): pool.submit(run, v, s) for v in arguments.variants for s in seeds}
    print("| variant | " + " | ".join(f"seed {s}" for s in seeds) + " | mean |"
          + "".join(f" samples to {mark:g} |" for mark in marks))
    print("|---" * (2 + len(seeds) + len(marks)) + "|", flush=True)
    for variant in arguments.variants:
        try:
            rows = [runs[variant, seed].result() for seed in seeds]
        except Failure as failure:
            pool.shutdown(wait=False, cancel_futures=True)
            sys.exit(str(failure))
        losses = [float(r[-1]["val_loss"]) for r in rows]
        # The launcher takes the last one.
        batches = re.findall(r"--global-batch[ =](\d+)", arguments.common + " " + variant)
        batch = int(batches[-1]) if batches else 32
        cells = [variant.split(":", 1)[0], *(f"{loss:.6f}" for loss in losses), f"{sum(losses) / len(losses):.6f}"]
        for mark in marks:
            cells.append(", ".join(f"{n:,}" if (n := samples_at(r, mark, batch)) else "not" for r in rows))
        print("| " + " | ".join(cells) + " |", flush=True)


main()
