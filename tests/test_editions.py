"""One notice, several sources and versions; withdrawing one and bringing it back."""

import hashlib
from pathlib import Path

import pytest

from ingest.outcome import Outcome
from ingest.pipeline import ingest
from ingest.reading import Reader
from ingest.withdrawal import withdraw, withdrawn
from ontology.iris import DEFAULT_BASE
from ontology.terms import NG, PROV
from shapes.validate import validate_dataset
from store.base import Iri, Literal
from store.oxigraph import Embedded, open_store
from tests import hostile

NUMBERED = """湖州市市场监督管理局关于支持经营主体发展的通知
湖市监〔2025〕3号
各区县市场监管局：
现就有关事项通知如下：
一、降低收费。2025年12月31日前检验检测费用减半收取。
二、优化服务。推行网上办理。
湖州市市场监督管理局
2025年1月6日
"""
EDITED = NUMBERED.replace("网上办理", "预约办理")
RESPACED = NUMBERED.replace("\n", "\r\n")
# A web page's own words beside the notice's: the measures are the same.
PAGE = NUMBERED.replace("现就有关事项通知如下", "现将有关事项，通知如下")
READER = Reader(opened=hostile.as_html, judge=hostile.conforms)


def run(store: Path, *paths: Path, restore: bool = False) -> dict[str, tuple[str, str]]:
    found: list[Outcome] = list(ingest(paths, store, READER, restore=restore))
    return {Path(outcome.path).name: (outcome.status, outcome.code) for outcome in found}


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode())
    return path


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def asked(store: Path, where: str) -> list[str]:
    rows = open_store(store).snapshot().select(f"PREFIX ng: <{NG}> PREFIX prov: <{PROV}> SELECT ?v {{ {where} }}")
    return sorted(row[0].value.rpartition("/")[2] for row in rows if isinstance(row[0], Iri | Literal))


def graphs(store: Path) -> dict[str, list[str]]:
    snapshot = open_store(store).snapshot()
    return {name: sorted(snapshot.nquads(name)) for name in snapshot.graphs() if "/graph/notice/" in name}


def one_graph(store: Path) -> str:
    (lines,) = graphs(store).values()
    return "".join(f"{line}\n" for line in lines)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.mark.parametrize(("name", "text"), [("copy.txt", RESPACED), ("page.html", PAGE)])
def test_the_same_notice_from_other_bytes_is_one_notice_with_two_sources(
    name: str, text: str, store: Path, tmp_path: Path
) -> None:
    first, second = write(tmp_path, "first.txt", NUMBERED), write(tmp_path, name, text)
    found = run(store, first, second)
    assert sorted(found.values()) == [("accepted", ""), ("duplicate", "same-text")]
    assert asked(store, "?n ng:source ?v") == sorted([digest(NUMBERED), digest(text)])
    (used,) = asked(store, "?reading prov:used ?v")
    assert asked(store, "?mention a ng:Mention ; ng:inSource ?v") == [used] * len(asked(store, "?v a ng:Mention"))
    assert [report.conforms for _, report in validate_dataset(one_graph(store))] == [True]


def test_the_text_leads_whichever_comes_first(store: Path, tmp_path: Path) -> None:
    text, page = write(tmp_path, "first.txt", NUMBERED), write(tmp_path, "page.html", PAGE)
    assert run(store, page) == {"page.html": ("accepted", "")}
    assert run(store, text) == {"first.txt": ("duplicate", "same-text")}
    assert asked(store, "?reading prov:used ?v") == [digest(NUMBERED)]
    run(tmp_path / "at-once", page, text)
    run(tmp_path / "reversed", text)
    run(tmp_path / "reversed", page)
    assert one_graph(store) == one_graph(tmp_path / "at-once") == one_graph(tmp_path / "reversed")


def test_both_sources_are_unchanged_in_the_next_run(store: Path, tmp_path: Path) -> None:
    files = write(tmp_path, "first.txt", NUMBERED), write(tmp_path, "page.html", PAGE)
    run(store, *files)
    before = (store / "current").readlink()
    assert set(run(store, *files).values()) == {("unchanged", "")}
    assert (store / "current").readlink() == before


def test_the_same_bytes_under_two_names_are_read_once(store: Path, tmp_path: Path) -> None:
    files = [write(tmp_path, name, NUMBERED) for name in ("a.txt", "b.txt")]
    assert run(store, *files) == {"a.txt": ("accepted", ""), "b.txt": ("duplicate", "same-bytes")}
    assert run(store, *files) == {"a.txt": ("unchanged", ""), "b.txt": ("duplicate", "same-bytes")}


