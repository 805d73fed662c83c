"""Beats, rhythm and alerts over annotated recordings, cross-validated.

    python -m benchmarks rhythm mitdb=DIR nstdb=DIR vfdb=DIR cinc2015=DIR cinc2017=DIR cpsc2021=DIR --labels LABELS.csv

Whatever is fitted is fitted anew for each of eleven folds of subjects, over all sets together, and every recording goes
through the product's whole road with models that have not seen its subject. LABELS: name,label a line, of cinc2017.

mitdb     beats, classes, runs and episodes by EC57's matching, on II (MLII), V1 and both; alerts against the marks
nstdb     record 118 with electrode motion, as it was published; with mitdb, noise added to three of its records
motion    healthy people wearing a patch at rest and in motion: alerts, of which all but those of rate are false
vfdb      ventricular tachycardia, flutter, fibrillation, asystole: episodes and duration, from the first second on
cinc2015  is the alarm that was announced at a record's end true? The product's evidence in its last 16 s, against a
          limit a kind of alarm that is chosen on the other folds' records (`alarms`): a bedside verifier, whose limits
          are no wearer's. The score is (TP + TN) / (TP + TN + FP + 5 FN); believing every alarm scores about a half
cpsc2021  atrial fibrillation, likewise
cinc2017  the recording's AF score: area under the receiver operating characteristic, A against N and O
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import result
from benchmarks.ec57 import comparison, tables
from benchmarks.ec57.annotations import Annotations, read
from benchmarks.rhythm import alarms, folds, noise
from benchmarks.rhythm.false_alerts import AlertCount, events
from benchmarks.rhythm.pictures import Page
from benchmarks.rhythm.road import Told, told
from edge.blocks import Block
from edge.bundle import RATE
from edge.errors import UsageError
from edge.rhythm.interpreter import Models
from train.rhythm import legible
from train.rhythm.af import read_labels
from train.rhythm.recordings import records
from train.rhythm.ventricular import alarm_of

NOISY = ("118e24", "118e06", "118e_6")
NOISE_S = (300.0, 1800.0)  # of nstdb: the noise begins after five minutes
EPISODES = {"mitdb": ("af+afl", "vf", "vt"), "vfdb": ("vt", "vf", "vt+vf", "asystole"), "cpsc2021": ("af+afl",)}
LEARNING_S = {"mitdb": 300.0}  # EC57; the other sets' records begin with what they are about
RESAMPLES = 2000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", nargs="+", metavar="SET=DIR", help="WFDB records of a set")
    parser.add_argument("--labels", type=Path, help="name,label a line, of cinc2017")
    parser.add_argument("--cache", type=Path, default=Path("cache/rhythm"), help="what was measured (%(default)s)")
    parser.add_argument("--pictures", type=Path, help="folder for strips of hits, misses and false alarms")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "rhythm.json", help="result file (%(default)s)")


def run(args: argparse.Namespace) -> int:
    places = dict(_place(text) for text in args.folders)
    labels = read_labels(args.labels)
    noisy, worn = places.pop("nstdb", None), places.pop("motion", None)
    everything = list(folds.gathered(places, labels, args.cache))
    taught = {pack: places[pack] for pack in folds.LEGIBLE if pack in places}
    lessons = legible.gathered(taught | ({} if noisy is None else {"nstdb": noisy}), args.cache)
    judge, page = Judge.of(everything, lessons), Page(args.pictures)
    figures: dict[str, Any] = {"folds": folds.FOLDS, "records": _counts(everything)}
    if "mitdb" in places:
        figures["mitdb"] = of_mitdb([one for one in everything if one.pack == "mitdb"], judge, page)
    for pack in ("vfdb", "cpsc2021"):
        if pack in places:
            figures[pack] = of_rhythms(pack, [one for one in everything if one.pack == pack], judge)
    if "cinc2015" in places:
        figures["cinc2015"] = of_alarms([one for one in everything if one.pack == "cinc2015"], judge, page)
    if "cinc2017" in places:
        figures["cinc2017"] = of_scores([one for one in everything if one.pack == "cinc2017"], judge)
    if noisy is not None:
        figures["nstdb"] = of_noise(noisy, judge)
        if "mitdb" in places:
            figures["added_noise"] = noise.sweep(places["mitdb"], noisy, judge.models)
    if worn is not None:
        figures["motion"] = noise.worn(worn)
    page.write()
    result.write(args.out, figures, ("numpy", "scipy", "wfdb", "scikit-learn"))
    return 0


@dataclass
class Judge:
    """Models by fold, and which fold a subject is in."""

    by_fold: list[Models]
    fold: dict[str, int]

    @classmethod
    def of(cls, everything: list[folds.Learned], lessons: list[legible.Lesson]) -> Judge:
        fold = folds.folds(everything)
        made = []
        for k in range(folds.FOLDS):
            began = time.monotonic()
            taught = [one for one in lessons if fold.get(one.name) != k]  # noise alone is nobody's
            made.append(folds.models([one for one in everything if fold[one.subject] != k], taught))
            print(f"fold {k}: fitted in {time.monotonic() - began:.0f} s", flush=True)
        return cls(made, fold)

    def models(self, subject: str) -> Models:
        return self.by_fold[self.fold[subject]]

    def told(self, one: folds.Learned, leads: tuple[str, ...] | None = None) -> Told:
        block = one.block if leads is None else of_leads(one.block, leads)
        return told(block, self.models(one.subject))


def of_leads(block: Block, leads: tuple[str, ...]) -> Block:
    columns = [block.leads.index(lead) for lead in leads]
    return Block(block.start, block.rate, leads, block.mv[:, columns], block.valid[:, columns])


def of_mitdb(records: list[folds.Learned], judge: Judge, page: Page) -> dict[str, Any]:
    settings = comparison.Settings(rhythms=EPISODES["mitdb"])
    found: dict[str, dict[str, comparison.RecordComparison]] = {"II": {}, "V1": {}, "both": {}}
    alerts = AlertCount()
    for one in records:
        reference = reference_of(one)
        for which, leads in (("II", ("II",)), ("V1", ("V1",)), ("both", None)):
            if leads is not None and leads[0] not in one.block.leads:
                continue
            said = judge.told(one, leads)
            found[which][one.path.stem] = comparison.compare(reference, said.marks(), settings)
            if which == "both":
                alerts.add(one.path.stem, said, events(reference))
                for name, kind, at_s in alerts.falsely:
                    if name == one.path.stem:
                        page.strip(f"{kind} told falsely", name, one.block, said, at_s, reference)
        print(one.path.stem, {k: v[one.path.stem].beats.as_json() for k, v in found.items() if one.path.stem in v})
    print(tables.summary(found, ()))
    of = {which: slim(comparison.figures(records_)) for which, records_ in found.items()}
    return {"leads": of, "alerts": alerts.as_json()}


def slim(figures: dict[str, Any]) -> dict[str, Any]:
    """Of each record the counts alone: hits and total."""
    records = {
        name: {key: [of["hits"], of["total"]] for key, of in record["beats"].items() if key.endswith(("ty", "rate"))}
        for name, record in figures["records"].items()
    }
    return figures | {"records": records}


def of_rhythms(pack: str, records: list[folds.Learned], judge: Judge) -> dict[str, Any]:
    settings = comparison.Settings(learning_s=LEARNING_S.get(pack, 0.0), rhythms=EPISODES[pack])
    found, alerts = {}, AlertCount()
    for one in records:
        reference, said = reference_of(one), judge.told(one)
        found[one.path.stem] = comparison.compare(reference, said.marks(), settings)
        alerts.add(one.path.stem, said, events(reference))
    total = comparison.gross(found.values())
    for name, episode in total.episodes.items():
        print(pack, name, episode.as_json(), flush=True)
    episodes = {name: of.as_json() for name, of in total.episodes.items()}
    by_record = {
        name: {rhythm: of.as_json() for rhythm, of in record.episodes.items()} for name, record in found.items()
    }
    return {"episodes": episodes, "records": by_record, "alerts": alerts.as_json()}


def of_alarms(records: list[folds.Learned], judge: Judge, page: Page) -> dict[str, Any]:
    cases, heard, told_so = [], [], []
    for one in records:
        (kind, true), said = alarm_of(one.path), judge.told(one)
        told_so.append(alarms.told_by_itself(kind, said))
        cases.append(alarms.Case(one.path.stem, judge.fold[one.subject], kind, true, alarms.evidence(kind, said)))
        heard.append((one.block, said))
    verdicts = alarms.believed(cases)
    rows, wrong = {kind: alarms.count(cases, verdicts, kind) for kind in alarms.UNLEARNT}, []
    for case, believed, (block, said) in zip(cases, verdicts, heard, strict=True):
        truth, belief = "true" if case.true else "false", "" if believed else "not "
        title = f"{case.kind.replace('_', ' ')} alarm {truth}, {belief}believed"
        page.strip(title, case.name, block, said, block.end / RATE, None)
        if believed != case.true:
            wrong.append([case.name, case.kind, case.true, round(case.evidence, 3)])
    total, by_alerts = alarms.count(cases, verdicts), alarms.count(cases, told_so)
    print("cinc2015", rows, alarms.score(total), "by the alerts' own limits", alarms.score(by_alerts), flush=True)
    return {
        "alarms": rows,
        "tp_fn_fp_tn": list(total.values()),
        "score": alarms.score(total),
        "by_alerts": {**by_alerts, "score": alarms.score(by_alerts)},
        "wrong": wrong,
    }


def of_scores(records: list[folds.Learned], judge: Judge) -> dict[str, Any]:
    """AF scores of short records; one that could not be judged counts as 0."""
    from sklearn.metrics import roc_auc_score

    kinds, scores, unknown = [], [], 0
    for one in records:
        assert one.case is not None
        score = judge.told(one).scores["af"]
        kinds.append(one.case.kind)
        scores.append(score)
    kind = np.array(kinds)
    p = np.array([0.0 if score is None else score for score in scores])
    unknown = sum(score is None for score, k in zip(scores, kinds, strict=True) if k != "~")
    told_of_noise = int(sum(score is not None for score, k in zip(scores, kinds, strict=True) if k == "~"))
    use = kind != "~"
    y = kind[use] == "A"
    rng, draws = np.random.default_rng(0), []
    for _ in range(RESAMPLES):
        k = rng.integers(0, len(y), len(y))
        draws.append(roc_auc_score(y[k], p[use][k]))
    figures = {
        "records": {name: int((kind == name).sum()) for name in ("N", "A", "O", "~")},
        "auroc": round(float(roc_auc_score(y, p[use])), 4),
        "auroc_95": [round(float(v), 4) for v in np.percentile(draws, (2.5, 97.5))],
        "unjudged": unknown,
        "noisy_judged": told_of_noise,
    }
    print("cinc2017", figures, flush=True)
    return figures


def of_noise(folder: Path, judge: Judge) -> dict[str, Any]:
    """118 is in mitdb: its own fold's models are used."""
    from train.rhythm.recordings import heard

    figures = {}
    models = judge.models("mitdb/118") if "mitdb/118" in judge.fold else judge.by_fold[0]
    for name in NOISY:
        path = next(folder.rglob(f"{name}.hea"))
        said, reference = told(heard(path).block, models), read(path.with_suffix(""), "atr")
        compared = comparison.compare(reference, said.marks())
        alerts = AlertCount()
        alerts.add(name, said, events(reference))
        of: dict[str, Any] = {
            "beats": compared.beats.as_json(),
            "unknown_share": round(said.unknown_share(*NOISE_S), 4),
            "alerts": alerts.as_json(),
        }
        print(name, of["beats"], of["alerts"]["kinds"], flush=True)
        figures[name] = of
    return figures


def reference_of(one: folds.Learned) -> Annotations:
    return read(one.path.with_suffix(""), "atr")


def _counts(everything: list[folds.Learned]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in everything:
        counts[one.pack] = counts.get(one.pack, 0) + 1
    return counts


def _place(text: str) -> tuple[str, Path]:
    pack, equals, folder = text.partition("=")
    if not equals or not Path(folder).is_dir():
        raise UsageError(f"{text}: name a set and its folder, as mitdb=DIR")
    if not records(Path(folder)):
        raise UsageError(f"{text}: no WFDB header lies in it (links to folders are not followed): name its own place")
    return pack, Path(folder)
