"""Measure how long the questions about an address and an account take over half a year of access records.

On a scratch cluster beside the real archive, with its migrations: made-up records of one size for every day of the
retention, then each question several times for other addresses and accounts, through `archive.select_access`, which is
what a disclosure asks. One address in a thousand is a carrier's, with a tenth of all records between them. Prints one
JSON object: seconds of each question (median and worst), and of one look of the sealing job for records to chain. Its
`ratio` is the second that a question may take, against the worst.
"""

from __future__ import annotations

import argparse
import json
import statistics

from amanat_host.archive.bench import deploy
from amanat_host.archive.cluster import Scratch, become_postgres, query
from amanat_host.entry import print_json, program
from amanat_host.errors import HostError

DAYS = 190
ALLOWED_SECONDS = 1.0
BYTES_PER_ROW = 500  # with its indexes and the log of writing it
SETTINGS = {
    "shared_buffers": "256MB",
    "max_wal_size": "1GB",
    "fsync": "off",
    "autovacuum": "off",
    "jit": "off",
}
MAKE = f"""
ALTER TABLE archive.access DISABLE TRIGGER durable_commit;
SELECT archive.make_day(archive.day_of(now()) - day) FROM generate_series(1, {DAYS}) AS day;
"""
# A prime step spreads accounts and addresses over the days; ids and the clock go with the time, as they do.
FILL = f"""
INSERT INTO archive.access (id, xact, recorded_at, occurred_at, client_port, account, event, outcome, client_ip,
                            user_agent, request_id)
OVERRIDING SYSTEM VALUE
SELECT n, n - 1000000000, at, at - interval '1 second', 1024 + (n * 7919) % 64000,
       '+98912' || lpad(((n * 104729) % 1000000)::text, 7, '0'), 'login', 'success',
       CASE WHEN n % 10 = 0 THEN inet '100.64.0.0' + (n / 10 % 200) ELSE inet '10.0.0.0' + (n * 15485863) % 200000 END,
       'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile', md5(n::text)
FROM (SELECT n, archive.day_start(archive.day_of(now()) - {DAYS} + {{day}})
                + interval '1 day' * ((n - {{first}})::float / {{rows}}) AS at
      FROM generate_series({{first}}::bigint, {{first}} + {{rows}} - 1) AS n) AS made;
"""
SELECTORS = {
    "address_port_second": "'ip', host(client_ip), 'port', client_port::text, 'from', second,"
    " 'until', second + '1 s'::interval",
    "carrier_second": "'ip', host(client_ip), 'from', second, 'until', second + '1 s'::interval",
    "carrier_port_31_days": "'ip', host(client_ip), 'port', client_port::text, 'from', second - '15 d'::interval,"
    " 'until', second + '16 d'::interval",
    "account_31_days": "'parties', jsonb_build_array(account), 'from', second - '15 d'::interval,"
    " 'until', second + '16 d'::interval",
}
# Records drawn by their place among all, carriers' for the questions that name them.
ASK = """
SET ROLE archive_owner; SET timezone = 'UTC'; SET jit = off;
CREATE TEMPORARY TABLE asked AS
SELECT jsonb_build_object('record', 'access', {selector}) AS selector
FROM (SELECT *, date_trunc('second', occurred_at) AS second FROM archive.access
      WHERE id IN (SELECT (draw * {rows}::bigint / {times} / 10) * 10 + {carrier}
                   FROM generate_series(1, {times} - 1) AS draw)
     ) AS drawn;
CREATE TEMPORARY TABLE taken (seconds float, found integer);
DO $$
DECLARE
    one record;
    began timestamptz;
    found integer;
BEGIN
    FOR one IN SELECT * FROM asked LOOP
        began := clock_timestamp();
        found := (SELECT cardinality(record_ids) + accounts FROM archive.select_access(one.selector));
        INSERT INTO taken VALUES (extract(epoch FROM clock_timestamp() - began), found);
    END LOOP;
END $$;
SELECT json_build_object('seconds', json_agg(seconds), 'without', count(*) FILTER (WHERE found = 0)) FROM taken;
"""
LOOK = """
DO $$
DECLARE
    began timestamptz;
BEGIN
    CREATE TEMPORARY TABLE looked (seconds float);
    FOR look IN 1 .. 20 LOOP
        PERFORM archive.seal_next();
        began := clock_timestamp();
        PERFORM archive.seal_next();
        INSERT INTO looked VALUES (extract(epoch FROM clock_timestamp() - began));
    END LOOP;
END $$;
SELECT json_agg(seconds) FROM looked;
"""


def measure(rows: int, times: int) -> dict[str, object]:
    """Fill the scratch archive day by day, and ask."""
    room = rows * BYTES_PER_ROW + (1 << 30)
    with Scratch(SETTINGS, room) as scratch:
        deploy(scratch)
        query(MAKE, scratch.where)
        a_day = rows // DAYS
        for day in range(DAYS):
            query(FILL.format(day=day, first=day * a_day, rows=a_day), scratch.where)
        query("VACUUM ANALYZE archive.access;", scratch.where)
        said: dict[str, object] = {"rows": a_day * DAYS, "days": DAYS, "times": times}
        worst = 0.0
        for name, selector in SELECTORS.items():
            carrier = 0 if name.startswith("carrier") else 7
            asked = ASK.format(selector=selector, rows=a_day * DAYS, times=times, carrier=carrier)
            answer = json.loads(query(asked, scratch.where).splitlines()[-1])
            if answer["without"]:
                raise HostError(f"{answer['without']} questions of {name} found nothing")
            worst = max(worst, *answer["seconds"])
            said |= _figures(name, answer["seconds"])
        said |= _figures("look_of_sealing", json.loads(query(LOOK, scratch.where)))
    return {"ratio": round(ALLOWED_SECONDS / worst, 2), **said}


def _figures(name: str, seconds: list[float]) -> dict[str, float]:
    return {
        f"{name}_seconds": round(statistics.median(seconds), 4),
        f"{name}_worst_seconds": round(max(seconds), 4),
    }


@program
def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=50)
    given = parser.parse_args()
    become_postgres()
    print_json(measure(given.rows, given.times))
