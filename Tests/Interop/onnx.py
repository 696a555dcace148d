"""Unmix -> ONNX: onnx's checker accepts the model, and onnxruntime computes the same with it."""
import sys

import numpy as np
import onnx
import onnxruntime

import interop
from float64_forward import forward


def compare(title, count, heads=("mnist", "fashion"), **shape):
    with interop.folder() as work:
        weights, path = f"{work}/weights.safetensors", f"{work}/model.onnx"
        interop.save_network(weights, interop.network(heads=heads, **shape), heads)
        interop.launcher("export", "--weights", weights, "--format", "onnx", "--output", path)
        onnx.checker.check_model(path, full_check=True)
        model = onnx.load(path)
        version = model.opset_import[0].version
        if version < 17:
            sys.exit(f"wrong: operator set {version}")
        tensors, _ = interop.load_network(weights)
        carried = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
        interop.compare_tensors(f"{title}: tensors in the model", carried, tensors)
        mixed = interop.pictures(count)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        if tuple(names) != heads or [value.name for value in session.get_inputs()] != ["mixed"]:
            sys.exit(f"wrong: outputs {names}")
        found = {head: values[:, 0] for head, values in zip(names, session.run(None, {"mixed": mixed[:, None]}))}
        exact = forward(tensors, mixed)
        unmix = interop.separate(weights, mixed, work)
    interop.compare(f"{title}: onnxruntime and float64", found, exact, interop.TO_FLOAT64)
    interop.compare(f"{title}: Unmix and float64", unmix, exact, interop.TO_FLOAT64)
    interop.compare(f"{title}: Unmix and onnxruntime", unmix, found, interop.TO_OTHER)


compare("published network", 8)
compare("4 stages of 2 convolutions, 5 channels", 5, base=5, blocks=4, convolutions=2, heads=("letters", "animals"))
print(f"      onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}, NumPy {np.__version__}")
