"""Writes tiny-step.safetensors: three training steps of a tiny network in float64, by PyTorch's autograd.

    python make_tiny_step.py tiny-step.safetensors        (packages: torch, numpy)

Independent of the program's own code: convolutions, gradients and pooling are torch's; only Keras's normalisation and
Adam, which torch does not have, are written out.
"""
import json
import struct
import sys
import numpy as np
import torch
import torch.nn.functional as F

BASE, BLOCKS, CONVOLUTIONS, BATCH, SEED, MARGIN = 8, 2, 2, 3, 20250215, 1e-5
HEADS = "mnist", "fashion"
torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(SEED)


def exact(array):
    """Values that float32 holds exactly, as float64."""
    return torch.tensor(np.asarray(array, np.float32).astype(np.float64))


def kernel(*shape):
    limit = (6 / ((shape[0] + shape[1]) * shape[2] * shape[3])) ** 0.5
    return exact(rng.uniform(-limit, limit, shape))


def small(channels, centre, spread):
    return exact(centre + rng.uniform(-spread, spread, channels))


def stage(weights, name, inputs, channels):
    for j in range(CONVOLUTIONS):
        weights[f"{name}.conv.{j}.weight"] = kernel(channels, inputs if j == 0 else channels, 3, 3)
        weights[f"{name}.conv.{j}.bias"] = small(channels, 0, 0.1)
        weights[f"{name}.bn.{j}.gamma"] = small(channels, 1, 0.3)
        weights[f"{name}.bn.{j}.beta"] = small(channels, 0.1, 0.3)
        weights[f"{name}.bn.{j}.moving_mean"] = small(channels, 0, 0.2)
        weights[f"{name}.bn.{j}.moving_variance"] = small(channels, 0.6, 0.3)


