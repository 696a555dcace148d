"""Keras -> Unmix -> Keras: weights that Keras saved give the same predictions here, and those that go back are the same to the last bit."""
import numpy as np
import keras
from keras import layers

import interop
from float64_forward import forward


def unet(base=64, blocks=3, convolutions=3, outputs=("mnist_out", "fashion_mnist_out")):
    """A model as the published notebook builds it, of any size."""

    def stage(x, channels):
        for _ in range(convolutions):
            x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(channels, 3, padding="same")(x)))
        return x

    mixed = layers.Input((32, 32, 1))
    x, skips = mixed, []
    for i in range(blocks - 1):
        skips.append(stage(x, base << i))
        x = layers.MaxPooling2D(2, padding="same")(skips[-1])
    x = stage(x, base << (blocks - 1))
    for i in reversed(range(blocks - 1)):
        up = layers.Conv2DTranspose(base << i, 3, strides=2, padding="same")(x)
        x = stage(layers.Concatenate()([up, skips.pop()]), base << i)
    return keras.Model(mixed, [layers.Conv2D(1, 1, activation="relu", name=name)(x) for name in outputs])


def randomise(model, seed):
    """Every weight at random, so that no two can be exchanged unseen; heads mostly positive, so that their ReLU leaves something."""
    numbers = np.random.default_rng(seed)
    for layer in model.layers:
        shapes = [weight.shape for weight in layer.get_weights()]
        if isinstance(layer, layers.BatchNormalization):
            ranges = [(0.8, 1.2), (-0.1, 0.3), (-0.1, 0.1), (0.3, 1.0)]
            layer.set_weights([numbers.uniform(*of, shape) for of, shape in zip(ranges, shapes)])
        elif shapes:
            kernel = shapes[0]
            limit = (6 / (kernel[0] * kernel[1] * (kernel[2] + kernel[3]))) ** 0.5
            span = (-1 / kernel[2], 2 / kernel[2]) if kernel[:2] == (1, 1) else (-limit, limit)
            layer.set_weights([numbers.uniform(*span, kernel) * (2 if kernel[:2] == (1, 1) else 1), numbers.uniform(0, 0.1, shapes[1])])


def predict(model, mixed, heads):
    values = model.predict(mixed[..., None], verbose=0)
    return {head: np.asarray(value)[..., 0] for head, value in zip(heads, values)}


def compare(title, count, heads, **shape):
    with interop.folder() as work:
        mixed = interop.pictures(count)
        model = unet(**shape)
        randomise(model, 11)
        keras_says = predict(model, mixed, heads)

        # Keras -> Unmix, from both kinds of files that Keras saves.
        model.save_weights(f"{work}/keras.weights.h5")
        model.save(f"{work}/keras.keras")
        interop.launcher("import", "--keras", f"{work}/keras.weights.h5", "--output", f"{work}/unmix.safetensors")
        interop.launcher("import", "--keras", f"{work}/keras.keras", "--output", f"{work}/archive.safetensors")
        tensors, metadata = interop.load_network(f"{work}/unmix.safetensors")
        interop.compare_tensors(f"{title}: .keras archive and .weights.h5", interop.load_network(f"{work}/archive.safetensors")[0], tensors)
        if metadata["heads"] != ",".join(heads):
            raise SystemExit(f"wrong: heads {metadata['heads']} instead of {heads}")
        unmix_says = interop.separate(f"{work}/unmix.safetensors", mixed, work)
        exact = forward(tensors, mixed)

        # Unmix -> Keras, into a model of other weights.
        interop.launcher(
            "export", "--weights", f"{work}/unmix.safetensors", "--format", "keras", "--output", f"{work}/back.weights.h5")
        back = unet(**shape)
        randomise(back, 12)
        back.load_weights(f"{work}/back.weights.h5")
        back_says = predict(back, mixed, heads)
        interop.compare_tensors(
            f"{title}: Keras's weights after the way through Unmix",
            {str(i): weight for i, weight in enumerate(back.get_weights())},
            {str(i): weight for i, weight in enumerate(model.get_weights())})
    interop.compare(f"{title}: Keras and float64", keras_says, exact, interop.TO_FLOAT64)
    interop.compare(f"{title}: Unmix and float64", unmix_says, exact, interop.TO_FLOAT64)
    interop.compare(f"{title}: Keras, back from Unmix, and float64", back_says, exact, interop.TO_FLOAT64)
    interop.compare(f"{title}: Unmix and Keras", unmix_says, keras_says, interop.TO_OTHER)
    interop.compare(f"{title}: Keras before and after", back_says, keras_says, interop.TO_OTHER)


# The first model of a program has layers without numbers behind their names; later ones go on counting, which files do not.
compare("published network", 8, ("mnist", "fashion"))
compare(
    "4 stages of 2 convolutions, 5 channels", 5, ("letters", "animals"), base=5, blocks=4, convolutions=2,
    outputs=("letters_out", "animals_out"))
print(f"      Keras {keras.__version__} with {keras.backend.backend()}, NumPy {np.__version__}")
