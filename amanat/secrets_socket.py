"""A private Unix socket that serves a run's secrets to its inventory source: no file or environment has them."""

import os
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket

VARIABLE = "AMANAT_SECRETS_SOCKET"  # the socket's path; ansible-runner writes every variable of a run to disk


@contextmanager
def serve_secrets(document: str) -> Iterator[str]:
    """The path of a socket that gives `document` while this lasts; its directory is the owner's alone.

    Runs side by side have a socket each: a program gets the path in `VARIABLE` of its own environment.
    """

    class Reply(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(document.encode())

    with tempfile.TemporaryDirectory(prefix="amanat-") as directory:
        path = str(Path(directory) / "s")
        with socketserver.UnixStreamServer(path, Reply) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield path
            finally:
                server.shutdown()
                thread.join()


@contextmanager
def serve_secrets_to_children(document: str) -> Iterator[None]:
    """A socket that every process started while this lasts finds by `receive_secrets`."""
    with serve_secrets(document) as path:
        os.environ[VARIABLE] = path
        try:
            yield
        finally:
            os.environ.pop(VARIABLE, None)


def receive_secrets() -> str | None:
    """The document of the run that started this process, or None when none did."""
    path = os.environ.get(VARIABLE)
    if not path or not Path(path).exists():
        return None
    with socket(AF_UNIX, SOCK_STREAM) as client:
        client.connect(path)
        parts = iter(lambda: client.recv(65536), b"")
        return b"".join(parts).decode()
