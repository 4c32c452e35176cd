"""The volume's key bound to another host: whom it is bound to, when it is bound anew, how the wait ends."""

import base64
import dataclasses
import http.server
import json
import socket
import threading
from types import SimpleNamespace

import pytest

from amanat_host.answers.volume import Access
from amanat_host.errors import HostError
from amanat_host.tang import probe as tang_probe
from amanat_host.tang.thumbprint import thumbprint
from amanat_host.volume import bind_key, ext4, luks, make, program, wait_for_key
from amanat_host.volume import key as keys
from amanat_host.volume import tang as tang_module
from amanat_host.volume.layout import Layout

KEY = bytes(range(32))
# Public halves of a tang server's keys, and the thumbprints that `jose jwk thp -a S256` gave for them.
EXCHANGE = {
    "alg": "ECMR",
    "crv": "P-521",
    "key_ops": ["deriveKey"],
    "kty": "EC",
    "x": "AI3dMWwA7drmrTG_qQ5FVwod6Y3YplZl9_kg_FDkjHcsdw4gOdXgYaPq4J8oD5UIyQzJq6mmAT9HWhOvC3A7om84",
    "y": "APod7wMBzpauVHu7w5ne6MjbcxBzJM6qLI_TC-VkGWeBtnGwuvHFCYEY8LVCAOhT9aLj9bjtjdIClHVcNaNeCkEf",
}
THUMBPRINT = "0p35d_ahwWS3ilPpds5NhYsKIoth5VjBvaD3uNz9C8o"
SIGNING = {"alg": "ES512", "crv": "P-521", "key_ops": ["verify"], "kty": "EC", "x": "AYo598m", "y": "AAAA"}
URL = "http://vault:7500"


def jwe(url=URL, kid=THUMBPRINT, keys=(EXCHANGE, SIGNING), content=KEY):
    """What clevis keeps, with the key in clear where the ciphertext would be."""
    header = {"clevis": {"pin": "tang", "tang": {"adv": {"keys": keys}, "url": url}}, "kid": kid}
    parts = (json.dumps(header).encode(), content)
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)


@pytest.fixture
def tang(monkeypatch):
    """The module, with a vault that has THUMBPRINT; `tang.away` and `tang.refuses` say otherwise."""
    made = SimpleNamespace(away=False, refuses=False, exchanges=0)

    def unlock(held):
        made.exchanges += 1
        if made.away or made.refuses:
            raise tang_module.Unanswered(
                f"{URL} does not answer", "No route to host", "start it", silent=made.away
            )
        content = held.split(b".")[1]
        return base64.urlsafe_b64decode(content + b"=" * (-len(content) % 4))

    monkeypatch.setattr(tang_module, "unlock", unlock)
    monkeypatch.setattr(tang_module, "bind", lambda key, url, signing: jwe(url=url, content=key))
    return made


@pytest.fixture
def layout(tmp_path):
    return Layout(
        method="fscrypt",
        backing=tmp_path / "volume.img",
        mount=tmp_path / "mount",
        encrypted_dir=tmp_path / "mount/encrypted",
        key=tmp_path / "volume.key",
        bound=tmp_path / "volume.jwe",
        tang_url=URL,
        size_gib=1,
    )


@pytest.fixture
def keep(tang, layout):
    """keep(…) as Ansible calls it, with the keys it read on the vault."""
    signing = thumbprint(SIGNING)

    def run(key=KEY, signing=(signing,), exchange=(THUMBPRINT,), dry_run=False, layout=layout):
        return bind_key.keep(layout, key.hex(), bind_key.Trusted(signing, exchange), dry_run)

    return run


def test_a_key_has_the_thumbprint_that_jose_gives_it():
    assert thumbprint(EXCHANGE) == THUMBPRINT


def test_whom_a_key_is_bound_to_is_read_from_its_header():
    found = tang_module.binding(jwe())
    assert (found.url, found.exchange, found.public) == (URL, THUMBPRINT, EXCHANGE["x"])
    assert found.advertised == {THUMBPRINT, thumbprint(SIGNING)}


