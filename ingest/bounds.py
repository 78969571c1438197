"""How much of a source is read, and why; over a bound a source is rejected, never cut."""

MAX_BYTES = 25_000_000
"""A single document. The longest notices with their scans stay below 10 MB; the HTTP interface takes no more."""

MAX_CONTAINER_BYTES = 250_000_000
"""An archive or a file of JSON Lines: it is held in memory, beside the one member at work."""

MAX_CHARACTERS = 10_000_000
"""The text of a document: a thousand times that of a usual notice, and a tenth of the worker's memory."""

MAX_ENTRIES = 10_000
"""Members of an archive. Larger collections come as folders or JSON Lines."""

MAX_PARTS = 2_000
"""Entries of a DOCX or OFD file: some ten a page."""

MAX_UNPACKED_BYTES = 200_000_000
"""All members of a zip file together, by its directory; `zipfile` unpacks no more than the directory says."""

MAX_XML_BYTES = 10_000_000
"""One XML part of a DOCX or OFD file: its tree takes some twenty times as much memory; a long law has 2 MB."""

MAX_XML_DEPTH = 200
"""Nested parts of a DOCX file: a table in a table in a text box has 30."""

MAX_RATIO = 100
"""Unpacked to packed bytes: text packs 3 to 10 times, XML up to 40, a bomb a thousand times and more."""

SMALL_BYTES = 1_000_000
"""Below this a ratio says nothing: an empty form packs as well as a bomb."""

MAX_PAGES = 2_000
"""Pages of a PDF or OFD file."""

MAX_PDF_SECONDS = 60.0
"""Time for one PDF, looked at after each page; within a page only the worker's own limit helps."""

MAX_PAGE_CHARACTERS = 200_000
"""Characters of one page: a full page of small print has 5,000."""

MAX_DEPTH = 2_000
"""Nested HTML elements: the parser's time grows with the square of the depth (200,000 take 105 s, 2,000 none)."""

MAX_TAGS = 200_000
"""Tags of an HTML page: they take two seconds; a long page has 20,000."""

MAX_ATTRIBUTES = 2_000
"""Words in one HTML tag, for the same reason (20,000 attributes take 1 s, 300,000 minutes)."""

MAX_CELLS = 200_000
"""Cells of one table once its merged ones are spread."""
