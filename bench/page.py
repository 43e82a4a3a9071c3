# SPDX-License-Identifier: MIT
"""The page of the documentation that shows what was measured, and its charts.

What stands between a line "<!-- measured: NAME -->" and the next "<!-- end -->" is made anew; all other
text is written by hand and stays as it is.
"""
import html
import os
import platform
import re
import shutil
import subprocess
from datetime import date
from itertools import groupby
from pathlib import Path

PEERS = {"glibc": "libc6", "GLib": "libglib2.0-dev", "nsync": "libnsync-dev", "Abseil": "libabsl-dev",
         "libuv": "libuv1-dev", "APR": "libaprutil1-dev", "Boost": "libboost-thread-dev",
         "oneTBB": "libtbb-dev", "moodycamel": "libconcurrentqueue-dev", "ck": "libck-dev",
         "Google Benchmark": "libbenchmark-dev"}
OURS, PEER, LIMIT = "#c0392b", "#7f8c8d", "#d5d8dc"
ROW = 22  # a bar with the room around it


def versions():
    """{name: version} of those peers that Debian knows."""
    found = {}
    for name, package in PEERS.items():
        asked = shutil.which("dpkg-query") and subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
        if asked and asked.returncode == 0:
            found[name] = re.sub(r"^\d+:|[-+].*$", "", asked.stdout)
    return {**found, "CPython": platform.python_version()}


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def system():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()


def machine(context, pairs):
    peers = ", ".join(f"{name} {version}" for name, version in versions().items())
    kernel = ".".join(platform.release().split(".")[:2])
    lines = [["measured", f"{date.today():%-d %B %Y}, {pairs} repetitions of each figure"],
             ["machine", f"{processor()}, {len(os.sched_getaffinity(0))} cores of it"],
             ["system", f"{system()}, Linux {kernel}"],
             ["compiler", context["compiler"]],
             ["peers", peers]]
    if context["missing"]:
        lines.append(["missing", context["missing"]])
    return markdown([["", ""], *lines])


def markdown(lines):
    head, *rest = list(lines)
    rows = [head, ["---"] * len(head), *rest]
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def chart(title, bars):
    """An SVG with a bar for each (name, value, label)."""
    longest = max(value for _, value, _ in bars)
    height = ROW * len(bars) + 34
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="680" height="{height}" '
           f'font-family="sans-serif" font-size="13" role="img">',
           f"<title>{html.escape(title)}</title>",
           '<rect width="100%" height="100%" fill="white"/>',
           f'<text x="8" y="18" font-weight="bold">{html.escape(title)}</text>']
    for i, (name, value, label) in enumerate(bars):
        y = 30 + ROW * i
        width = max(1, 330 * value / longest)
        colour = OURS if name.startswith("weft") else LIMIT if name.startswith("limit") else PEER
        out.append(f'<text x="8" y="{y + 13}">{html.escape(name)}</text>')
        out.append(f'<rect x="260" y="{y}" width="{width:.1f}" height="17" fill="{colour}"/>')
        out.append(f'<text x="{266 + width:.1f}" y="{y + 13}">{label}</text>')
    return "\n".join(out) + "\n</svg>\n"


def chart_name(table):
    return re.sub(r"[^a-z0-9]+", "-", table.lower()).strip("-") + ".svg"


def sections(tables, table_lines, folder):
    """For each part of weft its tables, under their charts."""
    out = []
    for part, names in groupby(sorted(tables), key=lambda name: name.split("/")[0]):
        out.append(f"### {part}\n")
        for name in names:
            title = name.split("/")[1]
            out.append(f"![{part}: {title}]({folder}/{chart_name(name)})\n")
            out.append(markdown(table_lines(name, tables[name])))
    return "\n".join(out)


def renew(template, made):
    """The template's text with each measured part replaced."""
    def replaced(match):
        return f"{match[1]}\n{made[match[2]]}\n{match[3]}"

    return re.sub(r"(<!-- measured: (\w+) -->\n).*?(<!-- end -->)", replaced, template, flags=re.DOTALL)


def write(template, path, made, charts):
    """The page and, in a folder of its name, its charts: {table: [(name, value, label)]}."""
    path = Path(path)
    folder = path.with_suffix("")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for table, bars in charts.items():
        (folder / chart_name(table)).write_text(chart(table.replace("/", ": "), bars))
    path.write_text(renew(Path(template).read_text(), made))
