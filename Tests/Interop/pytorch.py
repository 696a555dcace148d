"""Unmix -> PyTorch: the published network, written in PyTorch, computes the same from Unmix's weight file."""
import numpy as np
import torch

import interop
from float64_forward import forward
from pytorch_unet import UNet


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
