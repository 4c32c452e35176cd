# host: logs
# what: An extended attribute on sshd's cgroup tells journald to drop its lines with "Accepted": who logs in by which key is neither kept nor shipped, no number is missing, and no file, unit or process differs.

break_it() { filter set; }

undo() { filter remove; }

filter() {
    python3 - "$1" <<'PY'
import errno, os, sys
name = "user.journald_log_filter_patterns"
places = [place for place, _, _ in os.walk("/sys/fs/cgroup") if place.endswith("/ssh.service")]
done = 0
for place in places:
    try:
        if sys.argv[1] == "set":
            os.setxattr(place, name, b"\xffAccepted\0")  # none allowed by name; denied: this pattern
        else:
            os.removexattr(place, name)
        done += 1
    except OSError as error:
        if error.errno not in (errno.ENODATA, errno.EOPNOTSUPP, errno.EROFS, errno.EPERM):
            raise
if sys.argv[1] == "set" and not done:
    sys.exit("no cgroup of sshd takes attributes")
PY
}