def test_an_edited_text_is_a_new_version(store: Path, tmp_path: Path) -> None:
    run(store, write(tmp_path, "notice.txt", NUMBERED))
    assert run(store, write(tmp_path, "notice.txt", EDITED)) == {"notice.txt": ("accepted", "")}
    assert asked(store, f"?new prov:wasRevisionOf ?v . FILTER(STRENDS(STR(?new), '{digest(EDITED)}'))") == [
        digest(NUMBERED)
    ]
    assert asked(store, "?n ng:source ?v") == [digest(EDITED)]
    assert "网上办理" not in one_graph(store)
    assert [report.conforms for _, report in validate_dataset(one_graph(store))] == [True]


def test_versions_remember_all_before_them_and_none_revises_itself(store: Path, tmp_path: Path) -> None:
    third = NUMBERED.replace("网上办理", "电话办理")
    for text in (NUMBERED, EDITED, third):
        run(store, write(tmp_path, "notice.txt", text))
    assert asked(store, "?new prov:wasRevisionOf ?v") == sorted([digest(NUMBERED), digest(EDITED)])
    run(store, write(tmp_path, "notice.txt", NUMBERED))
    assert asked(store, "?new prov:wasRevisionOf ?v") == sorted([digest(third), digest(EDITED)])


def test_an_edit_of_the_same_type_that_leaves_the_measures_is_a_new_version(store: Path, tmp_path: Path) -> None:
    run(store, write(tmp_path, "notice.txt", NUMBERED))
    run(store, write(tmp_path, "notice.txt", PAGE))
    assert asked(store, "?n ng:source ?v") == [digest(PAGE)]


def test_two_wordings_at_once_are_told_and_one_is_kept(store: Path, tmp_path: Path) -> None:
    files = write(tmp_path, "a.txt", NUMBERED), write(tmp_path, "b.txt", EDITED)
    found = run(store, *files)
    assert sorted(found.values()) == [("accepted", ""), ("duplicate", "other-words")]
    kept = one_graph(store)
    again = run(store, *reversed(files))
    assert sorted(again.values()) == [("duplicate", "other-words"), ("unchanged", "")]
    assert one_graph(store) == kept


@pytest.mark.parametrize("name", ["iri", "slug", "number"])
def test_a_withdrawn_notice_is_gone_and_stays_away(name: str, store: Path, tmp_path: Path) -> None:
    file = write(tmp_path, "notice.txt", NUMBERED)
    run(store, file)
    (graph,) = graphs(store)
    before = one_graph(store)
    slug = graph.rpartition("/")[2]
    iri = f"{DEFAULT_BASE}id/notice/{slug}"
    assert withdraw([{"iri": iri, "slug": slug, "number": "湖市监〔2025〕3号"}[name]], Embedded(store)) == (iri,)
    assert graphs(store) == {}
    assert withdrawn(open_store(store).snapshot(), DEFAULT_BASE) == {iri, f"{DEFAULT_BASE}id/source/{digest(NUMBERED)}"}
    assert run(store, file) == {"notice.txt": ("withdrawn", "withdrawn")}
    assert run(store, write(tmp_path, "other.txt", EDITED)) == {"other.txt": ("withdrawn", "withdrawn")}
    assert graphs(store) == {}
    assert run(store, file, restore=True) == {"notice.txt": ("accepted", "")}
    assert one_graph(store) == before
    assert withdrawn(open_store(store).snapshot(), DEFAULT_BASE) == frozenset()


def test_a_store_that_remembers_what_was_withdrawn_conforms(store: Path, tmp_path: Path) -> None:
    run(store, write(tmp_path, "notice.txt", NUMBERED))
    withdraw(["湖市监〔2025〕3号"], Embedded(store))
    (graph,) = [name for name in open_store(store).snapshot().graphs() if name.endswith("/withdrawn")]
    lines = "".join(f"{line}\n" for line in open_store(store).snapshot().nquads(graph))
    assert [report.conforms for _, report in validate_dataset(lines)] == [True]


def test_only_what_is_there_once_can_be_withdrawn(store: Path, tmp_path: Path) -> None:
    other = NUMBERED.replace("湖州市市场监督管理局", "长沙市市场监督管理局")
    run(store, write(tmp_path, "a.txt", NUMBERED), write(tmp_path, "b.txt", other))
    with pytest.raises(ValueError, match="several notices"):
        withdraw(["湖市监〔2025〕3号"], Embedded(store))
    first = next(iter(graphs(store)))
    with pytest.raises(ValueError, match="no notice"):
        withdraw([first, "湖市监〔2025〕4号"], Embedded(store))
    assert len(graphs(store)) == 2
