"""Draws validation losses against samples, both on logarithmic axes, as SVG.

    python3 Benchmarks/curves.py --output FILE.svg "LABEL=FILE.csv[:BATCH]"...

Standard library only. A file is a run's metrics.csv, or any CSV with the columns step and val_loss; lines that begin with # are left
out. BATCH: pairs of a step of this run, 32 unless it is there. --mark "LABEL=LOSS": a level line. --from SAMPLES: epochs that end
before are left out.
"""
import argparse
import csv
import math

WIDTH, HEIGHT, LEFT, TOP = 720, 380, 92, 20
COLOURS = ["#888888", "#2c6fbb", "#c2571a", "#3a8f4d", "#8a4fae"]


def read(text):
    """(samples, loss) of every epoch of `FILE.csv[:BATCH]`."""
    path, _, number = text.partition(":")
    batch = int(number or 32)
    with open(path, newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return [(int(row["step"]) * batch, float(row["val_loss"])) for row in rows]


def ticks(low, high, steps):
    """`steps` times powers of ten between both."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [m * 10.0 ** p for p in powers for m in steps if low <= m * 10.0 ** p <= high]


def samples_text(samples):
    return f"{samples / 1e6:g} M" if samples >= 1e6 else f"{samples / 1e3:g} k"


def draw(curves, marks):
    points = [point for _, curve in curves for point in curve]
    lows = [min(p[0] for p in points), min([p[1] for p in points] + [m for _, m in marks]) / 1.1]
    highs = [max(p[0] for p in points) * 1.05, max(p[1] for p in points) * 1.1]

    def place(value, axis):
        part = math.log(value / lows[axis]) / math.log(highs[axis] / lows[axis])
        return LEFT + WIDTH * part if axis == 0 else TOP + HEIGHT * (1 - part)

    bottom = TOP + HEIGHT
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {bottom + 52 + 22 * len(curves)}" '
           'font-family="sans-serif" font-size="13"><style>text{fill:#444}'
           '@media(prefers-color-scheme:dark){text{fill:#ccc}}</style>']
    for value in ticks(lows[1], highs[1], (1, 1.5, 2, 3, 5, 7)):
        y = place(value, 1)
        out.append(f'<path d="M{LEFT} {y:.1f}h{WIDTH}" stroke="#999" stroke-opacity=".35"/>'
                   f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    for value in ticks(lows[0], highs[0], (1, 2, 5)):
        out.append(f'<text x="{place(value, 0):.1f}" y="{bottom + 20}" text-anchor="middle">{samples_text(value)}</text>')
    out.append(f'<text x="{LEFT + WIDTH / 2}" y="{bottom + 40}" text-anchor="middle">training pairs</text>')
    out.append(f'<text transform="translate(18 {TOP + HEIGHT / 2}) rotate(-90)" text-anchor="middle">validation loss, sum of both heads</text>')
    for label, value in marks:
        y = place(value, 1)
        out.append(f'<path d="M{LEFT} {y:.1f}h{WIDTH}" stroke="#b00" stroke-dasharray="6 4"/>'
                   f'<text x="{LEFT + 6}" y="{y - 6:.1f}">{label}</text>')
    for index, (label, curve) in enumerate(curves):
        colour = COLOURS[index % len(COLOURS)]
        places = [(place(samples, 0), place(loss, 1)) for samples, loss in curve]
        out.append(f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}" fill="none" stroke="{colour}" '
                   'stroke-width="2.5"/>')
        y = bottom + 62 + 22 * index
        out.append(f'<path d="M{LEFT} {y - 4}h28" stroke="{colour}" stroke-width="2.5"/>'
                   f'<text x="{LEFT + 36}" y="{y}">{label}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"


def pair(text):
    label, _, value = text.rpartition("=")
    return label, value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", required=True)
    parser.add_argument("--mark", action="append", default=[])
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("curves", nargs="+", metavar="LABEL=FILE.csv[:BATCH]")
    arguments = parser.parse_args()
    curves = [(label, [point for point in read(text) if point[0] >= arguments.first])
              for label, text in map(pair, arguments.curves)]
    marks = [(label, float(value)) for label, value in map(pair, arguments.mark)]
    with open(arguments.output, "w") as file:
        file.write(draw(curves, marks))


if __name__ == "__main__":
    main()
