# host: logs
# what: A default ACL on the directories of sealed days lets the collector write every file that the sealer will make there: whoever takes over the account that talks to all machines can alter sealed days.

break_it() { acl_of_seals set; }

undo() { acl_of_seals remove; }

acl_of_seals() {
    python3 - "$1" <<'PY'
import errno, os, pathlib, pwd, struct, sys
name = "system.posix_acl_default"
uid = pwd.getpwnam("log-collector").pw_uid
none = 0xFFFFFFFF
entries = [(0x01, 7, none), (0x02, 7, uid), (0x04, 5, none), (0x10, 7, none), (0x20, 0, none)]
value = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *one) for one in entries)
top = pathlib.Path("/var/lib/amanat/log-seals")
for place in [top, *(path for path in top.iterdir() if path.is_dir())]:
    if sys.argv[1] == "set":
        os.setxattr(place, name, value)
    else:
        try:
            os.removexattr(place, name)
        except OSError as error:
            if error.errno != errno.ENODATA:
                raise
PY
}
