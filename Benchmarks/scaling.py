"""Predicts the efficiency of training on many ranks from what was measured on a few, and draws it.

    python3 Benchmarks/scaling.py Benchmarks/measured.json --check          the model beside the measurements on two hosts
    python3 Benchmarks/scaling.py Benchmarks/measured.json --chart FILE.svg the tables, and the chart

Standard library only. The model, per step of p ranks, R on a host, n images each:

    forward(n) + 15 small sums + backward(n) + 15 small sums + what backward does not hide of the gradient + update + 1 small sum

- forward(n), backward(n), update: straight lines through measured milliseconds.
- A small sum (4 kB, blocking): log2 of the ranks on a host times the host's latency, then log2 of the hosts times the link's.
- A bucket of the gradient leaves when the backward pass has completed it and the link is free. Inside a host it costs
  2 (R - 1) / R of its bytes at the host's bandwidth; between H hosts the better of a ring, 2 (H - 1) latencies, and a halving and
  doubling, 2 log2 H latencies, each with 2 (H - 1) / H of its bytes at the part of the link's bandwidth that nonblocking sums reach.

What it leaves out: stragglers, contention in switches, the noise of shared machines.
"""
import argparse
import json
import math

# Latency in seconds, bandwidth in bytes a second, of one direction of a host's link: what MPI benchmarks commonly reach.
INTERCONNECTS = {
    "10 GbE": (25e-6, 1.15e9),
    "25 GbE RoCE": (3e-6, 2.9e9),
    "InfiniBand HDR": (1.3e-6, 24e9),
}
# Open MPI's nonblocking sums reach this share of a link, measured at 1 and 10 Gbit/s (0.48 and 0.45).
NONBLOCKING = 0.45
# Inside a host, measured with two ranks: small sums, and the gradient in the memory that they share.
HOST_LATENCY, HOST_BANDWIDTH = 0.6e-6, 12.2e9
SMALL_BYTES = 4104
RANKS_PER_HOST = 16


def layers():
    """(gradients, operations of the backward pass) of every layer of the published network, last layer first."""
    def stage(level, inputs, channels):
        pixels = 1024 >> (2 * level)
        sizes = [inputs, channels, channels]
        return [(9 * i * channels + 3 * channels, 2 * 2 * 9 * i * channels * pixels) for i in sizes]

    def up(level, inputs, channels):
        return [(9 * inputs * channels + channels, 2 * 2 * 9 * inputs * channels * (1024 >> (2 * (level + 1))))]

    forward = stage(0, 1, 64) + stage(1, 64, 128) + stage(2, 128, 256)
    forward += up(1, 256, 128) + stage(1, 256, 128) + up(0, 128, 64) + stage(0, 128, 64) + [(130, 2 * 2 * 128 * 1024)]
    return forward[::-1]


