# host: store
# what: Extended ACLs let the login "auditor" read every line of the journal, names and addresses in it, without sudo and so without any record of the access; modes, owners and groups are as they were.

break_it() { acl_of_journal set; }

undo() { acl_of_journal remove; }

acl_of_journal() {
    python3 - "$1" <<'PY'
import errno, os, pathlib, pwd, stat, struct, sys
name, none = "system.posix_acl_access", 0xFFFFFFFF
uid = pwd.getpwnam("auditor").pw_uid
top = pathlib.Path("/var/log/journal")
for path in [*top.glob("*"), *top.glob("*/*.journal")]:
    own = stat.S_IMODE(path.stat().st_mode)
    try:
        value = os.getxattr(path, name)
        entries = [one for one in struct.iter_unpack("<HHI", value[4:])]
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        entries = [(0x01, own >> 6 & 7, none), (0x04, own >> 3 & 7, none), (0x20, own & 7, none)]
    entries = [one for one in entries if one[:1] + one[2:] != (0x02, uid)]
    named = [one for one in entries if one[0] in (0x02, 0x08)]
    if sys.argv[1] == "set":
        entries.append((0x02, 5 if path.is_dir() else 4, uid))
        if not any(one[0] == 0x10 for one in entries):
            entries.append((0x10, own >> 3 & 7, none))
    elif not named:
        entries = [one for one in entries if one[0] != 0x10]
    entries.sort(key=lambda one: (one[0], one[2]))
    os.setxattr(path, name, struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *one) for one in entries))
PY
}
