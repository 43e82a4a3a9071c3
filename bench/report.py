#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tables and charts from what weft-bench has measured.

report.py RESULTS.json... [--rows rows.tsv] [--svg FOLDER] [--markdown FILE]

Prints a table for each "part/work": the median of a contestant's repetitions, how far the middle half
of them spreads, and weft's ratio to the best peer, which is the median of the ratios of repetitions of
the same number. Contestants called "weft..." are ours, those called "limit: ..." nobody's peer.
"""
import argparse
import json
import re
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from xml.sax.saxutils import escape

TOLERANCE = 1.03  # a row holds within three per cent


def read(paths):
    """{table: {contestant: {field: [a value a repetition]}}}"""
    tables = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for path in paths:
        for run in json.loads(Path(path).read_text())["benchmarks"]:
            if run.get("run_type") == "aggregate" or run.get("error_occurred"):
                continue
            part, work, name = run["run_name"].split("/")[:3]
            fields = tables[f"{part}/{work}"][name]
            rate = run.get("items_per_second")  # where an iteration is not one item
            time = 1e9 / rate if rate else run["real_time"]
            fields["time"].append(time)
            fields["cpu"].append(run["cpu_time"] * time / run["real_time"])
            for field in ("p99.9", "longest", "overtakings", "visits"):
                if field in run:
                    fields[field].append(run[field])
    return tables


def rows_of(path):
    for line in Path(path).read_text().splitlines():
        if line and not line.startswith("#"):
            table, ours, bound, field, *against = line.split("\t")
            yield table, ours, float(bound), field, against[0] if against else "."


def is_peer(name):
    return not name.startswith(("weft", "limit"))


def ratio(contestants, ours, field, against):
    """(median of the ratios, the best peer's name); None if there is nobody to compare with."""
    peers = {n: f[field] for n, f in contestants.items()
             if is_peer(n) and re.match(against, n) and f[field]}
    mine = contestants.get(ours, {}).get(field)
    if not mine or not peers:
        return None
    best = min(peers, key=lambda n: statistics.median(peers[n]))
    return statistics.median(m / max(p, 1e-9) for m, p in zip(mine, peers[best])), best


def number(value):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g} ns"


def spread(values):
    """Half the distance of the quartiles, in per cent of the median."""
    if len(values) < 4:
        return ""
    low, _, high = statistics.quantiles(values, n=4)
    return f"±{50 * (high - low) / statistics.median(values):.0f} %"


def by_median(contestants, field):
    present = [n for n in contestants if contestants[n][field]]
    return sorted(present, key=lambda n: statistics.median(contestants[n][field]))


def table_lines(name, contestants):
    field = "p99.9" if any(f["p99.9"] for f in contestants.values()) else "time"
    yield [name, field, "spread", "CPU" if field == "time" else "longest; overtakings"]
    for contestant in by_median(contestants, field):
        fields = contestants[contestant]
        last = number(statistics.median(fields["cpu"]))
        if field != "time":
            last = (number(max(fields["longest"])) + "; "
                    + f"{statistics.median(fields['overtakings']):.0f} of "
                    + f"{statistics.median(fields['visits']):.0f}")
        yield [contestant, number(statistics.median(fields[field])), spread(fields[field]), last]


def verdicts(tables, rows):
    yield ["what is to hold", "weft", "at most", "against", ""]
    for table, ours, bound, field, against in rows:
        found = ratio(tables[table], ours, field, against) if table in tables else None
        if found is None:
            continue
        value, peer = found
        holds = "holds" if value <= bound * TOLERANCE else "MISSED"
        what = f"{table}: {ours}" + ("" if field == "time" else f" ({field})")
        yield [what, f"{value:.2f} x", f"{bound:g} x", peer, holds]


def show(lines):
    lines = list(lines)
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    print()


def markdown(lines):
    head, *rest = list(lines)
    out = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    out += ["| " + " | ".join(line) + " |" for line in rest]
    return "\n".join(out) + "\n"


def svg(name, contestants):
    """A bar a contestant, the shortest first."""
    field = "p99.9" if any(f["p99.9"] for f in contestants.values()) else "time"
    bars = [(n, statistics.median(contestants[n][field])) for n in by_median(contestants, field)]
    longest = max(value for _, value in bars)
    height = 22 * len(bars) + 34
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="640" height="{height}" '
           f'font-family="sans-serif" font-size="13" role="img">',
           f"<title>{escape(name)}</title>",
           f'<text x="8" y="18" font-weight="bold">{escape(name)}</text>']
    for i, (contestant, value) in enumerate(bars):
        y = 30 + 22 * i
        colour = "#c0392b" if contestant.startswith("weft") else "#7f8c8d"
        if contestant.startswith("limit"):
            colour = "#d5d8dc"
        width = max(1, 330 * value / longest)
        out.append(f'<text x="8" y="{y + 13}">{escape(contestant)}</text>')
        out.append(f'<rect x="220" y="{y}" width="{width:.1f}" height="17" fill="{colour}"/>')
        out.append(f'<text x="{226 + width:.1f}" y="{y + 13}">{number(value)}</text>')
    return "\n".join(out + ["</svg>\n"])


def file_name(table):
    return re.sub(r"[^a-z0-9]+", "-", table.lower()).strip("-") + ".svg"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("results", nargs="+")
    parser.add_argument("--rows", default=Path(__file__).with_name("rows.tsv"))
    parser.add_argument("--svg", metavar="FOLDER", help="writes a chart a table there")
    parser.add_argument("--markdown", metavar="FILE", help="writes the tables there")
    options = parser.parse_args()
    tables = read(options.results)
    if not tables:
        sys.exit("report: nothing was measured")
    rows = list(rows_of(options.rows))
    for name in sorted(tables):
        show(table_lines(name, tables[name]))
    show(verdicts(tables, rows))
    if options.svg:
        folder = Path(options.svg)
        folder.mkdir(parents=True, exist_ok=True)
        for name in tables:
            (folder / file_name(name)).write_text(svg(name, tables[name]))
    if options.markdown:
        text = [markdown(verdicts(tables, rows))]
        text += [markdown(table_lines(name, tables[name])) for name in sorted(tables)]
        Path(options.markdown).write_text("\n".join(text))


main()
