"""python -m benchmarks report: all results as one Markdown page with pictures; and the tables in the READMEs.

    python -m benchmarks report --out build/report
    python -m benchmarks report --readme README.md benchmarks/README.md
    python -m benchmarks report --faults

Nothing is measured here: every figure comes from `benchmarks/results/*.json` and the bundle's manifest. --readme renews
what stands between `<!-- table: NAME -->` and `<!-- end -->`; --faults the page of faults, with the soak's picture.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from benchmarks import result, tables
from edge.config import DEFAULT_BUNDLE
from edge.errors import UsageError

TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
TITLES = {
    "accuracy": "Reconstruction",
    "enrol": "Blind and enrolled",
    "networks": "Networks and baselines",
    "mcma": "MCMA in its own protocol",
    "variants": "Variants of the bundle",
    "latency": "Latency",
    "limit": "How near the machine's limit",
    "device": "On a device, and as a watch",
    "floors": "Floors on a Raspberry Pi",
    "ble": "Listening by Bluetooth LE",
    "st_levels": "ST levels, blind and enrolled",
    "st_auroc": "Ischaemia, infarction and conduction by the criteria",
    "st_landmarks": "Landmarks of average beats",
    "st_alerts": "False alerts of ST",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--results", type=Path, default=result.RESULTS, help="folder of the result files")
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE)
    parser.add_argument("--out", type=Path, default=Path("build/report"), help="folder for report.md and its pictures")
    parser.add_argument("--readme", type=Path, nargs="+", help="renew the tables in these files instead")
    parser.add_argument("--faults", action="store_true", help="renew faults.md beside the result files instead")


def run(args: argparse.Namespace) -> int:
    if args.faults:
        from benchmarks import fault_page

        fault_page.write(args.results)
        return 0
    known = tables.known(args.results, args.bundle)
    if args.readme:
        for page in args.readme:
            page.write_text(renewed(page.read_text(), known))
        return 0
    from benchmarks import pictures

    args.out.mkdir(parents=True, exist_ok=True)
    lines = ["# edge-ecg, measured", ""]
    drawn = pictures.draw(args.results, args.out)
    for name, title in TITLES.items():
        if name in known:
            lines += [f"## {title}", "", *known[name], ""]
            lines += [line for file in drawn.get(name, ()) for line in (f"![{title}]({file})", "")]
    lines += ["## Files", "", *tables.table(("file", "command", "date", "machine"), _files(args.results)), ""]
    (args.out / "report.md").write_text("\n".join(lines))
    print(args.out / "report.md")
    return 0


def renewed(text: str, known: dict[str, list[str]]) -> str:
    """`text` with its marked tables as they are in `known`. Raises UsageError for a name that no result file has."""

    def new(found: re.Match[str]) -> str:
        name = found.group(2)
        if name not in known:
            raise UsageError(f"no results for the table {name}: there are {', '.join(sorted(known))}")
        return found.group(1) + "\n".join(known[name]) + "\n" + found.group(3)

    return TABLE.sub(new, text)


def _files(results: Path) -> list[tuple[str, ...]]:
    rows = []
    for path in sorted(results.glob("*.json")):
        about: dict[str, Any] = json.loads(path.read_text())
        machine = about.get("machine", {})
        of = f"{machine.get('cpu', '?')}, {machine.get('cores', '?')} cores"
        rows.append((f"`{path.name}`", f"`{about.get('command', '?')}`", about.get("date", "?")[:16], of))
    return rows
