"""The rules of the house that no linter holds: sizes, names, frozen values, tools with no home of their own."""

import ast
import json
import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("api", "ingest", "ontology", "queries", "shapes", "store")
MODULES = sorted(chain.from_iterable((ROOT / package).rglob("*.py") for package in PACKAGES))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
HIDING_PLACES = {"utils", "util", "common", "helpers", "helper", "misc", "manager", "base_classes"}
ALONE = {
    "pyshacl": {"shapes/pyshacl_judge.py"},
    "pyoxigraph": {
        "ontology/load.py",
        "shapes/data.py",
        "shapes/files.py",
        "store/formats.py",
        "store/oxigraph.py",
        "store/batch.py",
        "store/results.py",
        "store/templates.py",
    },
    "SPARQLWrapper": {"store/remote.py"},
    "tantivy": {"store/search.py"},
    "numpy": {"store/adjacency.py"},
    "pyld": {"queries/framing.py"},
    "rdflib": {
        f"shapes/{name}.py" for name in ("compiled", "components", "engine", "load", "pyshacl_judge", "queries")
    },
    "fastapi": {path.relative_to(ROOT).as_posix() for path in MODULES if path.parent.name == "api"},
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=name)
def test_files_and_functions_are_short(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 400
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [f.name for f in functions if f.end_lineno and f.end_lineno - f.lineno >= 50] == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_name_says_what_it_holds(path: Path) -> None:
    assert path.stem not in HIDING_PLACES


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_values_are_frozen(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
            public = [d for d in decorators if d.startswith("dataclass") and not node.name.startswith("_")]
            assert all("frozen=True" in d and "slots=True" in d for d in public), node.name


@pytest.mark.parametrize(("library", "homes"), ALONE.items(), ids=list(ALONE))
def test_a_library_is_used_where_it_belongs(library: str, homes: set[str]) -> None:
    users = {
        name(path) for path in MODULES if re.search(rf"^\s*(?:import|from) {library}\b", path.read_text(), re.MULTILINE)
    }
    assert users <= homes


def test_no_pattern_names_a_place_of_the_five_notices() -> None:
    places = "连云港|吉林|济南|海南|长白山|青浦|吴江|嘉善|苏州|嘉兴"
    tables = [path for path in (ROOT / "ingest/patterns").glob("*.tsv") if path.stem != "divisions"]
    assert [name(path) for path in [*tables, *MODULES] if re.search(places, path.read_text(encoding="utf-8"))] == []


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    told = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    assert [d for d in wanted if f"`{re.split('[>=<]', d)[0]}`" not in told] == []


def test_the_lock_names_hashes_and_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "--hash=sha256:" in lock
    assert not re.search(r"https?://|file:|--(?:extra-)?index-url|--find-links", lock)
    packages = json.loads((ROOT / "web/client/package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert len(packages) > 10
    assert all("integrity" in known and "resolved" not in known for path, known in packages.items() if path)
