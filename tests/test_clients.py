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
        recipe = text.replace("http://127.0.0.1:8000", str(client.base_url).rstrip("/"))
        printed = subprocess.run([*command, recipe], capture_output=True, text=True, check=True, timeout=60).stdout
    assert "https://w3id.org/noticegraph/id/notice/" in printed or "2020-" in printed


def test_there_are_recipes():
    assert {"Python: SPARQLWrapper", "Python: rdflib", "Python: pandas", "JavaScript: fetch"} <= {r[0] for r in RECIPES}
