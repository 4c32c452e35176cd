"""Keeps the bytecode of Ansible's modules from one task to the next.

A module comes as a zip file, whose code Python compiles anew each time: nearly half of what a task costs a host.
Root writes, everybody reads, in memory, until the next boot. Where nothing can be kept, Python compiles as ever.
"""

import hashlib
import marshal
import os
import sys
import zipimport
from contextlib import suppress
from types import CodeType

CACHE = f"/run/amanat-bytecode-{sys.hexversion:x}"
PAYLOAD = "_payload.zip"


class Payload(zipimport.zipimporter):
    """Imports from a module's zip file, by the digest of each source."""

    def get_filename(self, fullname: str) -> str:
        """The source's path. Python's own method compiles the source to find out."""
        path = os.path.join(self.archive, self.prefix, fullname.rpartition(".")[2])
        return os.path.join(path, "__init__.py") if self.is_package(fullname) else f"{path}.py"

    def get_code(self, fullname: str) -> CodeType:
        """The code of a module, compiled only if nobody did so before."""
        source, place = self.get_source(fullname), self.get_filename(fullname)
        kept = os.path.join(CACHE, hashlib.sha256(source.encode()).hexdigest())
        try:
            with open(kept, "rb") as file:
                return placed(marshal.loads(file.read()), place)  # noqa: S302 - only root could write it
        except (OSError, EOFError, ValueError, TypeError):
            code = compile(source, place, "exec", dont_inherit=True)
            keep(kept, marshal.dumps(code))
            return code


def placed(code: CodeType, path: str) -> CodeType:
    """The code as if compiled from `path`: its first file is gone, and whoever takes that name must not be read.

    Raises TypeError for what is no code.
    """
    if not isinstance(code, CodeType):
        raise TypeError(type(code))
    inner = tuple(placed(one, path) if isinstance(one, CodeType) else one for one in code.co_consts)
    return code.replace(co_filename=path, co_consts=inner)


def keep(path: str, data: bytes) -> None:
    """Write a whole file or none; only root can."""
    draft = f"{path}.{os.getpid()}"
    try:
        os.makedirs(CACHE, mode=0o755, exist_ok=True)
        with open(draft, "xb") as file:
            file.write(data)
        os.replace(draft, path)
    except OSError:
        with suppress(OSError):
            os.unlink(draft)


def importer(path: str) -> Payload:
    """For sys.path_hooks: whoever asks for another path gets Python's own importer."""
    if PAYLOAD not in path:
        raise ImportError(path)
    return Payload(path)


def install() -> None:
    """Have this process import modules' zip files so; the programs it calls are left alone."""
    os.environ.pop("PYTHONPATH", None)
    sys.path_hooks.insert(0, importer)
