"""Our JSON-LD contexts: the terms of the graphs by short names (JSON-LD 1.1, section 4.1).

Made of the ontology and the shapes by `make generated`, and kept: a document names its context by version, so a change
is a new file beside the old ones.
"""

import json
from importlib.resources import files
from typing import Any

PATH = "context/v1.jsonld"
"""Where the newest is below the base."""
TEXTS = {file.name: file.read_bytes() for file in files("ontology").joinpath("context").iterdir()}
"""The contexts by the names of their files."""
CONTEXT: dict[str, Any] = json.loads(TEXTS["v1.jsonld"])
"""The newest."""
