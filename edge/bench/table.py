"""What was measured, for people: aligned columns, in plain ASCII, since a board's console may have nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from edge.bench.board import Strain
from edge.bench.measured import Measured
from edge.bench.stream import Streamed
from edge.bench.turns import HOP_S
from edge.bundle import RATE

ONSETS = {"electrode_off": "an electrode came off", "asystole": "the last beat"}
HEAD = ("load ms", "first ms", "p50 ms", "p95 ms", "p99 ms", "worst ms", "windows/s", "% of core", "windows")
COLUMN = 10  # characters


def table(found: Measured) -> str:
    parts = [[*_board(found)], [*_windows(found)], [*_memory(found)], [*_installed(found)]]
    if found.streamed:
        parts.append([*_stream(found.streamed, found.bundle.window / RATE)])
    parts.append([*_end(found)])
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _board(found: Measured) -> Iterator[str]:
    b, before, after = found.board, found.before, found.after
    cores = _of(b.cores, "cores") if b.cores != 1 else "1 core"
    clock = f"{_or(before.mhz)} of {_of(b.max_mhz, 'MHz')}" if b.max_mhz else None
    yield f"board      {_or(b.model, 'unknown')}: {_and(cores, b.cpu, clock, b.governor, _of(b.memory_mb, 'MB'))}"
    yield f"before     {_strain(before)}"
    if after:
        yield f"after      {_strain(after)}   (right after the windows)"
    yield f"system     {_and(b.system, b.kernel, b.machine, b.libc, f'Python {b.python}')}"
    checkpoint = str(found.bundle.manifest.get("network", {}).get("checkpoint_sha256") or "unknown")
    yield f"bundle     {found.bundle.name}, checkpoint {checkpoint[:16]}"


def _strain(s: Strain) -> str:
    temperature = "temperature unknown" if s.temperature_c is None else f"{s.temperature_c:.1f} C"
    throttled = "throttling unknown" if s.throttled is None else f"throttled: {s.throttled}"
    return _and(temperature, _of(s.mhz, "MHz"), throttled)


def _windows(found: Measured) -> Iterator[str]:
    window_s = found.bundle.window / RATE
    yield f"Windows of {window_s:g} s of signal, one of each variant in turn, for {found.settings.duration:g} s in all."
    yield "They come back to back here, which keeps caches warm; the live run's do not."
    yield f"% of core: the share of one core with a window every {HOP_S:g} s."
    yield ""
    width = max([len("variant"), *(len(t.variant) for t in found.timings)])
    yield f"  {'variant':<{width}}  threads" + "".join(f"{name:>{COLUMN}}" for name in HEAD)
    for t in found.timings:
        ms = (t.load_ms, t.first_ms, t.p50_ms, t.p95_ms, t.p99_ms, t.worst_ms)
        cells = [_cell(x, 2) for x in ms] + [_cell(t.windows_per_s, 1), _cell(t.core_percent, 2), str(t.windows)]
        yield f"  {t.variant:<{width}}{t.threads:>9}" + "".join(f"{cell:>{COLUMN}}" for cell in cells)
    if not found.timings:
        yield "  nothing yet"


def _memory(found: Measured) -> Iterator[str]:
    if not found.memory:
        return
    yield "Memory and files: each variant alone in a fresh process, its engine's library counted."
    yield ""
    width = max(len(m.variant) for m in found.memory)
    yield f"  {'variant':<{width}}{'before MB':>12}{'growth MB':>12}{'cold load ms':>14}{'file kB':>10}"
    kb = {t.variant: t.bytes / 1000 for t in found.timings}
    for m in found.memory:
        cells = f"{_cell(m.before_mb, 1):>12}{_cell(m.growth_mb, 1):>12}{_cell(m.cold_load_ms, 1):>14}"
        yield f"  {m.variant:<{width}}{cells}{kb[m.variant]:>10.0f}"
    yield f"  edge-bench itself, with all of them loaded: {_of(found.resident_mb, 'MB') or 'unknown'}"


def _installed(found: Measured) -> Iterator[str]:
    if not found.packages:
        return
    yield f"Installed, MB ({sum(p.mb or 0.0 for p in found.packages):.1f} in all, Python itself left out):"
    yield ""
    for p in found.packages:
        by = f"   for {p.needed_by}" if p.needed_by else ""
        yield f"  {p.name:<20}{p.version:<12}{_cell(p.mb, 2):>8}{by}"


def _stream(s: Streamed, window_s: float) -> Iterator[str]:
    how = f"{s.variant}, {_threads(s.threads)}"
    yield f"End to end: {s.seconds:g} s of a virtual patch, on a pseudo-terminal, to an edge-run of its own ({how})."
    yield "An alert's time runs from the patch's sending the sample (20 ms of them a message) to edge-run's telling it."
    yield ""
    if s.failed:
        yield f"  came to nothing: {s.failed}"
        return
    for a in s.alerts:
        name = a.kind.replace("_", " ")
        if a.total_ms is None or a.beyond_ms is None:
            yield f"  {name:<15}never told"
        else:
            since = ONSETS.get(a.kind, "its onset")
            own = f"{1000 * a.rule_s:.0f} ms are the rule's own waiting time, {a.beyond_ms:.0f} ms beyond"
            yield f"  {name:<15}told {a.total_ms:.0f} ms after {since}: {own}"
    latency = f"p50 {_cell(s.twelve_leads_p50_ms, 0)} ms, p99 {_cell(s.twelve_leads_p99_ms, 0)} ms"
    yield f"  {'twelve leads':<15}{latency} from a sample's arrival (windows of {window_s:g} s, one every {HOP_S:g} s)"
    yield f"  {'cost':<15}{_cell(s.core_percent, 1)} % of one core, {_cell(s.resident_mb, 0)} MB resident"
    first = f"first sample in {_cell(s.first_input_s, 1)} s after the process began"
    yield f"  {'start':<15}{first}, first reconstructed one {_cell(s.first_reconstructed_s, 1)} s later"
    yield f"  {'samples lost':<15}{_or(s.lost_samples)}"


def _end(found: Measured) -> Iterator[str]:
    if found.interrupted:
        yield "Stopped before the end."
    if best := found.best:
        yield f"Suits this board: {best.variant}, {_threads(best.threads)}. (The lowest p95; of those within 10 % of it"
        yield "the higher precision, then fewer threads, then the bundle's order.)"


def _threads(count: int) -> str:
    return f"{count} thread{'' if count == 1 else 's'}"


def _cell(number: float | None, digits: int) -> str:
    return "-" if number is None else f"{number:.{digits}f}"


def _or(value: object, other: str = "-") -> str:
    return other if value is None else str(value)


def _of(value: object, unit: str) -> str | None:
    return None if value is None else f"{value} {unit}"


def _and(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)
