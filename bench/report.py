#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tables, verdicts, a page and charts from what weft-bench has measured.

report.py RESULTS.json... [--rows rows.tsv] [--all] [--template FILE --page FILE]

Prints a table for each "part/work": the median of a contestant's repetitions, how far the middle half
of them spreads, its CPU time, and weft's ratio to the best peer. Then it says of each row of rows.tsv
whether it holds. A ratio is the median of the ratios of pairs: of the repetitions with the same number,
which the same session has measured in random order. Contestants called "weft..." are ours, those called
"limit..." nobody's peer. The exit status says that all was measured, and nothing of times.
"""
import argparse
import json
import math
import re
import statistics
import sys
from collections import defaultdict, namedtuple
from pathlib import Path

import page

TOLERANCE = 1.03  # a row holds if it is within three per cent of its bound
PAIRS = 9  # fewer decide nothing
FIELDS = ("p99.9", "longest", "overtakings", "once woken", "visits", "helpers")
LEAST = 1e-9  # what a ratio divides by if a peer's figure is 0

Row = namedtuple("Row", "table ours bound field against")


def read(paths):
    """({table: {contestant: {field: [a value a repetition]}}}, what is known of the session)"""
    tables = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    context = {}
    for path in paths:
        session = json.loads(Path(path).read_text())
        context = {**session.get("context", {}), **context}
        for run in session["benchmarks"]:
            if run.get("run_type") == "aggregate":
                continue
            if run.get("error_occurred"):
                sys.exit(f"report: {run['run_name']}: {run['error_message']}")
            part, work, name = run["run_name"].split("/")[:3]
            fields = tables[f"{part}/{work}"][name]
            if "real_time" in run:
                rate = run.get("items_per_second")  # where an iteration is not one item
                time = 1e9 / rate if rate else run["real_time"]
                fields["time"].append(time)
                fields["cpu"].append(run.get("cpu", run["cpu_time"] * time / run["real_time"]))
            for field in FIELDS:
                if field in run:
                    fields[field].append(run[field])
    return tables, context


def rows_of(path):
    for line in Path(path).read_text().splitlines():
        if line and not line.startswith("#"):
            table, ours, bound, field, against = line.split("\t")
            yield Row(table, ours, float(bound), field, against)


def is_peer(name):
    return not name.startswith(("weft", "limit"))


def size(name):
    """What it is that "weft, 1000" and its peers are called for; most have none."""
    found = re.search(r", (\d+)$", name)
    return found and found.group(1)


def ratios(contestants, ours, field, against=None):
    """(the ratio of each pair, the best peer's name); None if there is nobody to compare with.

    The best is the one with the least median among the peers, or among those that `against` names.
    """
    mine = contestants.get(ours, {}).get(field)

    def counts(name):
        return re.fullmatch(against, name) if against else is_peer(name) and size(name) == size(ours)

    others = {n: f[field] for n, f in contestants.items() if n != ours and f[field] and counts(n)}
    if not mine or not others:
        return None
    best = min(others, key=lambda n: statistics.median(others[n]))
    return [m / max(o, LEAST) for m, o in zip(mine, others[best])], best


def number(value):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g} ns"


def figure(value):
    """Three digits, never rounded in our favour."""
    if value == 0:
        return "0"
    digits = 2 - math.floor(math.log10(value))
    return f"{math.ceil(round(value * 10**digits, 6)) / 10**digits:.3g}"


def spread(values):
    """Half the distance of the quartiles, in per cent of the median."""
    median = statistics.median(values)
    if len(values) < 4 or median == 0:
        return ""
    low, _, high = statistics.quantiles(values, n=4)
    return f"±{50 * (high - low) / median:.0f} %"


def median_of(fields, field):
    return statistics.median(fields[field])


def main_field(contestants):
    return "p99.9" if any(f["p99.9"] for f in contestants.values()) else "time"


def by_median(contestants, field):
    """Their names, the least first; those that have no such figure last."""
    def key(name):
        values = contestants[name][field]
        return statistics.median(values) if values else float("inf")

    return sorted(contestants, key=key)


def table_lines(name, contestants):
    """The table as lines of cells, its head first. Times are those of one item."""
    field = main_field(contestants)
    extra = [f for f in FIELDS[1:] if any(c[f] for c in contestants.values())]
    yield [name, field, "spread", "CPU", *extra, "to the best peer"]
    for contestant in by_median(contestants, field):
        fields = contestants[contestant]
        line = [contestant, "", "", ""]
        if fields[field]:
            line[1:] = [number(median_of(fields, field)), spread(fields[field]),
                        number(median_of(fields, "cpu"))]
        for other in extra:
            if not fields[other]:
                line.append("")
            elif other == "longest":
                line.append(number(max(fields[other])))
            else:
                line.append(f"{median_of(fields, other):.0f}")
        found = ratios(contestants, contestant, field) if contestant.startswith("weft") else None
        line.append(f"{figure(statistics.median(found[0]))} x {found[1]}" if found else "")
        yield line


def value_of(row, contestants):
    """(the values that are to be within the bound, how they read, whom they compare with)"""
    if row.against == "absolute":
        values = contestants.get(row.ours, {}).get(row.field)
        return (values, "", "") if values else None
    found = ratios(contestants, row.ours, row.field, None if row.against == "." else row.against)
    return (found[0], " x", found[1]) if found else None


def verdict(row, contestants):
    """The row as a line of cells; its last one begins with what is to be counted."""
    what = f"{row.table}: {row.ours}" + ("" if row.field == "time" else f" ({row.field})")
    found = value_of(row, contestants)
    if found is None:
        whom = "its peers are" if row.against == "." else f"{row.against} is"
        return [what, "", "", f"{row.bound:g}", "", f"cannot be told: {whom} missing"]
    values, unit, peer = found
    if row.against == "absolute" and row.field == "time":
        unit = " ns"
    value = statistics.median(values)
    if len(values) < PAIRS:
        says = f"cannot be told: {len(values)} of {PAIRS} pairs"
    elif value <= row.bound:
        says = "holds"
    elif value <= row.bound * TOLERANCE:
        says = "holds within 3 %"
    else:
        says = "does not hold"
    return [what, f"{figure(value)}{unit}", spread(values), f"{row.bound:g}{unit}", peer, says]


def verdicts(tables, rows, everything):
    """The head, then a line for each row; without `everything`, of those tables that were measured."""
    yield ["what is to hold", "weft", "spread", "at most", "against", ""]
    for row in rows:
        if everything or row.table in tables:
            yield verdict(row, tables.get(row.table, {}))


def summary(lines):
    count = {says: sum(line[-1].startswith(says) for line in lines)
             for says in ("holds", "does not hold", "cannot be told")}
    return (f"{sum(count.values())} rows: {count['holds']} hold, {count['does not hold']} do not, "
            f"of {count['cannot be told']} it cannot be told.")


def check(tables):
    """Ends if there is a table without a figure of ours."""
    for name, contestants in tables.items():
        if not name.startswith("limits/") and not any(n.startswith("weft") for n in contestants):
            sys.exit(f"report: {name} has nothing of weft's")


def bars(contestants):
    """(name, value, how it reads) of each contestant, for a chart."""
    field = main_field(contestants)
    for name in by_median(contestants, field):
        if contestants[name][field]:
            value = median_of(contestants[name], field)
            yield name, value, number(value)


def write_page(options, tables, context, lines):
    folder = Path(options.page).stem
    pairs = max(len(f["time"]) for contestants in tables.values() for f in contestants.values())
    made = {"machine": page.machine(context, pairs),
            "rows": summary(lines[1:]) + "\n\n" + page.markdown(lines),
            "tables": page.sections(tables, table_lines, folder)}
    charts = {name: list(bars(tables[name])) for name in tables}
    page.write(options.template, options.page, made, charts)


def show(lines):
    lines = list(lines)
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("results", nargs="+")
    parser.add_argument("--rows", default=Path(__file__).with_name("rows.tsv"))
    parser.add_argument("--all", action="store_true", help="a table that is not there is missing")
    parser.add_argument("--template", metavar="FILE", help="a page, of which the page is made")
    parser.add_argument("--page", metavar="FILE", help="writes it, and a folder of charts")
    options = parser.parse_args()
    tables, context = read(options.results)
    if not tables:
        sys.exit("report: nothing was measured")
    if options.all:
        check(tables)
    for name in sorted(tables):
        show(table_lines(name, tables[name]))
    lines = list(verdicts(tables, list(rows_of(options.rows)), options.all))
    if len(lines) > 1:
        show(lines)
        print(summary(lines[1:]))
    if context.get("missing"):
        print(f"Peers that are missing here: {context['missing']}.")
    if options.page:
        write_page(options, tables, context, lines)


main()
