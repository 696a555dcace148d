"""What the checks share: weights and pictures to compare on, the launcher, and the comparison itself."""
import os
import subprocess
import sys
import tempfile

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

LAUNCHER = os.environ["LAUNCHER"]
# Bounds on the greatest difference of two predictions, whose range is about 0 to 1.
TO_FLOAT64, TO_OTHER = 1e-5, 2e-5


def check(name, differs, limit):
    """Prints the greatest difference `differs` under `name`; ends the program where it is more than `limit`, or not a number."""
    if not differs <= limit:
        sys.exit(f"wrong {name}: greatest difference {differs:.1e}, more than {limit:.0e}")
    print(f"ok    {name}: greatest difference {differs:.1e}" + (f", limit {limit:.0e}" if limit else ""), flush=True)


def compare(name, found, expected, limit):
    """Checks predictions, arrays by head, against those of another program; an expected range that is no picture's is refused."""
    if found.keys() != expected.keys():
        sys.exit(f"wrong {name}: heads {sorted(found)} instead of {sorted(expected)}")
    for head, values in expected.items():
        if found[head].shape != values.shape:
            sys.exit(f"wrong {name}: {head} has the shape {found[head].shape} instead of {values.shape}")
        if not values.max() - values.min() > 0.1:
            sys.exit(f"wrong {name}: {head} is the same everywhere, which compares nothing")
    differences = [np.abs(np.asarray(found[head], np.float64) - np.asarray(expected[head], np.float64)).max() for head in expected]
    check(name, max(differences), limit)


def compare_tensors(name, found, expected):
    """Checks that two sets of tensors have the same names, shapes and bits."""
    if found.keys() != expected.keys():
        sys.exit(f"wrong {name}: not the same names: {sorted(found.keys() ^ expected.keys())[:4]}")
    for tensor, values in expected.items():
        other = found[tensor]
        if other.dtype != values.dtype or other.shape != values.shape or other.tobytes() != values.tobytes():
            sys.exit(f"wrong {name}: {tensor} is not the same")
    print(f"ok    {name}: {len(expected)} tensors, the same bits", flush=True)


def folder():
    """A temporary folder that goes with the program."""
    return tempfile.TemporaryDirectory(prefix="unmix-interop-")


def launcher(*arguments):
    """Runs the launcher; ends this program with its message where it fails. Its standard output."""
    done = subprocess.run([LAUNCHER, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"launcher {' '.join(map(str, arguments))}: exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def pictures(count, seed=1):
    """`count` mixed pictures [count,32,32] of float32: smooth blobs and noise, from 0 to 1."""
    numbers = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:32, 0:32]
    result = np.empty((count, 32, 32), np.float32)
    for i in range(count):
        y, x, width = numbers.uniform(8, 24), numbers.uniform(8, 24), numbers.uniform(3, 8)
        blob = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * width**2))
        result[i] = 0.7 * blob + 0.3 * numbers.random((32, 32)) * (blob > 0.2)
    return result


def network(base=64, blocks=3, convolutions=3, heads=("mnist", "fashion"), seed=7):
    """Tensors of a weight file with every value drawn at random, so that no two of one shape can be exchanged unseen."""
    numbers = np.random.default_rng(seed)
    tensors = {}

    def kernel(name, shape):
        limit = (6 / ((shape[0] + shape[1]) * shape[2] * shape[3])) ** 0.5
        tensors[f"{name}.weight"] = numbers.uniform(-limit, limit, shape)

    def stage(name, inputs, channels):
        for j in range(convolutions):
            kernel(f"{name}.conv.{j}", (channels, channels if j else inputs, 3, 3))
            tensors[f"{name}.conv.{j}.bias"] = numbers.uniform(-0.1, 0.1, channels)
            tensors[f"{name}.bn.{j}.gamma"] = numbers.uniform(0.8, 1.2, channels)
            tensors[f"{name}.bn.{j}.beta"] = numbers.uniform(-0.1, 0.3, channels)
            tensors[f"{name}.bn.{j}.moving_mean"] = numbers.uniform(-0.1, 0.1, channels)
            tensors[f"{name}.bn.{j}.moving_variance"] = numbers.uniform(0.3, 1.0, channels)

    for i in range(blocks):
        stage(f"encoder.{i}", base << (i - 1) if i else 1, base << i)
    for i in range(blocks - 1):
        channels = base << (blocks - 2 - i)
        kernel(f"decoder.{i}.up", (2 * channels, channels, 3, 3))
        tensors[f"decoder.{i}.up.bias"] = numbers.uniform(-0.1, 0.1, channels)
        stage(f"decoder.{i}", 2 * channels, channels)
    for head in heads:
        # Mostly positive, so that the ReLU leaves something to compare.
        tensors[f"head.{head}.weight"] = numbers.uniform(-1, 2, (1, base, 1, 1)) * (2 / base)
        tensors[f"head.{head}.bias"] = numbers.uniform(0, 0.1, 1)
    return {name: tensor.astype(np.float32) for name, tensor in tensors.items()}


def save_network(path, tensors, heads=("mnist", "fashion")):
    """Writes a weight file; `heads` in their order."""
    save_file(tensors, path, metadata={"heads": ",".join(heads)})


def load_network(path):
    """The tensors of a weight file, and its metadata."""
    with safe_open(path, "np") as file:
        metadata = file.metadata()
    return load_file(path), metadata


def separate(weights, mixed, work):
    """Unmix's own predictions by the weight file `weights`, in f32: arrays by head. `work` is a folder for files."""
    batch = os.path.join(work, "batch.safetensors")
    save_file({"mixed": np.ascontiguousarray(mixed, np.float32)}, batch)
    launcher("separate", "--weights", weights, "--precision", "f32", "--output", work, batch)
    found = load_file(os.path.join(work, "predictions.safetensors"))
    return {name: found[name] for name in found if name != "mixed"}
