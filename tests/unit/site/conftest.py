"""What tests of the site share: a content, its files, and a directory of an operator's own templates."""

import pytest

from amanat.site.content import Content
from amanat.site.render import render
from tests.declared import settings


@pytest.fixture(scope="session")
def content():
    return Content.of(settings(), "Pulumi.local.yaml")


@pytest.fixture(scope="session")
def files(content):
    return render(content)


@pytest.fixture
def own(tmp_path):
    """own(name, text) writes a template of the operator's own and gives their directory."""

    def write(name, text):
        path = tmp_path / "own" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / "own"

    return write
