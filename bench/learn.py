"""Learns `ingest/patterns/weights.tsv` from labelled measures; `README.md` says how to run it.

For each concept a logistic regression with an L1 penalty over the words of two to four characters that stand in the
measure; what a cue adds, and where zero is, from predictions on measures left out. Rare concepts are not weighed up:
so sums are chances, and new wording is read better. Needs scikit-learn.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from ingest.concepts import find_cued
from ingest.cues import FoldedText
from ontology.load import concepts as vocabulary

ROOT = Path(__file__).parent.parent
LABELLED = (
    ROOT / "data/labelled",
    ROOT / "tests/gold",
    ROOT / "tests/cases/cues",
    *(ROOT / "tests/cases/notices" / name for name in ("seen", "fresh", "recent")),
)
FAIR = {"fresh", "recent"}
"""Notices that no cue was written from: they tell what a cue is worth."""
SCHEMES = ("instruments", "targets", "domains")
STRENGTH, FEWEST, LEAST = 1.0, 3, 0.15
SPEAKS = {"instruments": 0.4, "targets": 0.3, "domains": 0.4}
"""From which chance on a concept is said."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A measure and its concepts: those of its label, where it has one for the scheme, and those of its cues."""

    text: str
    heading: str
    fair: bool
    right: dict[str, frozenset[str]]
    cued: dict[str, frozenset[str]]


def read(folders: Iterable[Path]) -> Iterator[Labelled]:
    """Yields the labelled measures of TSV files (heading, text, concepts by scheme), of gold files and of cases."""
    for folder in folders:
        fair = folder.name in FAIR
        for file in sorted(folder.glob("*.tsv")):
            for line in file.read_text(encoding="utf-8").splitlines():
                if (cells := line.split("\t"))[0] not in {*SCHEMES, "scheme"}:
                    right = zip(SCHEMES, (cell.split("|") for cell in cells[2:]), strict=True)
                    yield labelled(cells[0], cells[1], dict(right), fair=fair)
                elif cells[0] in SCHEMES:  # a sentence for a concept
                    yield labelled("", cells[2], {cells[0]: [cells[1]]}, fair=fair)
        for file in sorted(folder.glob("*.json")):
            found = json.loads(file.read_text(encoding="utf-8"))
            for measure in found["measures"] if isinstance(found, dict) else found:
                yield labelled(heading_of(measure), measure["text"], measure, fair=fair)


def heading_of(measure: dict[str, Any]) -> str:
    """Returns what stands around a measure: the heading above it and the departments that answer for it, a line each.

    The names of authorities are left out, for these hold places.
    """
    section = measure.get("sectionTitle") or measure.get("section") or ""
    units = [body["unit"] for body in measure.get("responsible") or ()]
    return "\n".join(dict.fromkeys(filter(None, (section, *units, *measure.get("departments", ())))))


def labelled(heading: str, text: str, right: dict[str, Any], *, fair: bool) -> Labelled:
    """Returns a measure with what its cues say."""
    return Labelled(
        FoldedText(text).text,
        FoldedText(heading).text,
        fair,
        {scheme: narrowest(scheme, filter(None, right[scheme] or ())) for scheme in SCHEMES if scheme in right},
        {"domains": frozenset(), **find_cued(text)},
    )


def narrowest(scheme: str, concepts: Iterable[str]) -> frozenset[str]:
    """Returns the concepts that are no ancestors of others."""
    parents = {concept.id: concept.parent for concept in vocabulary(scheme.removesuffix("s"))}
    named = set(concepts)
    for concept in tuple(named):
        above = parents[concept]
        while above:
            named.discard(above)
            above = parents[above]
    return frozenset(named)


def learn(scheme: str, measures: Sequence[Labelled]) -> Iterator[str]:
    """Yields the rows of a scheme."""
    words = CountVectorizer(analyzer="char", ngram_range=(2, 4), min_df=2, binary=True, lowercase=False)
    present = words.fit_transform(with_heading(scheme, measure.heading, measure.text) for measure in measures)
    names = sorted({concept for measure in measures for concept in measure.right[scheme]})
    right = np.array([[concept in measure.right[scheme] for concept in names] for measure in measures])
    cued = np.array([[concept in measure.cued[scheme] for concept in names] for measure in measures])
    known = [i for i in range(len(names)) if right[:, i].sum() >= FEWEST]
    left_out = np.zeros((len(measures), len(known)))
    for seen, unseen in KFold(4, shuffle=True, random_state=0).split(right):
        for j, i in enumerate(known):
            model = fitted(present[seen], right[seen, i])
            left_out[unseen, j] = model.decision_function(present[unseen]) if model else 0.0
    fair = [i for i, measure in enumerate(measures) if measure.fair]
    sums, cues = left_out[fair].ravel(), cued[fair][:, known].ravel()
    judge = LogisticRegression().fit(np.c_[sums, cues], right[fair][:, known].ravel())
    (of_sum, of_cue), level = judge.coef_[0], judge.intercept_[0] - np.log(SPEAKS[scheme] / (1 - SPEAKS[scheme]))
    if cues.any():
        yield row(scheme, "cue", "", of_cue / of_sum)
    vocabulary_of = words.get_feature_names_out()
    whole = np.array(["\n" not in word for word in vocabulary_of])
    for i in known:
        model = fitted(present, right[:, i])
        assert model is not None  # noqa: S101 - it is known
        yield row(scheme, names[i], "", model.intercept_[0] + level / of_sum)
        for j in np.flatnonzero((np.abs(model.coef_[0]) >= LEAST) & whole):
            yield row(scheme, names[i], vocabulary_of[j], model.coef_[0][j])


def with_heading(scheme: str, heading: str, text: str) -> str:
    """Returns what is weighed: for instruments the measure alone, for others the heading above it too."""
    return text if scheme == "instruments" or not heading else f"{heading}\n{text}"


def fitted(present: csr_matrix, right: np.ndarray) -> LogisticRegression | None:
    """Returns a model; None where nothing is to be told apart."""
    if right.all() or not right.any():
        return None
    model = LogisticRegression(l1_ratio=1, C=STRENGTH, solver="liblinear", max_iter=300, random_state=0)
    return model.fit(present, right)


def row(scheme: str, concept: str, words: str, weight: float) -> str:
    """Returns a line of the table."""
    return f"{scheme}\t{concept}\t{words}\t{weight:.2f}\n"


def main() -> int:
    """Learns all schemes and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=ROOT / "ingest/patterns/weights.tsv")
    options = parser.parse_args()
    measures = list(read(LABELLED))
    print(len(measures), "measures")
    lines = [
        "# Learnt by bench/learn.py. Without words: what a concept starts with; the concept `cue`: what a cue adds.\n"
    ]
    lines.append("scheme\tconcept\twords\tweight\n")
    for scheme in SCHEMES:
        rows = list(learn(scheme, [measure for measure in measures if scheme in measure.right]))
        print(scheme, len(rows), "rows")
        lines += rows
    options.into.write_text("".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
