"""Unmix -> PyTorch: the published network, written in PyTorch, computes the same from Unmix's weight file."""
import numpy as np
import torch
from torch import nn

import interop
from float64_forward import forward


class Normalisation(nn.Module):
    """Batch normalisation for predictions, its four vectors under the names of a weight file."""

    def __init__(self, channels):
        super().__init__()
        for name in ("gamma", "beta", "moving_mean", "moving_variance"):
            self.register_buffer(name, torch.zeros(channels))

    def forward(self, x):
        return nn.functional.batch_norm(x, self.moving_mean, self.moving_variance, self.gamma, self.beta, eps=1e-3)


class Stage(nn.Module):
    """Units of convolution, normalisation and ReLU; a decoder's stage first doubles the sides and joins the encoder's output."""

    def __init__(self, inputs, channels, convolutions, doubles=False):
        super().__init__()
        # Without padding the result has one row and column more than Keras's "same", the last ones.
        self.up = nn.ConvTranspose2d(inputs, channels, 3, stride=2) if doubles else None
        first = 2 * channels if doubles else inputs
        self.conv = nn.ModuleList(nn.Conv2d(channels if j else first, channels, 3, padding=1) for j in range(convolutions))
        self.bn = nn.ModuleList(Normalisation(channels) for _ in range(convolutions))

    def forward(self, x, skip=None):
        if self.up is not None:
            x = torch.cat([self.up(x)[:, :, :-1, :-1], skip], 1)
        for convolution, normalisation in zip(self.conv, self.bn):
            x = normalisation(convolution(x)).relu()
        return x


class UNet(nn.Module):
    """A module whose state has the names and shapes of Unmix's weight files: `load_state_dict` takes one as it is."""

    def __init__(self, base=64, blocks=3, convolutions=3, heads=("mnist", "fashion")):
        super().__init__()
        channels = [base << i for i in range(blocks)]
        self.encoder = nn.ModuleList(Stage(i, o, convolutions) for i, o in zip([1, *channels], channels))
        self.decoder = nn.ModuleList(Stage(2 * c, c, convolutions, doubles=True) for c in reversed(channels[:-1]))
        self.head = nn.ModuleDict({name: nn.Conv2d(base, 1, 1) for name in heads})

    def forward(self, mixed):
        x, skips = mixed[:, None], []
        for stage in self.encoder[:-1]:
            skips.append(stage(x))
            x = nn.functional.max_pool2d(skips[-1], 2)
        x = self.encoder[-1](x)
        for stage in self.decoder:
            x = stage(x, skips.pop())
        return {name: head(x).relu()[:, 0] for name, head in self.head.items()}


def compare(title, count, **shape):
    heads = shape.get("heads", ("mnist", "fashion"))
    with interop.folder() as work:
        path = f"{work}/weights.safetensors"
        interop.save_network(path, interop.network(**shape), heads)
        tensors, _ = interop.load_network(path)
        mixed = interop.pictures(count)
        model = UNet(**shape).eval()
        model.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()})
        with torch.inference_mode():
            found = {head: values.numpy() for head, values in model(torch.from_numpy(mixed)).items()}
        exact = forward(tensors, mixed)
        unmix = interop.separate(path, mixed, work)
    interop.compare(f"{title}: PyTorch and float64", found, exact, interop.TO_FLOAT64)
    interop.compare(f"{title}: Unmix and float64", unmix, exact, interop.TO_FLOAT64)
    interop.compare(f"{title}: Unmix and PyTorch", unmix, found, interop.TO_OTHER)


compare("published network", 8)
compare("4 stages of 2 convolutions, 5 channels", 5, base=5, blocks=4, convolutions=2, heads=("letters", "animals"))
print(f"      PyTorch {torch.__version__}, NumPy {np.__version__}")
