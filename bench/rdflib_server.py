"""rdflib behind the standard library's HTTP server, a peer of `bench.sparql`: its arguments are a file and a port."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

from rdflib import Dataset

GRAPH = Dataset(default_union=True)


class Handler(BaseHTTPRequestHandler):
    """Answers queries that are posted as a form."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # Head and body in one packet, or the kernel holds the second back for 40 ms.

    def do_POST(self) -> None:
        """Answers a query in N-Triples where it gives a graph, else in JSON."""
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        found = GRAPH.query(form["query"][0])
        body = found.serialize(format="nt" if found.type == "CONSTRUCT" else "json") or b""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


if __name__ == "__main__":
    GRAPH.parse(sys.argv[1], format="nquads")
    HTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
