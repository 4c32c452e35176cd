"""Article 5 clause 6-1: whoever takes the disk finds no message."""

import pytest

from amanat.audit import requirement
from amanat.audit.archive import Message


@pytest.fixture(scope="module")
def volume(store):
    """Where the running server's data really lies, as the kernel says."""
    return store.json("sudo -n /usr/local/lib/amanat/probe-volume")


@requirement("A5-6-1-access")
def test_the_volume_is_encrypted_by_the_kernel(volume):
    """The directory of the data has an encryption policy, or its device is a LUKS mapping."""
    mapped = (volume["mapping"] or {}).get("uuid", "").startswith("CRYPT-LUKS")
    assert mapped or volume["vault"]["policy"], "neither LUKS nor an fscrypt policy"


@requirement("A5-6-1-access")
def test_data_log_and_temporary_files_lie_on_it(volume):
    """Every directory that the running server writes to is on the encrypted volume."""
    assert {name for name, place in volume["server"].items() if not place["on_volume"]} == set()


@requirement("A5-6-1-access")
def test_the_key_is_not_on_the_volume_it_opens(volume):
    """The unlock key lies elsewhere and only root reads it."""
    key = volume["key"]
    assert not key["on_volume"]
    assert key["owner"] == 0
    assert key["mode"] in ("0400", "0600")


@pytest.mark.costly
@requirement("A5-6-1-access")
def test_content_is_nowhere_on_the_disk(store, archive):
    """A recorded content occurs neither in the server's files, its log included, nor on the raw disk.

    The origin of the same message, which is kept readable, is found in the files: so the search does find.
    """
    message = Message()
    # One record may lie across two pages of the log, where a page's header parts the text; three don't.
    for _ in range(3):
        archive.record(message)
    texts = f"{message.content}\n{message.origin}\n"
    done = store.run("sudo -n /usr/local/lib/amanat/probe-marker", stdin=texts.encode(), seconds=600)
    content, origin = store.parsed(done)["markers"]
    assert origin["in_files"] > 0, "the search itself finds nothing"
    assert content["in_files"] == 0, "content in the server's files"
    assert content["in_image"] == 0, "content on the raw disk"
    assert origin["in_image"] == 0, "origin on the raw disk"