@pytest.mark.parametrize("held", [b"", b"...", b"e30.", jwe(kid="another"), jwe(keys=[{"kty": "EC"}])])
def test_what_clevis_did_not_make_is_told(held):
    with pytest.raises(HostError, match="bound key can't be read"):
        tang_module.binding(held)


def test_a_bound_key_takes_the_place_of_the_open_one(keep, layout):
    layout.key.write_bytes(KEY)
    layout.key.with_suffix(".new").write_bytes(KEY)
    assert keep(dry_run=True)
    assert layout.key.exists()
    assert not layout.bound.exists()
    assert keep()
    assert [path.name for path in layout.key.parent.iterdir()] == ["volume.jwe"]
    assert layout.bound.stat().st_mode & 0o7777 == 0o400
    assert not keep()


def test_the_open_key_stays_until_the_bound_one_came_back(keep, layout, tang, monkeypatch):
    layout.key.write_bytes(KEY)
    monkeypatch.setattr(tang_module, "bind", lambda key, url, signing: jwe(content=b"something else"))
    with pytest.raises(HostError, match="does not come back"):
        keep()
    assert layout.key.read_bytes() == KEY
    assert not layout.bound.exists()


def test_without_a_server_the_key_lies_in_its_file_again(keep, layout):
    assert keep()
    alone = dataclasses.replace(layout, tang_url="")
    assert keep(layout=alone)
    assert (layout.key.read_bytes(), layout.bound.exists()) == (KEY, False)
    assert not keep(layout=alone)


def test_new_keys_of_the_server_bind_it_anew(keep, layout):
    layout.bound.write_bytes(jwe(kid="x", keys=(EXCHANGE, SIGNING)))
    assert keep()
    layout.bound.unlink()
    layout.bound.write_bytes(jwe(url="http://former:7500"))
    layout.bound.chmod(0o400)
    assert keep()
    assert not keep()


def test_a_signing_key_that_is_no_longer_the_servers_binds_it_anew(keep):
    assert keep()
    assert keep(signing=("A" * 43,), dry_run=True)
    assert not keep(dry_run=True)


def test_a_server_that_lost_its_part_binds_it_anew(keep, tang):
    assert keep()
    tang.refuses = True
    assert keep(dry_run=True)


@pytest.mark.parametrize("signing", [(), ("A" * 43,)], ids=["unknown", "another"])
def test_a_key_is_bound_to_nobody_whose_keys_are_not_known(keep, tang, signing):
    if signing:  # clevis compares them; here the exchange key gives the impostor away
        with pytest.raises(HostError, match="another host's key was offered"):
            keep(signing=signing, exchange=("B" * 43,))
    else:
        with pytest.raises(HostError, match="are not known"):
            keep(signing=(), exchange=())


def test_an_open_volume_does_not_need_the_server(keep, layout, tang, monkeypatch):
    assert keep()
    tang.away = True
    with pytest.raises(tang_module.Unanswered):
        keep(signing=(), exchange=())
    monkeypatch.setattr(ext4, "mounted_device", lambda target: "/dev/loop7")
    assert not keep(signing=(), exchange=())


def test_a_run_killed_between_file_and_binding_leaves_a_key(layout, tang):
    layout.key.write_bytes(KEY)
    assert keys.read(layout) == KEY
    assert tang.exchanges == 0
    layout.bound.write_bytes(jwe(content=KEY[::-1]))
    assert keys.read(layout) == KEY[::-1]


def test_the_wait_ends_when_the_server_answers_and_says_why_once(layout, tang, monkeypatch, tmp_path, capsys):
    layout.bound.write_bytes(jwe())
    tang.away = True
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        tang.away = len(pauses) < 7

    monkeypatch.setattr(wait_for_key.time, "sleep", sleep)
    heard = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(heard))
        monkeypatch.setenv("NOTIFY_SOCKET", str(heard))
        assert wait_for_key.key_when_it_comes(layout) == KEY
        first, last = manager.recv(4096), manager.recv(4096)
    assert pauses == [1, 2, 4, 8, 8, 8, 8]
    assert first == b"STATUS=waiting: http://vault:7500 does not answer (No route to host): start it"
    assert last == b"STATUS="
    assert capsys.readouterr().err.count("waiting: http://vault:7500 does not answer (No route to host)") == 1


