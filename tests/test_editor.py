"""The editor at `/sparql` in a real browser, which can reach nothing but this server."""

import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from serving import served

from store.oxigraph import memory

SAMPLE = Path(__file__).parent / "cases" / "queries" / "sample.trig"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("SELECT ?t { ?s a ?t } LIMIT 3", ['class="iri"', "ng:", "问题", 'value="measures/in-force-on"']),
        ("PREFIX ng: <https://w3id.org/noticegraph/ontology#> SELECT * { ?s ng:hasMesure ?o }", ["is ng:hasMeasure "]),
        ("SELECT * { ?s ng:hasMeasure ?o }", ["add PREFIX ng:"]),
        ("SELECT ('</td><script>alert(1)</script>' AS ?x) {}", ["&lt;script&gt;alert(1)"]),
    ],
)
def test_a_query_in_the_address_is_run(tmp_path: Path, query: str, holds: list[str]):
    with served(memory([SAMPLE]), files=[SAMPLE]) as client:
        address = str(client.base_url.join(f"/sparql?query={quote(query)}"))
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}"]
        network = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--virtual-time-budget=20000"]
        command = [str(CHROMIUM), *options, *network, "--dump-dom", address]
        shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    assert [text for text in holds if text not in shown] == []
