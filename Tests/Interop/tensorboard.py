"""Unmix -> TensorBoard: its own reader finds in a run's event files what metrics.jsonl has, after a resume too, and the pictures."""
import io
import json
import logging
import sys

import numpy as np
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import interop


class Complaints(logging.Handler):
    """Keeps what the reader complains about, other than that a run was resumed."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        # What a resume is to make it do.
        if "Purging expired events" not in record.getMessage():
            self.lines.append(record.getMessage())


def expected(path):
    """The values of the run that metrics.jsonl at `path` tells of: tag -> [(step, value)]."""
    values = {}

    def add(tag, step, value):
        values.setdefault(tag, []).append((step, value))

    def add_losses(group, step, losses):
        add(f"{group}/loss", step, losses["first"] + losses["second"])
        for head, key in (("mnist", "first"), ("fashion", "second")):
            add(f"{group}/loss_{head}", step, losses[key])

    for line in open(path):
        event = json.loads(line)
        step = event["step"]
        if event["event"] == "steps":
            add_losses("train", step, event["losses"])
            add("train/learning_rate", step, event["learningRate"])
            add("train/gradient_norm", step, event["gradientNorm"])
            add("train/images_per_s", step, event["imagesPerSecond"])
            for phase in ("data", "compute", "communication"):
                add(f"step_seconds/{phase}", step, sum(rank[phase] for rank in event["ranks"]) / len(event["ranks"]))
        elif event["event"] == "epoch":
            add_losses("validation", step, event["validation"])
            add_losses("epoch", step, event["losses"])
            add("epoch/images_per_s", step, event["imagesPerSecond"])
        elif event["event"] == "evaluation":
            result = event["result"]
            add("evaluation/mse", step, result["mse_mean"])
            add("evaluation/mse_projected", step, result["projected"]["mse_mean"])
            add("evaluation/psnr_db", step, result["psnr_db"])
            for head, error in result["mse_by_source"].items():
                add(f"evaluation/mse_{head}", step, error)
    return values


def train(folder, *options):
    interop.launcher(
        "train", "--data", "synthetic", "--base-channels", 4, "--global-batch", 8, "--epochs", 3, "--steps-per-epoch", 20,
        "--validation-steps", 2, "--log-every", 7, "--rounds", 2, "--pairs", 20, "--output", folder, *options)


with interop.folder() as work:
    run = f"{work}/run"
    train(run)
    # Again from the second epoch's end: the third epoch's values stand in two files, and the later ones count.
    train(run, "--resume", f"{run}/checkpoints/step-0000000040.safetensors")
    complaints = Complaints()
    logging.getLogger("tensorboard").addHandler(complaints)
    events = EventAccumulator(f"{run}/tensorboard", size_guidance={"scalars": 0, "images": 0})
    events.Reload()
    if complaints.lines:
        sys.exit(f"wrong: TensorBoard says: {complaints.lines[0]}")
    if events.file_version != 2:
        sys.exit(f"wrong: version {events.file_version} of the events")
    values = expected(f"{run}/metrics.jsonl")
    if set(events.Tags()["scalars"]) != set(values):
        sys.exit(f"wrong: scalars {set(events.Tags()['scalars']) ^ set(values)}")
    count = 0
    for tag, points in values.items():
        found = [(event.step, event.value) for event in events.Scalars(tag)]
        rounded = [(step, float(np.float32(value))) for step, value in points]
        if found != rounded or not points:
            sys.exit(f"wrong: {tag}: {found} instead of {rounded}")
        count += len(points)
    print(f"ok    TensorBoard reads {count} values under {len(values)} tags as metrics.jsonl has them", flush=True)

    pictures = {}
    for tag in events.Tags()["images"]:
        for event in events.Images(tag):
            picture = np.asarray(Image.open(io.BytesIO(event.encoded_image_string)), np.float64) / 255
            if picture.shape != (event.height, event.width):
                sys.exit(f"wrong: {tag}: {picture.shape} instead of {(event.height, event.width)}")
            pictures.setdefault(tag.removeprefix("pictures/"), {})[event.step] = picture
    heads = ("mnist", "fashion")
    names = {"mixed"} | {f"{kind}_{head}" for kind in ("true", "predicted", "error") for head in heads}
    if set(pictures) != names:
        sys.exit(f"wrong: pictures {sorted(set(pictures) ^ names)}")
    for head in heads:
        if sorted(pictures[f"predicted_{head}"]) != [20, 40, 60] or sorted(pictures[f"error_{head}"]) != [20, 40, 60]:
            sys.exit(f"wrong: predictions of {head} at {sorted(pictures[f'predicted_{head}'])}")
    last = {name: of[max(of)] for name, of in pictures.items()}
    # Frames between the pictures are the same grey everywhere.
    mixed = np.abs((last["true_mnist"] + last["true_fashion"]) / 2 - last["mixed"]).max()
    interop.check("mixed is the average of both true pictures", mixed, 1.01 / 255)
    for head in heads:
        # A prediction above 1 is drawn as 1, and its error is that of the prediction.
        inside = (last["mixed"] != 96 / 255) & (last[f"predicted_{head}"] < 1)
        if inside.sum() < 1000:
            sys.exit(f"wrong: {inside.sum()} pixels of {head} are below 1")
        error = np.clip(4 * np.abs(last[f"predicted_{head}"] - last[f"true_{head}"]), 0, 1)
        interop.check(f"error of {head} is four times the distance", np.abs(error - last[f"error_{head}"])[inside].max(), 5 / 255)
