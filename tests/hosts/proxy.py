"""A small HTTP proxy that remembers what it was asked for, on an address of this machine that hosts reach."""

import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv4Network

PASSED_ON = ("if-modified-since", "if-range", "range", "user-agent")
PACKAGES = re.compile(r"http://[^/]+/(?:[^?#]*/)?(?:dists|pool)/")
ANSWERED = ("content-length", "content-range", "content-type", "last-modified")


@contextmanager
def proxy(subnet: IPv4Network) -> Iterator[tuple[str, list[str]]]:
    """Its address on the gateway of a stack's network, and the URLs it is asked for while it lasts.

    It serves hosts of that network alone, and fetches packages and their lists alone (plain HTTP, GET).
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            ours = IPv4Address(self.client_address[0]) in subnet
            if not (ours and PACKAGES.match(self.path)):
                self.send_error(403)
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() in PASSED_ON}
            direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            request = urllib.request.Request(self.path, headers=headers)  # noqa: S310 - plain HTTP, seen above
            try:
                answer = direct.open(request, timeout=60)
            except urllib.error.HTTPError as error:
                answer = error
            with answer:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name.lower() in ANSWERED:
                        self.send_header(name, value)
                self.end_headers()
                while part := answer.read(1 << 16):
                    self.wfile.write(part)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    gateway = str(next(subnet.hosts()))
    with ThreadingHTTPServer((gateway, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://{gateway}:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()
