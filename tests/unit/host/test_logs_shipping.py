"""What is asked of a machine's journal and what comes back: requests, the program that answers, the way over TLS."""

import datetime
import os
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from amanat_host.errors import HostError
from amanat_host.logs import requests
from amanat_host.logs.collect import Settings
from amanat_host.logs.requests import UnknownRequest
from amanat_host.logs.source import Address, NoAnswer, TlsSource, context
from tests.unit.host.journal import IDENTITY, exported

ROOT = Path(__file__).resolve().parents[3]
CURSOR = f"s={IDENTITY};i=1f;b={'b' * 32};m=bc52af4f1;t=661316cbaf0ca;x=c3f28ab82c66a749"


# --- Requests -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"follow {CURSOR}\n", [f"--cursor={CURSOR}", "--follow", "--no-tail"]),
        (f"range s={IDENTITY};i=1f\n", [f"--cursor=s={IDENTITY};i=1f"]),
        ("range head\n", []),
        ("follow head\n", ["--follow", "--no-tail"]),
    ],
)
def test_a_request_is_one_reading_from_a_cursor(line, words):
    (command,) = requests.commands(line.encode())
    assert command[0] == "/usr/bin/journalctl"
    assert [word for word in command[1:] if word not in requests._READ] == words


def test_both_ends_are_two_readings():
    first, last = requests.commands(b"ends\n")
    assert (first[-1], last[-1]) == ("--lines=+1", "--lines=1")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\n",
        "follow\n",
        f"follow {CURSOR}",
        f"follow {CURSOR}\nfollow {CURSOR}\n",
        f"follow {CURSOR} --file=/etc/shadow\n",
        "range --file=/etc/shadow\n",
        "range s=1;i=1\n",
        f"range s={IDENTITY};i=1;x=--vacuum-size=1\n",
        f"erase {CURSOR}\n",
        "ends head\n",
        "follow head\r\n",
        "follow h\u00e9ad\n",
    ],
)
def test_nothing_else_is_a_request(line):
    with pytest.raises(UnknownRequest):
        requests.commands(line.encode())


READER = """
import sys
from amanat_host.logs import requests
requests._READ = (sys.executable, "-c", "import sys; print(sys.argv[1:]); sys.exit(%d)")
from amanat_host.logs import read_journal
read_journal.PATIENCE_SECONDS = 0.2
sys.exit(read_journal.main())
"""


def answer(given, status=0, **options):
    """What the program writes when it is asked, its journalctl being one that says how it was called."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "host")}
    return subprocess.run(
        [sys.executable, "-c", READER % status],
        input=given,
        env=environment,
        capture_output=True,
        timeout=30,
        check=False,
        **options,
    )


def test_an_answer_that_has_an_end_says_so():
    done = answer(b"ends\n")
    assert done.stdout == b"['--output-fields=_BOOT_ID', '--lines=+1']\n" + (
        b"['--output-fields=_BOOT_ID', '--lines=1']\n" + requests.end(0)
    )


def test_an_answer_that_failed_says_so():
    assert answer(b"range head\n", status=3).stdout.endswith(requests.end(3))


def test_whoever_follows_gets_the_reader_itself():
    done = answer(b"follow head\n", status=5)
    assert (done.stdout, done.returncode) == (b"['--follow', '--no-tail']\n", 5)


@pytest.mark.parametrize("given", [b"", b"follow", b"x" * 2000, b"follow --file=/etc/shadow\n"])
def test_who_asks_nothing_gets_nothing(given):
    done = answer(given)
    assert (done.stdout, done.returncode) == (b"", 1)


# --- Over TLS -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A certificate for localhost that is its own authority, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("pki") / "pair.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def serve(pair):
    """`serve(answer)`: a machine that answers so; gives its source. `serve.asked` has what it was asked."""
    listening = []

    def start(said, *, ends_orderly=True):
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(pair)
        server.verify_mode = ssl.CERT_REQUIRED
        server.load_verify_locations(pair)
        listener = socket.create_server(("127.0.0.1", 0))
        listening.append(listener)

        def work():
            while True:
                try:
                    plain, _ = listener.accept()
                    with server.wrap_socket(plain, server_side=True) as tls:
                        start.asked.append(tls.recv(1000))
                        tls.sendall(said)
                        if ends_orderly:
                            tls.unwrap()
                except OSError:
                    if listener.fileno() < 0:
                        return

        threading.Thread(target=work, daemon=True).start()
        return TlsSource(Address("localhost", listener.getsockname()[1]), context(pair, pair, pair))

    start.asked = []
    yield start
    for listener in listening:
        listener.close()


def test_a_range_is_all_that_came_before_its_end(serve):
    source = serve(exported(1) + exported(2) + requests.end(0))
    assert [one.number for one in source.range(CURSOR)] == [1, 2]
    assert serve.asked == [f"range {CURSOR}\n".encode()]


def test_a_machine_that_tells_more_than_its_ends_is_not_listened_to(serve):
    with pytest.raises(NoAnswer, match="more than the ends"):
        serve(b"".join(exported(number) for number in range(1, 9)) + requests.end(0)).ends()


def test_ends_are_the_first_and_the_last(serve):
    ends = serve(exported(1) + exported(9) + requests.end(0)).ends()
    assert (ends.first.number, ends.last.number) == (1, 9)
    assert serve(requests.end(0)).ends().last is None


@pytest.mark.parametrize("ends_orderly", [True, False])
@pytest.mark.parametrize(
    "said", [b"", exported(1), exported(1)[:-5], exported(1) + requests.end(0)[:-1], requests.end(1)]
)
def test_an_answer_that_broke_off_is_no_whole_one(serve, said, ends_orderly):
    with pytest.raises(NoAnswer):
        list(serve(said, ends_orderly=ends_orderly).range("head"))


def test_what_is_followed_comes_until_the_connection_ends(serve):
    with serve(exported(1) + exported(2)).follow("head") as following:
        found = []
        with pytest.raises(NoAnswer):  # noqa: PT012 - what came before is wanted
            while True:
                found += [one.number for one in following.entries(5.0)]
    assert found == [1, 2]


def test_a_machine_that_is_not_there_does_not_answer(pair):
    source = TlsSource(Address("localhost", 1), context(pair, pair, pair))
    with pytest.raises(NoAnswer, match="localhost does not answer"):
        source.ends()


# --- Settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"machines": ["a"], "port": "x"}'])
def test_settings_that_cannot_be_read_are_one_message(tmp_path, text):
    (tmp_path / "collect.json").write_text(text)
    with pytest.raises(HostError, match="the settings can't be read"):
        Settings.read(tmp_path / "collect.json")