def buckets(bucket_bytes):
    """(share of the backward pass done, bytes) of every message, in the order in which they leave."""
    work = sum(operations for _, operations in layers())
    result, done, complete, handed = [], 0, 0, 0
    total = sum(count for count, _ in layers())
    for count, operations in layers():
        done += operations
        complete += count
        while handed < total:
            size = min(bucket_bytes // 4 // (4 if handed == 0 else 1), total - handed)
            if handed + size > complete:
                break
            handed += size
            result.append((done / work, 4 * size))
    return result


def line(points):
    """Least squares a + b n through [(n, milliseconds)], in seconds."""
    xs, ys = [p[0] for p in points], [p[1] * 1e-3 for p in points]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    b = sum((x - mx) * (y - my) for x, y in zip(xs, ys)) / sum((x - mx) ** 2 for x in xs)
    return lambda n: my + b * (n - mx)


class Model:
    def __init__(self, measured):
        self.forward = line([(m["images"], m["forward_ms"]) for m in measured["compute"]])
        self.backward = line([(m["images"], m["backward_ms"]) for m in measured["compute"]])
        self.update = sum(m["update_ms"] for m in measured["compute"]) / len(measured["compute"]) * 1e-3

    def step(self, ranks, images, link, per_host=RANKS_PER_HOST, bucket_bytes=1 << 20, overlap=True, wire=1.0):
        """Seconds of a step."""
        alpha, beta = link
        per_host = min(per_host, ranks)
        hosts = max(1, ranks // per_host)
        small = math.ceil(math.log2(per_host)) * (HOST_LATENCY + SMALL_BYTES / HOST_BANDWIDTH)
        small += math.ceil(math.log2(hosts)) * (alpha + SMALL_BYTES / beta)
        backward = self.backward(images) + 15 * small
        free = 0.0
        for share, size in buckets(bucket_bytes):
            size *= wire
            cost = 2 * (per_host - 1) / per_host * size / HOST_BANDWIDTH
            if hosts > 1:
                cost += 2 * (hosts - 1) / hosts * size / beta
                cost += min(2 * (hosts - 1), 2 * math.ceil(math.log2(hosts))) * alpha
            free = max(free, (share if overlap else 1) * backward) + cost
        return self.forward(images) + 15 * small + max(backward, free) + self.update + small


def table(model, images_of, ranks_list):
    one = model.step(1, images_of(1), (0, 1e12))
    rows = []
    for ranks in ranks_list:
        row = []
        for link in INTERCONNECTS.values():
            images = images_of(ranks)
            seconds = model.step(ranks, images, (link[0], link[1] * NONBLOCKING))
            speed_up = (ranks * images / seconds) / (images_of(1) / one)
            row.append((speed_up / ranks, ranks * images / seconds))
        rows.append((ranks, row))
    return rows


def print_table(title, rows):
    print(f"\n{title}\n")
    print("| ranks | " + " | ".join(INTERCONNECTS) + " |\n|---|" + "---|" * len(INTERCONNECTS))
    for ranks, row in rows:
        print(f"| {ranks} | " + " | ".join(f"{100 * e:.0f} % ({v:,.0f})" for e, v in row) + " |")


def chart(path, panels):
    """Efficiency over ranks (log axis) of every interconnect, one panel a kind of scaling."""
    width, height, left, top, gap = 380, 240, 56, 44, 70
    colours = ["#2c6fbb", "#c2571a", "#3a8f4d"]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * width + gap + left + 20} {height + top + 76}" '
           'font-family="sans-serif" font-size="12"><style>text{fill:#444}@media(prefers-color-scheme:dark){text{fill:#ccc}}</style>']
    for index, (title, rows) in enumerate(panels):
        x0 = left + index * (width + gap)
        x = lambda ranks: x0 + width * math.log2(ranks) / 10
        y = lambda e: top + height * (1 - e)
        out.append(f'<text x="{x0}" y="{top - 18}" font-size="14">{title}</text>')
        for percent in range(0, 101, 20):
            out.append(f'<path d="M{x0} {y(percent / 100):.1f}h{width}" stroke="#999" stroke-opacity=".35"/>'
                       f'<text x="{x0 - 8}" y="{y(percent / 100) + 4:.1f}" text-anchor="end">{percent} %</text>')
        for ranks in (1, 4, 16, 64, 256, 1024):
            out.append(f'<text x="{x(ranks):.1f}" y="{top + height + 18}" text-anchor="middle">{ranks}</text>')
        out.append(f'<text x="{x0 + width / 2}" y="{top + height + 36}" text-anchor="middle">ranks</text>')
        for i, name in enumerate(INTERCONNECTS):
            points = " ".join(f"{x(ranks):.1f},{y(row[i][0]):.1f}" for ranks, row in rows)
            out.append(f'<polyline points="{points}" fill="none" stroke="{colours[i]}" stroke-width="2.5"/>')
            if index == 0:
                lx = x0 + i * 150
                out.append(f'<path d="M{lx} {top + height + 58}h24" stroke="{colours[i]}" stroke-width="2.5"/>'
                           f'<text x="{lx + 30}" y="{top + height + 62}">{name}</text>')
    with open(path, "w") as f:
        f.write("\n".join(out + ["</svg>"]) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("measured")
    parser.add_argument("--check", action="store_true", help="the model beside the measurements on two hosts")
    parser.add_argument("--chart", help="write the chart here")
    arguments = parser.parse_args()
    with open(arguments.measured) as f:
        measured = json.load(f)
    model = Model(measured)
    if arguments.check:
        print("| link | overlap | wire | measured ms | model ms | model / measured |\n|---|---|---|---|---|---|")
        for m in measured["two_hosts"]:
            link = (m["latency_us"] * 1e-6, m["bus_gbyte_per_s"] * 1e9)
            seconds = model.step(
                2, m["images"], link, per_host=1, bucket_bytes=m["bucket_bytes"], overlap=m["overlap"],
                wire=0.5 if m["wire"] == "bf16" else 1)
            print(f"| {m['gbit_per_s']} Gbit/s, {m['latency_us']} us | {'yes' if m['overlap'] else 'no'} | {m['wire']} | "
                  f"{m['ms']:.0f} | {1e3 * seconds:.0f} | {1e3 * seconds / m['ms']:.2f} |")
        return
    counts = [2 ** i for i in range(11)]
    weak = table(model, lambda ranks: 16, counts)
    strong = table(model, lambda ranks: 1024 / ranks, counts)
    print_table("Weak scaling, 16 images a rank: efficiency (images/s)", weak)
    print_table("Strong scaling, global batch 1,024: efficiency (images/s)", strong)
    if arguments.chart:
        chart(arguments.chart, [("Weak: 16 images a rank", weak), ("Strong: global batch 1,024", strong)])


if __name__ == "__main__":
    main()
