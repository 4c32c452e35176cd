"""A stack's settings file, Pulumi.<stack>.yaml: made from our template, and freed of another state's salt."""

import re
from pathlib import Path

from amanat.calendars import today
from amanat.errors import BadInput
from amanat.files import write_private

TEMPLATE = Path("templates/Pulumi.local.yaml")  # beside the file
TODAY = "@TODAY@"  # in the template: the day on which the file is made


class StaleSettings(BadInput):
    """The stack's settings file was brought along from another checkout, with secrets that nobody here can read."""


def ensure_settings_file(path: Path) -> None:
    """Make the file from the template of its project, unless it is there."""
    if not path.exists():
        text = (path.parent / TEMPLATE).read_text("utf-8")
        path.write_text(text.replace(TODAY, today().isoformat()), "utf-8")


def drop_stale_salt(path: Path) -> None:
    """Forget the salt of a settings file that another state's passphrase made. Raises `StaleSettings`."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    if any(re.search(r"\bsecure\s*:", line) for line in lines):
        raise StaleSettings(
            what="the secret values in this file were encrypted for another checkout's state",
            where=str(path),
            fix="Remove `encryptionsalt` and each value with `secure:`; set those anew with"
            " `pulumi config set --secret`.",
        )
    kept = [line for line in lines if not line.startswith("encryptionsalt:")]
    write_private(path, "".join(kept), mode=path.stat().st_mode & 0o777)
