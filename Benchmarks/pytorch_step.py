"""Training steps of the published network in PyTorch on CPUs, to be put beside Unmix's.

    python Benchmarks/pytorch_step.py --ranks 2 --threads 1 --precision bf16
    mpirun -n 2 launcher benchmark step --precision bf16 --compare "python Benchmarks/pytorch_step.py --ranks 2 --threads 1"

One process, or ranks of DistributedDataParallel over gloo. The notebook's recipe: Adam, the sum of both heads' mean squared errors, batch
normalisation by each rank's own pictures (PyTorch sums its statistics over the ranks on graphics cards alone). bf16 is autocast. Pictures are
random; making pairs of them counts, as in Unmix. Prints one JSON object. Needs the torch of Tests/Interop/requirements.txt.
"""
import argparse
import json
import pathlib
import resource
import socket
import statistics
import sys
import time
import warnings

import torch
import torch.distributed
import torch.multiprocessing
from torch import nn

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Interop"))
from pytorch_unet import UNet  # noqa: E402


def normalisation(channels):
    """As Keras's: epsilon 0.001, moving statistics that keep 0.99 of themselves."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def pairs(count, rank):
    """Endless batches of `count` pairs: mixed pictures [count, 32, 32] and both sources [2, count, 32, 32]."""
    generator = torch.Generator().manual_seed(rank)
    sources = torch.zeros(2, 1024, 32, 32)
    sources[:, :, 2:30, 2:30] = torch.rand(2, 1024, 28, 28, generator=generator)
    while True:
        chosen = torch.randint(1024, (2, count), generator=generator)
        truth = torch.stack([sources[head][chosen[head]] for head in range(2)])
        yield truth.mean(0), truth


def train(rank, options, port):
    """Takes the steps of one rank; the first one prints."""
    torch.set_num_threads(options.threads)
    if options.ranks > 1:
        torch.distributed.init_process_group(
            "gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=options.ranks)
    torch.manual_seed(0)
    network = UNet(base=options.base_channels, normalisation=normalisation).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, eps=1e-7, fused=True)
    trained = network
    if options.ranks > 1:
        warnings.simplefilter("ignore", FutureWarning)
        # Moving statistics are no part of a step: they need not be the same everywhere.
        trained = nn.parallel.DistributedDataParallel(network, broadcast_buffers=False, gradient_as_bucket_view=True)
    if options.compile:
        trained = torch.compile(trained)
    batches = pairs(options.global_batch // options.ranks, rank)
    seconds = []
    for _ in range(options.warm_up + options.steps):
        begin = time.perf_counter()
        mixed, truth = next(batches)
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bf16"):
            predicted = trained(mixed)
        loss = sum(nn.functional.mse_loss(head.float(), truth[i]) for i, head in enumerate(predicted.values()))
        loss.backward()
        optimizer.step()
        if not torch.isfinite(loss):
            raise SystemExit(f"the loss is {loss.item()}")
        seconds.append(time.perf_counter() - begin)
    if rank == 0:
        steps = seconds[options.warm_up:]
        print(json.dumps({
            "program": f"PyTorch {torch.__version__}" + (", compiled" if options.compile else ""),
            "ranks": options.ranks, "threads": options.threads, "precision": options.precision,
            "global_batch": options.global_batch, "steps": options.steps,
            "images_per_s_median": options.global_batch / statistics.median(steps),
            "images_per_s_max": options.global_batch / min(steps),
            "resident_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "loss": loss.item(),
        }), flush=True)
    if options.ranks > 1:
        torch.distributed.destroy_process_group()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="of each rank")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="bf16")
    parser.add_argument("--global-batch", type=int, default=32)
    parser.add_argument("--base-channels", type=int, default=64)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    if options.global_batch % options.ranks:
        parser.error(f"--global-batch: {options.global_batch} is no multiple of {options.ranks} ranks")
    # A port that is free now.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if options.ranks == 1:
        train(0, options, port)
    else:
        torch.multiprocessing.spawn(train, (options, port), options.ranks)


if __name__ == "__main__":
    main()
