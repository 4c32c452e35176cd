"""Article 5 clause 6-1: whoever takes the disk finds no message, and no key to one."""

import pytest

from amanat.audit import prefetch, requirement
from amanat.audit.archive import Message
from amanat.audit.host import Host
from amanat.audit.parsers import callers
from amanat_host import questions
from amanat_host.answers.volume import TangKeys, Volume

# Version of the policy, and what encrypts contents and names (the kernel's fscrypt, "Encryption modes and usage").
FSCRYPT = (2, "AES-256-XTS", "AES-256-CTS")


@pytest.fixture(scope="module")
def volume(store: Host) -> Volume:
    """Where the running server's data really lies, as the kernel says."""
    return store.ask(questions.VOLUME)


@pytest.fixture(scope="module")
def helper(vault: Host) -> TangKeys:
    """The vault's unlock keys by thumbprint, and who may read them."""
    return vault.ask(questions.TANG)


@prefetch(questions.VOLUME)
@requirement("A5-6-1-access")
def test_the_volume_is_encrypted_by_the_kernel(volume: Volume):
    """The directory of the data has an encryption policy, or its device is a LUKS mapping."""
    mapped = volume.mapping is not None and volume.mapping.uuid.startswith("CRYPT-LUKS")
    policy = volume.encrypted_dir.policy
    assert mapped or policy, "neither LUKS nor an fscrypt policy"
    if policy:
        assert (policy.version, policy.contents, policy.filenames) == FSCRYPT
    else:
        assert volume.backing.holds == "crypto_LUKS", "the mapping is over something else"


@requirement("A5-6-1-access")
def test_data_wal_and_temporary_files_lie_on_it(volume: Volume):
    """Every directory that the running server writes to is on the encrypted volume, under its policy."""
    assert volume.server
    assert {name for name, directory in volume.server.items() if not directory.on_volume} == set()
    policy = volume.encrypted_dir.policy
    assert {name for name, directory in volume.server.items() if directory.policy != policy} == set()


@requirement("A5-6-1-access")
def test_the_key_is_not_on_the_volume_it_opens(volume: Volume):
    """What is kept of the unlock key lies elsewhere and only root reads it."""
    key = volume.key
    assert not key.on_volume
    assert key.owner == 0
    assert key.mode in ("0400", "0600")


@requirement("A5-6-1-access")
def test_the_key_is_kept_only_bound_to_the_vaults(volume: Volume, helper: TangKeys):
    """It is encrypted to a key that the vault has and advertises, and no open one lies beside it."""
    bound = volume.key.bound_to
    assert bound, "the key lies open on the store"
    assert bound.exchange in helper.advertised.exchange
    assert set(bound.advertised) & set(helper.advertised.signing), "the vault's signing key isn't pinned"
    assert not volume.key.plaintext_key


@requirement("A5-6-1-access")
def test_the_vault_has_no_other_unlock_key(volume: Volume, helper: TangKeys):
    """The vault's unlock keys are those that it had when the store's key was bound to them, and no more."""
    bound = volume.key.bound_to
    assert bound, "the key lies open on the store"
    assert {key.thumbprint for key in helper.keys} == set(bound.advertised)


@requirement("A5-6-1-access")
def test_only_their_server_reads_the_unlock_keys(helper: TangKeys):
    """On the vault no other account may read them."""
    keys = [helper.directory, *helper.keys]
    assert {key.path: key.owner for key in keys if key.owner != "_tang" or key.group != "_tang"} == {}
    assert {key.path: key.mode for key in keys if int(key.mode, 8) & 0o027} == {}


@requirement("A5-6-1-access")
def test_the_store_alone_may_ask_for_help(store, vault, expected):
    """The vault's firewall accepts calls to the unlock server from the store's addresses only."""
    asking = callers(
        vault.json("sudo -n nft -j list ruleset"), "input", expected(vault).listening("tang").port
    )
    assert asking
    assert asking <= set(store.read("hostname --all-ip-addresses").split())


@pytest.mark.slow
@prefetch(questions.UNLOCK, seconds=300)
@requirement("A5-6-1-access")
def test_a_stolen_disk_does_not_open(store: Host, volume: Volume):
    """Without a network the kept key stays shut; with the vault's help it is the volume's; no disk has either half."""
    trial = store.ask(questions.UNLOCK)
    assert trial.bound, "the key is bound to nobody"
    assert trial.searched_files > 0
    assert trial.opens_with_help, "the trial opens nothing at all"
    if volume.encrypted_dir.policy:
        assert trial.key_identifier == volume.encrypted_dir.policy.key_identifier
    assert not trial.opens_alone
    assert trial.key_found_in == []
    assert trial.helper_found_in == [], "the vault's unlock key is on the store"


@pytest.mark.slow
@requirement("A5-6-1-access")
def test_content_is_nowhere_on_the_disk(store: Host, archive):
    """A recorded content occurs neither in the server's files, its WAL included, nor on the raw disk.

    The origin of the same message, which is kept readable, is found in the files, and a text that the host lays on the
    raw disk for the search is found there: so the search does find. The host looks for what it has drawn itself and for
    nothing else: an auditor can't ask it for somebody's number.
    """
    markers = store.ask(questions.DRAW_ON_DISK).markers
    message = Message(content=markers.content, origin=markers.origin)
    # One record may lie across two pages of WAL, where a page's header parts the text; three don't.
    for _ in range(3):
        archive.record(message)
    found = store.ask(questions.LOOK_ON_DISK, seconds=600)
    assert found.planted.plain_in_image, "the search of the raw disk is blind"
    assert found.planted.sealed_in_files, "the search of the files is blind"
    assert not found.planted.sealed_in_image, "a file of the encrypted directory is readable on the raw disk"
    assert min(found.image.searched_bytes, found.files.searched_bytes, found.files.files) > 0
    content, origin = found.markers[message.content], found.markers[message.origin]
    assert origin.in_files, "the search itself finds nothing"
    assert not content.in_files, "content in the server's files"
    assert not content.in_image, "content on the raw disk"
    assert not origin.in_image, "origin on the raw disk"
