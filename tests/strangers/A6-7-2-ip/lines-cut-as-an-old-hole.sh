# host: logs
# what: Twenty lines of the vault were cut out of the stored open day, and the collector's state says that the vault lost them long ago: what the cut lines told is on no log server, and the numbers agree.

# The collector's own file of state and the day's file are changed together while it is stopped.
break_it() {
    systemctl stop amanat-logs.service
    python3 - <<'PY'
import json, pathlib, re
place = pathlib.Path("/var/lib/amanat/logs/vault")
state = json.loads((place / "state.json").read_text())
marked = "2026-10-01T00:00:00+00:00"
if not any(h["found_at"] == marked for n in state["numberings"] for h in n["holes"]):
    path = place / f"{state['day']}.export"
    data = path.read_bytes()[: state["length"]]
    head = re.compile(rb"(?:^|(?<=\n\n))__CURSOR=([^\n]+)\n__REALTIME_TIMESTAMP=\d+\n__MONOTONIC_TIMESTAMP=\d+\n__SEQNUM=(\d+)\n__SEQNUM_ID=([0-9a-f]{32})\n")
    found = [(m.start(), int(m[2]), m[3].decode(), m[1].decode()) for m in head.finditer(data)]
    known = {p["cursor"] for p in state["recent"]}
    for at in range(len(found) // 3, len(found) - 21):
        cut = found[at : at + 21]
        follow = all(b[1] == a[1] + 1 and a[2] == b[2] for a, b in zip(cut, cut[1:]))
        if follow and not known & {one[3] for one in cut[:20]}:
            break
    else:
        raise SystemExit("nothing to cut")
    begin, end, first, last = cut[0][0], cut[20][0], cut[0][1], cut[19][1]
    with path.open("r+b") as file:
        file.seek(begin)
        file.write(data[end:])
        file.truncate(len(data) - (end - begin))
    state["length"] -= end - begin
    state["entries"] -= 20
    for point in state["recent"]:
        if point["day"] == state["day"] and point["offset"] >= end:
            point["offset"] -= end - begin
    numbering = next(n for n in state["numberings"] if n["id"] == cut[0][2])
    numbering["holes"].append({"first": first, "last": last, "found_at": marked, "lost_at": marked, "attempts": 3, "merged": 0})
    with (place / "state.json").open("w") as file:
        file.write(json.dumps(state, separators=(",", ":")))
PY
    systemctl start amanat-logs.service
}

# Told that the lines may still come, the collector fetches them again from the vault's journal.
undo() {
    systemctl stop amanat-logs.service
    python3 - <<'PY'
import json, pathlib
path = pathlib.Path("/var/lib/amanat/logs/vault/state.json")
state = json.loads(path.read_text())
holes = [h for n in state["numberings"] for h in n["holes"] if h["found_at"].startswith("2026-10-01T00:00:00")]
for hole in holes:
    hole["lost_at"], hole["attempts"] = None, 0
if holes:
    with path.open("w") as file:
        file.write(json.dumps(state, separators=(",", ":")))
PY
    systemctl start amanat-logs.service
    local left
    for left in $(seq 60); do
        grep -q '2026-10-01T00:00:00' /var/lib/amanat/logs/vault/state.json || return 0
        sleep 1
    done
    return 1
}
