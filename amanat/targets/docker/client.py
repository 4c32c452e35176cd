"""A client of the Docker engine, and what is said when it doesn't answer or refuses."""

from collections.abc import Iterator
from contextlib import contextmanager

import docker
from docker.errors import APIError, DockerException

from amanat.errors import AmanatError
from amanat.targets.contract import TargetUnreachable


class EngineUnreachable(TargetUnreachable):
    """The Docker engine does not answer."""


class EngineRefused(AmanatError):
    """The engine answers, and does not do what it was asked."""


@contextmanager
def connection(uri: str) -> Iterator[docker.DockerClient]:
    """A client of the engine at `uri` ("" = the environment's).

    Raises `EngineUnreachable`.
    """
    try:
        engine = docker.DockerClient(base_url=uri, timeout=120) if uri else docker.from_env(timeout=120)
        engine.ping()
    except (DockerException, OSError) as error:
        raise EngineUnreachable(
            what=f"no Docker engine answers: {str(error)[:200]}",
            where=uri or "the default engine",
            fix="Start it (`make up` as root does so on Debian and Ubuntu), or set amanat:engine.",
        ) from error
    try:
        yield engine
    except APIError as error:
        raise EngineRefused(
            what=f"the Docker engine refuses: {str(error.explanation or error)[:300]}",
            where=uri or "the default engine",
            fix="See what it says, and run the same command again; what is done is kept.",
        ) from error
    finally:
        engine.close()
