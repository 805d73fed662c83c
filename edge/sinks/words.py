"""The same facts in words, for the panel, for logs and for the last line of a run."""

from __future__ import annotations

import math

from edge.sinks.glyphs import Style
from edge.sinks.state import ActiveAlert, ViewState

LOW_BATTERY = 20.0  # percent


def clock(seconds: float) -> str:
    """1:02:03, or 2:03 in the first hour."""
    whole = int(max(0.0, seconds))
    minutes, hours = whole // 60 % 60, whole // 3600
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def progress_words(state: ViewState) -> str:
    """How much of a recording is done, in percent; nothing for a live source."""
    if not state.total_s:
        return ""
    return f"{min(100.0, 100 * state.elapsed_s / state.total_s):.0f} %"


def alert_words(alert: ActiveAlert, elapsed_s: float) -> str:
    """What, how urgent and for how long."""
    sort = ", technical" if alert.technical else ""
    return f"{alert.kind.replace('_', ' ')} ({alert.priority}{sort}) for {clock(elapsed_s - alert.since_s)}"


def lost_words(state: ViewState, width: int | None = None) -> str:
    """How many samples were lost, and as many of the causes as `width` cells have room for."""
    total = sum(state.lost.values())
    if not total:
        return "lost 0"
    text = f"lost {total} ({100 * total / max(1, total + state.samples):.2g} %)"
    for k, (cause, count) in enumerate(sorted(state.lost.items(), key=lambda item: -item[1])):
        longer = f"{text}{',' if k else ':'} {cause} {count}"
        if count and (width is None or len(longer) <= width):
            text = longer
    return text


def latency_words(state: ViewState) -> str:
    """Median and 99th percentile."""
    if state.latency_p50_ms is None:
        return "latency -"
    worst = "" if state.latency_p99_ms is None else f", p99 {state.latency_p99_ms:.1f}"
    return f"latency p50 {state.latency_p50_ms:.1f}{worst} ms"


def link_words(state: ViewState, between: str, width: int) -> list[tuple[str, Style]]:
    """Three lines about the way from the patch."""
    lost = lost_words(state, width)
    battery = "battery -" if state.battery_percent is None else f"battery {state.battery_percent:.0f} %"
    low = state.battery_percent is not None and state.battery_percent < LOW_BATTERY
    link = "reconnecting" if state.reconnecting else "link up"
    return [
        (lost, Style.FAIR if any(state.lost.values()) else Style.PLAIN),
        (latency_words(state), Style.PLAIN),
        (battery + between + link, Style.POOR if low or state.reconnecting else Style.PLAIN),
    ]


def status_line(state: ViewState, times_real: float | None) -> str:
    """Everything in one line, for a log."""
    facts = [clock(state.elapsed_s)]
    if state.total_s:
        facts[0] += f" of {clock(state.total_s)} ({progress_words(state)})"
    if times_real is not None:
        facts.append(f"{times_real:.1f} x real time")
    facts.append("-- /min" if state.heart_rate_bpm is None else f"{state.heart_rate_bpm:.0f} /min")
    if state.rhythm:
        facts.append(state.rhythm)
    for name in state.montage:
        value = state.quality.get(name, math.nan)
        facts.append(f"{name} " + ("electrode off" if name in state.electrodes_off else f"q {value:.2f}"))
    facts.append(lost_words(state))
    facts.append(latency_words(state))
    if state.battery_percent is not None:
        facts.append(f"battery {state.battery_percent:.0f} %")
    if state.reconnecting:
        facts.append("reconnecting")
    facts.extend(alert_words(alert, state.elapsed_s) for alert in sorted(state.alerts, key=lambda a: a.rank))
    return "  ".join(facts)
