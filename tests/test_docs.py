"""README and documents: their commands run and print what they say; their links lead somewhere."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import httpx
import pytest

from store.oxigraph import open_store
from tests.serving import served

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)#:\s]+)(?:#[^)]*)?\)")
SERVER = "http://127.0.0.1:8000"


def commands(document: Path) -> Iterator[tuple[str, str]]:
    """Yields (command, expected output); those of make are what CI runs anyway."""
    for block in BLOCK.findall(document.read_text(encoding="utf-8")):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = step.partition("\n")
            if not command.startswith("make "):
                yield command, expected


def matches(printed: str, expected: str) -> bool:
    """Compares line by line; `...` alone stands for any lines, at a line's end for its rest."""
    pattern = "".join(
        r"(?:[^\n]*\n)*"
        if line == "..."
        else re.escape(line.removesuffix("...")) + (".*" if line.endswith("...") else "") + r"\n"
        for line in expected.splitlines()
    )
    return re.fullmatch(pattern, printed) is not None


def curl(command: str, client: httpx.Client) -> str:
    """Answers the few options of curl that the documents use."""
    words = iter(shlex.split(command)[1:])
    headers, form, address = {}, {}, ""
    for word in words:
        match word:
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "--data-urlencode":
                name, _, value = next(words).partition("=")
                form[name] = value
            case "-s":
                continue
            case _:
                address = word.removeprefix(SERVER)
    answer = client.post(address, data=form, headers=headers) if form else client.get(address, headers=headers)
    return answer.text.replace("\r\n", "\n")


def run(command: str, folder: Path) -> str:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(  # noqa: S602 - the documents' own commands, pipes included
        command, shell=True, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if list(commands(d))], ids=lambda document: document.name)
def test_commands_print_what_is_written(document: Path, ingested: Path, tmp_path: Path) -> None:
    for name in ("data", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    if document.name != "README.md":
        copytree(ingested, tmp_path / "var/store", symlinks=True)
    for command, expected in commands(document):
        if command.startswith("curl "):
            with served(open_store(tmp_path / "var/store")) as client:
                printed = curl(command, client)
        else:
            printed = run(command, tmp_path)
        assert matches(printed, expected), f"{command}\n{printed}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = LINK.findall(document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_the_make_targets_of_the_readme_do_what_it_says() -> None:
    command = ["make", "-n", "-o", ".venv/installed", "run"]  # what would run, without running it
    recipe = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "noticegraph ingest data/notices --store var/store" in recipe.stdout
    assert "noticegraph serve --store var/store --host 127.0.0.1 --port 8000" in recipe.stdout
