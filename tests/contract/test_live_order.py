"""Each file of live tests has its place in a stack's life."""

from pathlib import Path

from tests.hosts.conftest import ORDER

FILES = {path.stem for path in (Path(__file__).parents[1] / "hosts").glob("test_*.py")}


def test_every_file_of_live_tests_has_a_place():
    assert set(ORDER) == FILES
    assert len(ORDER) == len(FILES)
