"""The recipes of docs/clients.md, run as they stand against a server of the five notices."""

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from serving import served

from store.base import Store
from tests.generated import mark, openapi

CLIENT = Path(__file__).parent.parent / "web" / "client"
SERVER = "http://127.0.0.1:8000"
DOCUMENT = Path(__file__).parent.parent / "docs" / "clients.md"
SECTIONS = DOCUMENT.read_text("utf-8").split("\n## ")[1:]
RECIPES = [
    (section.partition("\n")[0], language, text)
    for section in SECTIONS
    for language, text in re.findall(r"^```(python|js)\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
]


@pytest.mark.parametrize(("title", "language", "text"), RECIPES, ids=[title for title, *_ in RECIPES])
def test_recipe(store: Store, title: str, language: str, text: str):
    if "pandas" in title and find_spec("pandas") is None:
        pytest.skip("pandas is no dependency of ours")
    node = shutil.which("node")
    if language == "js" and node is None:
        pytest.skip("there is no node on this machine")
    command = [sys.executable, "-c"] if language == "python" else [str(node), "--input-type=module", "-e"]
    with served(store) as client:
        recipe = text.replace(SERVER, str(client.base_url).rstrip("/"))
        printed = subprocess.run([*command, recipe], capture_output=True, text=True, check=True, timeout=60).stdout
    assert "https://w3id.org/noticegraph/id/notice/" in printed or "2020-" in printed


def test_the_client_in_typescript_has_the_types_of_the_routes():
    first, _, _ = (CLIENT / "schema.ts").read_text("utf-8").partition("\n")
    assert f"{first}\n" == mark(openapi()), "the routes have changed: `make client`"


def test_the_client_in_typescript_compiles_and_runs(store: Store, tmp_path: Path):
    if not (CLIENT / "node_modules").exists():
        pytest.skip("`make client` fetches the compiler, and was not run here")
    compiler = CLIENT / "node_modules/.bin/tsc"
    subprocess.run([compiler, "--noEmit", "false", "--outDir", tmp_path], cwd=CLIENT, check=True, timeout=120)
    (tmp_path / "node_modules").symlink_to(CLIENT / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}', "utf-8")
    example = tmp_path / "example.js"
    with served(store) as client:
        example.write_text(example.read_text("utf-8").replace(SERVER, str(client.base_url).rstrip("/")), "utf-8")
        printed = subprocess.run(["node", example], capture_output=True, text=True, check=True, timeout=60).stdout
    assert "2022-06-30 上半年" in printed
    assert "Exemption from penalty" in printed
    recipe = re.search(r"```ts\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert recipe
    assert recipe[1] in (CLIENT / "example.ts").read_text("utf-8")


def test_there_are_recipes():
    assert {"Python: SPARQLWrapper", "Python: rdflib", "Python: pandas", "JavaScript: fetch"} <= {r[0] for r in RECIPES}
