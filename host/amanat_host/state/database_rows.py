"""The few rows of tables that are configuration: lists that the law names, the retention, and what the guard keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Rows = Callable[..., list[tuple[Any, ...]]]
LEAST_RETENTION_DAYS = 186  # Article 6 clause 7-2: six months of the Solar Hijri calendar

# Table -> what of its rows is told. Nothing of who writes, and no secret: not the archive's pepper, no verifier.
CONFIGURATION = {
    "archive.channel": "SELECT 'channel ' || name, 'open' FROM archive.channel",
    "archive.means": "SELECT 'means of payment ' || name, 'open' FROM archive.means",
    "archive.machine": f"""
        SELECT 'retention of records', CASE WHEN message_retention_days >= {LEAST_RETENTION_DAYS}
                 THEN 'what the law names, or longer' ELSE message_retention_days || ' days' END
        FROM archive.machine
        UNION ALL
        SELECT 'partitions that writers count on: ' || t.parent, CASE WHEN NOT EXISTS (
            SELECT FROM generate_series(m.partitions_from, m.partitions_until - interval '1 day', '1 month') AS month
            WHERE to_regclass(format('archive.%s_%s', t.parent, to_char(month, 'YYYY_MM'))) IS NULL
          ) THEN 'are there' ELSE 'are not all there' END
        FROM archive.machine AS m, (VALUES ('message'), ('transaction')) AS t (parent)
        UNION ALL
        SELECT 'rows of archive.machine', count(*)::text FROM archive.machine
    """,
    "archive.access_event": "SELECT 'access event ' || name, 'open' FROM archive.access_event",
    "archive.access_days": f"""
        SELECT 'retention of addresses', CASE WHEN ip_retention_days >= {LEAST_RETENTION_DAYS}
                 THEN 'what the law names, or longer' ELSE ip_retention_days || ' days' END
        FROM archive.access_days
        UNION ALL
        SELECT 'partitions that writers count on: access', CASE WHEN NOT EXISTS (
            SELECT FROM generate_series(d.days_from, d.days_until - interval '1 hour', '1 day') AS day
            WHERE to_regclass(format('archive.access_%s', to_char(day, 'YYYY_MM_DD'))) IS NULL
          ) THEN 'are there' ELSE 'are not all there' END
        FROM archive.access_days AS d
        UNION ALL
        SELECT 'rows of archive.access_days', count(*)::text FROM archive.access_days
    """,
    # A change's number follows from its line of the plan and all lines before; the script is by its SHA-1.
    "sqitch.changes": """
        SELECT 'migration ' || change || CASE WHEN project = 'archive' THEN '' ELSE ' of ' || project END,
               format('%s, by the script %s', change_id, script_hash)
        FROM sqitch.changes
        UNION ALL
        SELECT 'migration ' || c.change || ': requires', string_agg(d.dependency, ', ' ORDER BY d.dependency)
        FROM sqitch.dependencies AS d JOIN sqitch.changes AS c USING (change_id) GROUP BY c.change
        UNION ALL
        SELECT 'migration ' || change || ': history', string_agg(event, ', ' ORDER BY committed_at)
        FROM sqitch.events WHERE event <> 'fail' GROUP BY change
        UNION ALL
        SELECT 'migrations: project ' || project, coalesce(uri, 'of no address') FROM sqitch.projects
        UNION ALL
        SELECT 'migrations: tag ' || tag, change_id FROM sqitch.tags
    """,
    "guard.role": """
        SELECT format('guard of role %I: setting %s', g.name, s.key), s.value
        FROM guard.role AS g, jsonb_each_text(g.settings) AS s
        UNION ALL
        SELECT format('guard of role %I: password', g.name),
               CASE WHEN g.verifier IS NULL THEN 'none'
                    WHEN g.verifier LIKE 'SCRAM-SHA-256$%' THEN 'scram-sha-256' ELSE 'of another kind' END
                 || CASE WHEN a.rolname IS NULL THEN ', of no role'
                         WHEN g.verifier IS DISTINCT FROM a.rolpassword THEN ', not the server''s' ELSE '' END
        FROM guard.role AS g LEFT JOIN pg_authid AS a ON a.rolname = g.name
    """,
}


def items(rows: Rows) -> dict[str, str]:
    """Those of the database that `rows` reads."""
    found: dict[str, str] = {}
    for table, query in CONFIGURATION.items():
        if rows("SELECT to_regclass(%s)", (table,))[0][0] is not None:
            found |= dict(rows(query))
    return found