def make_weights():
    weights = {}
    for i in range(BLOCKS):
        stage(weights, f"encoder.{i}", 1 if i == 0 else BASE << (i - 1), BASE << i)
    for i in range(BLOCKS - 1):
        deep = BASE << (BLOCKS - 1 - i)
        weights[f"decoder.{i}.up.weight"] = kernel(deep, deep // 2, 3, 3)
        weights[f"decoder.{i}.up.bias"] = small(deep // 2, 0, 0.1)
        stage(weights, f"decoder.{i}", deep, deep // 2)
    for head in HEADS:
        weights[f"head.{head}.weight"] = kernel(1, BASE, 1, 1).abs()
        weights[f"head.{head}.bias"] = small(1, 0.05, 0.02)
    return weights


def clear_of_kinks(values, beta):
    """beta (one channel) moved as little as needed to keep every value + beta MARGIN away from 0."""
    obstacles = np.sort(-values[np.abs(values + beta) < 0.05])
    candidates = np.concatenate([[beta], obstacles - 1.1 * MARGIN, obstacles + 1.1 * MARGIN]).astype(np.float32)
    for candidate in sorted(candidates.astype(np.float64), key=lambda b: abs(b - beta)):
        if np.abs(values + candidate).min() > MARGIN:
            return candidate
    raise SystemExit("no beta without kinks")


def forward(weights, x, training, statistics=None, move=False):
    def normalised(name, j, x):
        w = weights
        z = F.conv2d(x, w[f"{name}.conv.{j}.weight"], w[f"{name}.conv.{j}.bias"], padding=1)
        mean, variance = w[f"{name}.bn.{j}.moving_mean"], w[f"{name}.bn.{j}.moving_variance"]
        if training:
            mean = z.mean((0, 2, 3))
            variance = (z - mean[:, None, None]).square().mean((0, 2, 3))
            if statistics is not None:
                statistics[f"{name}.bn.{j}"] = mean.detach(), variance.detach()
        xhat = (z - mean[:, None, None]) / (variance[:, None, None] + 1e-3).sqrt()
        y = xhat * w[f"{name}.bn.{j}.gamma"][:, None, None]
        beta = w[f"{name}.bn.{j}.beta"]
        if move:
            for c in range(len(beta)):
                beta[c] = clear_of_kinks(y[:, c].flatten().numpy(), beta[c].item())
        return F.relu(y + beta[:, None, None])

    def run(name, x):
        for j in range(CONVOLUTIONS):
            x = normalised(name, j, x)
        return x

    skips = []
    for i in range(BLOCKS):
        x = run(f"encoder.{i}", x)
        if i < BLOCKS - 1:
            skips.append(x)
            x = F.max_pool2d(x, 2)
    for i in range(BLOCKS - 1):
        # out[2i + k] += in[i] * w[k]; Keras's "same" drops the last row and column.
        up = F.conv_transpose2d(x, weights[f"decoder.{i}.up.weight"], weights[f"decoder.{i}.up.bias"], stride=2)
        x = run(f"decoder.{i}", torch.cat([up[..., :-1, :-1], skips.pop()], 1))
    return [F.relu(F.conv2d(x, weights[f"head.{h}.weight"], weights[f"head.{h}.bias"])) for h in HEADS]


def pictures():
    """Soft blobs and bars on black ground, intensities that bytes hold."""
    y, x = np.mgrid[0:32, 0:32]
    first, second = np.zeros((2, BATCH, 1, 32, 32))
    for n in range(BATCH):
        for _ in range(3):
            a, b, r = rng.uniform(8, 24, 2).tolist() + [rng.uniform(2, 6)]
            first[n, 0] += np.exp(-((x - a) ** 2 + (y - b) ** 2) / r ** 2)
        a, b, c, d = rng.uniform(4, 14), rng.uniform(18, 28), rng.uniform(4, 14), rng.uniform(18, 28)
        second[n, 0] = ((x > a) & (x < b) & (y > c) & (y < d)) * (0.5 + 0.5 * np.sin(x * 0.7 + y * 0.3 + n))
    targets = [exact(np.round(np.clip(t, 0, 1) * 255) / 255) for t in (first, second)]
    return exact(((targets[0] + targets[1]) / 2).numpy()), targets


weights, (x, targets) = make_weights(), pictures()
with torch.no_grad():
    forward(weights, x, True, move=True)
out = {"input": x} | {f"target.{h}": t for h, t in zip(HEADS, targets)}
out |= {f"param.{k}": v.clone() for k, v in weights.items()}
with torch.no_grad():
    out |= {f"eval.{h}": p for h, p in zip(HEADS, forward(weights, x, False))}

trained = [k for k in weights if "moving" not in k]
moments = {k: (torch.zeros_like(weights[k]), torch.zeros_like(weights[k])) for k in trained}
for step in (1, 2, 3):
    leaves = weights | {k: weights[k].clone().requires_grad_() for k in trained}
    statistics = {}
    predictions = forward(leaves, x, True, statistics)
    losses = [(p - t).square().mean() for p, t in zip(predictions, targets)]
    sum(losses).backward()
    for h, loss in zip(HEADS, losses):
        out[f"loss_{h}.step{step}"] = loss.detach().reshape(1)
    if step == 1:
        out |= {f"output.{h}": p.detach() for h, p in zip(HEADS, predictions)}
        out |= {f"grad.{k}": leaves[k].grad for k in trained}
        for name, (mean, variance) in statistics.items():
            out[f"batch.{name}.mean"], out[f"batch.{name}.variance"] = mean, variance
    for name, (mean, variance) in statistics.items():
        weights[f"{name}.moving_mean"] = 0.99 * weights[f"{name}.moving_mean"] + 0.01 * mean
        weights[f"{name}.moving_variance"] = 0.99 * weights[f"{name}.moving_variance"] + 0.01 * variance
    for k in trained:
        g, (m, v) = leaves[k].grad, moments[k]
        m += (g - m) * (1 - 0.9)
        v += (g * g - v) * (1 - 0.999)
        weights[k] = weights[k] - 1e-3 * (1 - 0.999 ** step) ** 0.5 / (1 - 0.9 ** step) * m / (v.sqrt() + 1e-7)
    if step != 2:
        out |= {f"after{step}.{k}": v.clone() for k, v in weights.items()}

kept = ("encoder.0.", "encoder.1.conv.0.", f"decoder.{BLOCKS - 2}.", "head.")
out = {k: v for k, v in out.items() if not k.startswith("after3.") or v.dim() < 4 or k[7:].startswith(kept)}
header, data = {"__metadata__": {"heads": ",".join(HEADS), "arithmetic": "float64", "seed": str(SEED)}}, b""
for k in sorted(out):
    block = out[k].numpy().astype("<f4").tobytes()
    header[k] = {"dtype": "F32", "shape": list(out[k].shape), "data_offsets": [len(data), len(data) + len(block)]}
    data += block
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
with open(sys.argv[1], "wb") as f:
    f.write(struct.pack("<Q", len(text)) + text + data)
print(len(text) + len(data) + 8, "bytes,", len(out), "tensors; losses", [out[k].item() for k in sorted(out) if "loss" in k])
print("smallest gradient rms", min((v.square().mean().sqrt().item(), k) for k, v in out.items() if k.startswith("grad") and "conv" not in k))
print("smallest parameter rms", min((v.square().mean().sqrt().item(), k) for k, v in out.items() if k.startswith("param")))
