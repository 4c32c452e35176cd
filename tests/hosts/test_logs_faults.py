"""Lines of any bytes and size are stored as they were, and a full disk of the log server loses none."""

import json
import secrets

from amanat.audit.waiting import wait_until

ARRIVAL_SECONDS = 30
ALERT_SECONDS = 300  # LogsBehind: two minutes, one more, and the monitoring's own steps
CATCH_UP_SECONDS = 180
ROOM_MIB = 8  # that the small disk has beside what is stored
LINES = 60_000  # of 300 bytes and more: several times that room
# A line of each kind, sent to journald by its own protocol, so that the bytes are these; a large one as a sealed file.
SEND = """
/usr/bin/python3 -IB << 'END'
import fcntl, hashlib, json, os, socket, struct

VALUES = {{
    "persian": "پیام فارسی ۱۲۳ \\u202eوارونه\\u202c 🔒".encode(),
    "garbage": bytes(range(256)) * 200,
    "not UTF-8": b"\\xff\\xfe\\xc0\\x80 text \\xed\\xa0\\x80",
    "forged": b"\\n__CURSOR=forged\\n__SEQNUM=1\\n\\n__CURSOR=another\\n",
    "nothing": b"",
    "a megabyte": b"x" * 1_000_000,
}}
sent = {{}}
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.connect("/run/systemd/journal/socket")
for name, value in VALUES.items():
    entry = f"SYSLOG_IDENTIFIER={token}\\nAMANAT_TEST={{name}}\\n".encode()
    entry += b"MESSAGE\\n" + struct.pack("<Q", len(value)) + value + b"\\n"
    file = os.memfd_create("entry", os.MFD_ALLOW_SEALING)
    os.write(file, entry)
    fcntl.fcntl(file, fcntl.F_ADD_SEALS,
                fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL)
    socket.send_fds(journal, [b""], [file])
    os.close(file)
    sent[name] = hashlib.sha256(value).hexdigest()
print(json.dumps(sent))
END
"""
STORED = """
PYTHONPATH=/usr/lib/amanat /usr/bin/python3 -B << 'END'
import hashlib, json, pathlib, re, struct
from amanat_host.logs.stored_entries import read_entries

def message(raw):
    text = re.search(rb"^MESSAGE=([^\\n]*)\\n", raw, re.M)
    if text:
        return text.group(1)
    start = raw.index(b"\\nMESSAGE\\n") + len(b"\\nMESSAGE\\n")
    (length,) = struct.unpack_from("<Q", raw, start)
    return raw[start + 8 : start + 8 + length]

found = {{}}
for path in pathlib.Path("/var/lib/amanat/logs/store").glob("*.export"):
    for entry in read_entries(path):
        if b"SYSLOG_IDENTIFIER={token}\\n" in entry.raw:
            name = re.search(rb"^AMANAT_TEST=(.*)$", entry.raw, re.M).group(1).decode()
            found[name] = hashlib.sha256(message(entry.raw)).hexdigest()
print(json.dumps(found))
END
"""
# The stored journals on a disk that has little room beside them, and back on the log server's own.
PLACE = "/var/lib/amanat/logs"
SMALL = "/run/small-disk"
SHRINK = f"""
set -eu
systemctl stop amanat-logs.service
size=$(( $(du --summarize --block-size=1M {PLACE} | cut --fields=1) + {ROOM_MIB} ))
mkdir {SMALL}
mount -t tmpfs -o size="${{size}}m" tmpfs {SMALL}
cp --archive {PLACE}/. {SMALL}/
mount --bind {SMALL} {PLACE}
systemctl start amanat-logs.service
"""
GROW = f"mount -o remount,size=1g {SMALL}"
RESTORE = f"""
set -eu
systemctl stop amanat-logs.service
umount {PLACE}
cp --archive {SMALL}/. {PLACE}/
umount {SMALL}
rmdir {SMALL}
systemctl start amanat-logs.service
"""
IS_FULL = (
    "journalctl --quiet --unit=amanat-logs.service --since=-5min --grep='No space left' | tail --lines=1"
)
WRITE = "seq --format='{token} %.0f {padding}' 1 {lines} | systemd-cat --identifier=test-lines"


def test_a_line_is_stored_as_it_was_whatever_it_is(live_stack):
    token = f"test-{secrets.token_hex(8)}"
    sent = json.loads(live_stack.root("store", SEND.format(token=token)))

    def are_stored():
        return json.loads(live_stack.root("logs", STORED.format(token=token))) == sent

    assert wait_until(are_stored, ARRIVAL_SECONDS), live_stack.root("logs", STORED.format(token=token))


def test_a_full_disk_of_the_log_server_loses_nothing_and_is_told(live_stack):
    token = f"line-{secrets.token_hex(8)}"
    live_stack.root("logs", SHRINK)
    try:
        live_stack.root("store", WRITE.format(token=token, padding="x" * 250, lines=LINES))
        assert wait_until(lambda: live_stack.root("logs", IS_FULL), CATCH_UP_SECONDS)
        assert wait_until(lambda: "LogsBehind" in live_stack.amanat("status").out, ALERT_SECONDS)
        assert distinct(live_stack, token) < LINES, "the disk was not full"
        live_stack.root("logs", GROW)
        assert wait_until(lambda: distinct(live_stack, token) == LINES, CATCH_UP_SECONDS)
    finally:
        live_stack.root("logs", RESTORE)
    verified = live_stack.amanat("logs", "verify", "--json")
    assert verified.code == 0, verified.out + verified.err
    assert {one["lost"] for one in verified.json.values()} == {0}
    assert distinct(live_stack, token) == LINES


def distinct(live_stack, token):
    """How many different lines of a writer are stored."""
    pattern = f"'^MESSAGE={token} [0-9]*'"
    found = f"grep --text --no-filename --only-matching {pattern} {PLACE}/store/*.export || test $? = 1"
    return int(live_stack.root("logs", f"({found}) | sort --unique | wc --lines"))
