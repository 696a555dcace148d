"""The network's predictions in float64, from the tensors of a weight file alone.

Written from docs/numerics.md with plain array operations, so that it shares nothing with any of the programs that are compared with it.
"""
import numpy as np

EPSILON = 1e-3  # of the batch normalisation, inside the root


def _count(tensors, begin):
    """How many numbers follow `begin` in the names."""
    return len({name[len(begin):].split(".")[0] for name in tensors if name.startswith(begin)})


def _convolve(x, weight, bias):
    """[N,C,H,W] with an OIHW kernel of odd size, "same" padding."""
    size = weight.shape[2]
    edge = size // 2
    rows, columns = x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (edge, edge), (edge, edge)))
    result = np.zeros((x.shape[0], weight.shape[0], rows, columns))
    for i in range(size):
        for j in range(size):
            result += np.tensordot(padded[:, :, i:i + rows, j:j + columns], weight[:, :, i, j], ([1], [1])).transpose(0, 3, 1, 2)
    return result + bias[:, None, None]


def _upsample(x, weight, bias):
    """Transposed convolution, IOHW kernel 3x3, stride 2: out[2i + k] += in[i] * w[k], without the last row and column."""
    count, _, rows, columns = x.shape
    result = np.zeros((count, weight.shape[1], 2 * rows + 1, 2 * columns + 1))
    for i in range(3):
        for j in range(3):
            term = np.tensordot(x, weight[:, :, i, j], ([1], [0])).transpose(0, 3, 1, 2)
            result[:, :, i:i + 2 * rows:2, j:j + 2 * columns:2] += term
    return result[:, :, :-1, :-1] + bias[:, None, None]


def _normalise(x, gamma, beta, mean, variance):
    """Batch normalisation on the moving statistics."""
    scale = gamma / np.sqrt(variance + EPSILON)
    return (x - mean[:, None, None]) * scale[:, None, None] + beta[:, None, None]


def forward(tensors, mixed):
    """Predictions for `mixed` [N,32,32], intensities 0 to 1: for each head's name an array [N,32,32] of float64.

    `tensors` maps the names of a weight file to arrays. Stages, channels and convolutions are what the names and shapes say.
    """
    weights = {name: np.asarray(tensor, dtype=np.float64) for name, tensor in tensors.items()}

    def stage(x, name):
        for j in range(_count(weights, f"{name}.conv.")):
            x = _convolve(x, weights[f"{name}.conv.{j}.weight"], weights[f"{name}.conv.{j}.bias"])
            x = _normalise(x, *(weights[f"{name}.bn.{j}.{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")))
            x = np.maximum(x, 0)
        return x

    x = np.asarray(mixed, dtype=np.float64)[:, None]
    skips = []
    stages = _count(weights, "encoder.")
    for i in range(stages):
        x = stage(x, f"encoder.{i}")
        if i + 1 < stages:
            skips.append(x)
            count, channels, rows, columns = x.shape
            x = x.reshape(count, channels, rows // 2, 2, columns // 2, 2).max((3, 5))
    for i in range(stages - 1):
        up = _upsample(x, weights[f"decoder.{i}.up.weight"], weights[f"decoder.{i}.up.bias"])
        x = stage(np.concatenate([up, skips.pop()], 1), f"decoder.{i}")
    heads = [name.split(".")[1] for name in weights if name.startswith("head.") and name.endswith(".weight")]
    return {
        head: np.maximum(_convolve(x, weights[f"head.{head}.weight"], weights[f"head.{head}.bias"]), 0)[:, 0] for head in heads
    }
