"""Secrets handed from a run to the inventory source it starts: by a socket, so no file or environment has them."""

import os
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket

VARIABLE = "AMANAT_HANDOVER"  # the socket's path; ansible-runner writes every variable of a run to disk


@contextmanager
def handing(document: str) -> Iterator[None]:
    """While it lasts, processes started from here find `document` by `handed`; the directory is the owner's alone."""

    class Reply(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(document.encode())

    with tempfile.TemporaryDirectory(prefix="amanat-") as directory:
        path = Path(directory) / "s"
        with socketserver.UnixStreamServer(str(path), Reply) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            os.environ[VARIABLE] = str(path)
            try:
                yield
            finally:
                os.environ.pop(VARIABLE, None)
                server.shutdown()
                thread.join()


def handed() -> str | None:
    """The document of the run that started this process, or None when none did."""
    path = os.environ.get(VARIABLE)
    if not path or not Path(path).exists():
        return None
    with socket(AF_UNIX, SOCK_STREAM) as client:
        client.connect(path)
        parts = iter(lambda: client.recv(65536), b"")
        return b"".join(parts).decode()
