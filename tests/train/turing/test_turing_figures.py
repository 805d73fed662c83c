"""What is made of the answers."""

from __future__ import annotations

import pytest
from decks import sheets
from scipy.stats import beta, binom

from train.turing import figures, page
from train.turing.answers import Answer, Form
from train.turing.deck import RECONSTRUCTED, TRUE

ABOUT = {"model": "a model", "leads": ["II"], "data": "some data"}
NOWHERE: frozenset[str] = frozenset()


def reader(name: str, real: str, mi: str = "", walls: dict[int, set[str]] | None = None) -> Form:
    """Answers as letters, a sheet each: y, n or a space."""
    word = {"y": True, "n": False, " ": None}
    mi = mi or " " * len(real)
    said = {
        k: Answer(word[r], 3, word[m], frozenset((walls or {}).get(k, ())))
        for k, (r, m) in enumerate(zip(real, mi, strict=True), 1)
    }
    return Form(name, {k: answer for k, answer in said.items() if answer != Answer(None, 3, None, NOWHERE)})


def test_the_interval_is_the_exact_one():
    found = figures.proportion(7, 20)
    assert found["low"] == pytest.approx(beta.ppf(0.025, 7, 14))  # Clopper and Pearson, by the beta distribution
    assert found["high"] == pytest.approx(beta.ppf(0.975, 8, 13))
    assert figures.proportion(0, 5)["low"] == 0
    assert figures.proportion(0, 0)["share"] is None


def test_accuracy_is_held_against_guessing():
    found = figures.summary(sheets(), [reader("a", "ynynynyy")])["real_or_not"]["a"]
    assert found["accuracy"]["hits"] == 7
    assert found["p_of_guessing"] == pytest.approx(2 * binom.cdf(1, 8, 0.5))
    assert found[f"{TRUE}_taken_for_real"]["share"] == 1
    assert found[f"{RECONSTRUCTED}_taken_for_real"]["share"] == 1 / 4
    assert found["auroc_by_confidence"] == pytest.approx(7 / 8)


def test_infarcts_are_counted_on_either_kind_of_sheet():
    of = figures.summary(sheets(), [reader("a", " " * 8, "yynyyn n")])["mi"]["a"]
    assert [of[TRUE][name] for name in ("tp", "fp", "fn", "tn")] == [1, 1, 1, 0]
    assert [of[RECONSTRUCTED][name] for name in ("tp", "fp", "fn", "tn")] == [2, 0, 0, 2]
    assert of[RECONSTRUCTED]["sensitivity"]["share"] == of[RECONSTRUCTED]["specificity"]["share"] == 1
    assert of[TRUE]["f1"] == 0.5


def test_walls_are_the_same_or_have_one_in_common():
    said = {1: {"anterior", "septal"}, 2: {"septal"}, 3: {"lateral"}, 4: {"inferior", "lateral"}}
    found = figures.summary(sheets(), [reader("a", " " * 8, "yyyy    ", said)])["walls"]["a"]
    assert (found[TRUE]["same"]["hits"], found[TRUE]["one_in_common"]["hits"], found[TRUE]["same"]["n"]) == (1, 1, 2)
    assert (found[RECONSTRUCTED]["same"]["hits"], found[RECONSTRUCTED]["one_in_common"]["hits"]) == (0, 2)


def test_cohens_kappa_is_his_own_example():
    # 45 both yes, 15 only one, 25 only the other, 15 both no: observed 0.60, by chance 0.54
    rows = [(True, True)] * 45 + [(True, False)] * 15 + [(False, True)] * 25 + [(False, False)] * 15
    found = figures.kappa(rows)
    assert found["observed"] == pytest.approx(0.60)
    assert found["kappa"] == pytest.approx((0.60 - 0.54) / (1 - 0.54))


def test_fleiss_kappa_of_three_readers_is_that_of_its_definition():
    rows = [(True, True, True), (True, True, False), (False, False, True), (False, False, False)]
    share = 6 / 12
    observed = (1 + 1 / 3 + 1 / 3 + 1) / 4
    assert figures.kappa(rows)["kappa"] == pytest.approx((observed - share) / (1 - share))
    assert figures.kappa([(True, True)] * 3)["kappa"] is None  # nobody ever said no


def test_readers_are_pooled_and_compared():
    forms = [reader("a", "ynynynyn"), reader("b", "ynynynny"), reader("c", "yyyyyyy ")]
    found = figures.summary(sheets(), forms)
    assert found["real_or_not"][figures.POOLED]["accuracy"]["n"] == 23
    assert found["unanswered"] == {"a": [], "b": [], "c": [8]}
    agree = found["agreement"]["real_or_not"]
    assert agree["a, b"]["observed"] == 6 / 8
    assert agree[figures.POOLED]["n"] == 7
    assert found["agreement"]["mi"]["a, b"]["n"] == 0


def test_the_page_shows_each_infarct_beside_what_readers_said():
    said = {1: {"anterior", "septal"}}
    forms = [reader("a", "ynynynyn", "yyn     ", said), reader("b", "nnnnnnnn")]
    text = page.page(figures.summary(sheets(), forms), ABOUT)
    assert "| a | 8/8, 100 % (63 to 100) | 0.008 |" in text
    assert "| 1 | true | anteroseptal | anteroseptal | – |" in text
    assert "| 2 | reconstructed | anteroseptal | MI | – |" in text
    assert "| 3 | true | inferior | no MI | – |" in text
    assert "| a, b | real? | 8 | 0.50 | 0.00 |" in text


def test_a_form_about_reality_alone_makes_no_table_of_infarcts():
    text = page.page(figures.summary(sheets(), [reader("a", "yyyynnnn")]), ABOUT)
    assert "Infarct?" not in text
    assert "Where?" not in text