def test_a_missing_key_is_no_reason_to_wait(layout, tang):
    with pytest.raises(HostError, match="can't be read") as refused:
        wait_for_key.key_when_it_comes(layout)
    assert not isinstance(refused.value, tang_module.Unanswered)


def test_a_silent_server_and_one_that_refuses_are_told_apart(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(tang_module.Unanswered, match="does not answer .Connection refused.") as silent:
        tang_module.unlock(jwe(url=url))
    assert silent.value.silent

    class Lost(http.server.BaseHTTPRequestHandler):
        do_GET = do_POST = lambda self: self.send_error(404)

        def log_message(*_):
            return None

    server = http.server.HTTPServer(("127.0.0.1", 0), Lost)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        monkeypatch.setenv("http_proxy", url)  # nobody's proxy is asked
        with pytest.raises(tang_module.Unanswered, match="answers but does not open") as refusing:
            tang_module.unlock(jwe(url=f"http://127.0.0.1:{server.server_port}"))
    finally:
        server.shutdown()
        server.server_close()
    assert not refusing.value.silent


def test_no_key_is_told_by_the_tang_probe(tmp_path, monkeypatch):
    monkeypatch.setattr(tang_probe, "access", lambda path: Access(str(path), "_tang", "_tang", "0440"))
    for name, key in ((f"{THUMBPRINT}.jwk", EXCHANGE), (".old.jwk", SIGNING)):
        (tmp_path / name).write_text(json.dumps({**key, "d": "SECRET"}), "utf-8")
    (tmp_path / "note.txt").write_text("no key", "utf-8")
    told = tang_probe.keys(tmp_path)
    assert "SECRET" not in str(told)
    assert (told.advertised.signing, told.advertised.exchange) == ([], [THUMBPRINT])
    assert [key.advertised for key in told.keys] == [False, True]


def test_a_luks_key_goes_through_a_pipe_only(monkeypatch, layout):
    calls = []
    monkeypatch.setattr(luks, "run", lambda *command, given=None: calls.append((command, given)) or "")
    luks.make(layout.backing, KEY)
    luks.unlock(layout, KEY)
    assert [command[1] for command, _ in calls] == ["luksFormat", "open", "open"]
    for command, given in calls:
        assert given == KEY
        assert command[command.index("--key-file") + 1] == "-"
        assert KEY.hex() not in " ".join(command)


def test_a_luks_volume_without_its_header_is_given_one_and_nothing_is_overwritten(monkeypatch, layout):
    luks_layout = dataclasses.replace(layout, method="luks")
    layout.key.write_bytes(KEY)
    layout.backing.write_bytes(b"")
    given = []
    monkeypatch.setattr(make.luks, "make", lambda backing, key: given.append(key))
    monkeypatch.setattr(make.ext4, "signature", lambda backing: "")
    assert make.make(luks_layout, dry_run=True)
    assert given == []
    assert make.make(luks_layout)
    assert given == [KEY]
    monkeypatch.setattr(make.ext4, "signature", lambda backing: "crypto_LUKS")
    monkeypatch.setattr(make, "_reserve", lambda image, size: None)
    make.make(luks_layout)
    assert given == [KEY]


def test_thumbprints_may_begin_with_a_dash():
    """One of 64 does: base64url has dashes (RFC 7638, RFC 4648 section 5)."""
    given = program.arguments(["keep-key", "--signing=-cQ8", "--signing=--x", "--exchange=-", "--dry-run"])
    assert (given.signing, given.exchange, given.dry_run) == (["-cQ8", "--x"], ["-"], True)
