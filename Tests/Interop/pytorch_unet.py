"""The published network in PyTorch."""
import torch
from torch import nn


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

    def __init__(self, inputs, channels, convolutions, normalisation, doubles=False):
        super().__init__()
        # Without padding the result has one row and column more than Keras's "same", the last ones.
        self.up = nn.ConvTranspose2d(inputs, channels, 3, stride=2) if doubles else None
        first = 2 * channels if doubles else inputs
        self.conv = nn.ModuleList(nn.Conv2d(channels if j else first, channels, 3, padding=1) for j in range(convolutions))
        self.bn = nn.ModuleList(normalisation(channels) for _ in range(convolutions))

    def forward(self, x, skip=None):
        if self.up is not None:
            x = torch.cat([self.up(x)[:, :, :-1, :-1], skip], 1)
        for convolution, normalisation in zip(self.conv, self.bn):
            x = normalisation(convolution(x)).relu()
        return x


class UNet(nn.Module):
    """A module whose state has the names and shapes of Unmix's weight files: `load_state_dict` takes one as it is.

    Takes [N, size, size], gives the same for each head. `normalisation` makes the layer for a number of channels; with one of PyTorch's own
    the network can be trained, and its names are PyTorch's.
    """

    def __init__(self, base=64, blocks=3, convolutions=3, heads=("mnist", "fashion"), normalisation=Normalisation):
        super().__init__()
        channels = [base << i for i in range(blocks)]
        self.encoder = nn.ModuleList(Stage(i, o, convolutions, normalisation) for i, o in zip([1, *channels], channels))
        self.decoder = nn.ModuleList(Stage(2 * c, c, convolutions, normalisation, doubles=True) for c in reversed(channels[:-1]))
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
