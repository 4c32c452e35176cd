"""Read the archive's rows of state, and the events that tell how they came to be. Changes nothing, takes no arguments.

No secret is told: of the pepper, 64 random bytes, its SHA-256. Events of disclosures are left out; what they are of is
in the record of disclosures. Whom a legal hold is of is told as a SHA-256 with a salt of this answer's own: enough to
see that a hold is what its events say.
"""

from __future__ import annotations

import json
import secrets

from amanat_host.answers.archive import StateRows
from amanat_host.archive.cluster import REAL, become_postgres, query
from amanat_host.entry import probe

# No role's settings decide how values are written.
SESSION = "SET search_path = pg_catalog; SET timezone = 'UTC'; SET bytea_output = hex; BEGIN READ ONLY;"
# Item -> value. Whether there is one row where there must be one is told with it.
ROWS = r"""
SELECT jsonb_object_agg(item, value) FROM (
    SELECT s.item, s.value FROM archive.machine AS m, LATERAL (VALUES
        ('retention', m.message_retention_days || ' days'),
        ('clock offset', m.clock_offset::text),
        ('pepper', encode(sha256(m.pepper), 'hex')),
        ('partitions', to_char(m.partitions_from, 'YYYY-MM') || ' to ' || to_char(m.partitions_until, 'YYYY-MM'))
    ) AS s (item, value)
    UNION ALL
    SELECT s.item, s.value FROM archive.access_days AS d, LATERAL (VALUES
        ('ip retention', d.ip_retention_days || ' days'),
        ('days', to_char(d.days_from, 'YYYY-MM-DD') || ' to ' || to_char(d.days_until, 'YYYY-MM-DD'))
    ) AS s (item, value)
    UNION ALL SELECT 'rows of machine', count(*)::text FROM archive.machine
    UNION ALL SELECT 'rows of access_days', count(*)::text FROM archive.access_days
    UNION ALL SELECT 'rows of sealing_turn', count(*)::text FROM archive.sealing_turn
    UNION ALL SELECT 'channel ' || name, description FROM archive.channel
    UNION ALL SELECT 'means ' || name, description FROM archive.means
    UNION ALL SELECT 'access event ' || name, description FROM archive.access_event
    UNION ALL SELECT 'sealing key ' || id, encode(sha256(key), 'hex') FROM archive.sealing_key
    UNION ALL
    SELECT 'hold ' || id, format('order %s, approved by %s, selector %s, until %s', order_number, approver,
                                 {selector}, to_jsonb(ends_at) #>> '{{}}')
    FROM archive.hold
    UNION ALL SELECT 'release of hold ' || hold, 'approved by ' || approver FROM archive.hold_release
    UNION ALL
    SELECT 'months of ' || p.relname, string_agg(replace(right(c.relname, 7), '_', '-'), ' ' ORDER BY c.relname)
    FROM pg_inherits AS i JOIN pg_class AS p ON p.oid = i.inhparent JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE p.oid IN ('archive.message'::regclass, 'archive.transaction'::regclass)
    GROUP BY p.relname
    UNION ALL
    SELECT 'days of access', string_agg(replace(right(c.relname, 10), '_', '-'), ' ' ORDER BY c.relname)
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'archive.access'::regclass
    HAVING count(*) > 0
) AS rows;
"""
EVENTS = """
SELECT coalesce(jsonb_agg(jsonb_build_object(
    'id', id, 'at', recorded_at, 'kind', kind, 'by', done_by, 'detail', CASE
        WHEN kind = 'hold' THEN {detail}
        WHEN kind = 'row' AND detail ->> 'table' = 'hold'
            THEN jsonb_build_object('table', 'hold', 'before', {before}, 'after', {after})
        ELSE detail END) ORDER BY id), '[]')
FROM archive.event WHERE kind NOT IN ('disclosure found', 'disclosure fetched');
"""
SALTED = "encode(sha256(convert_to('{salt}' || ({of} -> 'selector')::text, 'UTF8')), 'hex')"
SALT_BYTES = 32


def rows() -> StateRows:
    """Both, of one moment. Raises HostError where the database refuses."""
    become_postgres()
    session = f"{SESSION} SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;"
    there, events = query(f"{session}{statements()}", REAL).split("\n")  # text has other ends of lines in it
    return StateRows(json.loads(there), json.loads(events))


def statements() -> str:
    """Both queries, with a salt for whom holds are of that nobody has seen before, and nobody keeps."""
    salt = secrets.token_hex(SALT_BYTES)

    def salted(of: str) -> str:
        return f"{of} || jsonb_build_object('selector', {SALTED.format(salt=salt, of=of)})"

    parts = {of: salted(f"nullif(detail -> '{of}', 'null')") for of in ("before", "after")}
    rows = ROWS.format(selector=SALTED.format(salt=salt, of="to_jsonb(hold)"))
    return rows + EVENTS.format(detail=salted("detail"), **parts)


main = probe(__doc__, {"": rows})
