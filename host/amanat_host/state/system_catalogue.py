"""What initdb made in a database, and who may use what: whatever is otherwise than a new cluster has it.

There are some ten thousand such rows, which are the same in every database of a major version. So each system
catalogue is one item, a digest of all its rows; where two databases differ, the rows that do are told by name. Rights
and owners are told one by one, as far as they differ from those that initdb gave (pg_init_privs).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from amanat_host.state.database_objects import KIND, MADE_HERE, TEMPORARY

Rows = Callable[..., list[tuple[Any, ...]]]
RowByRow = Callable[
    [str, str], Mapping[str, str]
]  # database, item of a digest -> what each row is of, and the row
PINNED = 12000  # FirstUnpinnedObjectId: numbers below are the same in every cluster of a major version
SUPERUSER = 10  # BOOTSTRAP_SUPERUSERID

# Catalogues whose objects made here the questions of `database_objects` tell of. Whatever is made in another one is
# told by its description and owner: nothing of that kind is expected.
TOLD = frozenset(
    {
        *(
            "pg_attrdef",
            "pg_class",
            "pg_constraint",
            "pg_default_acl",
            "pg_enum",
            "pg_event_trigger",
            "pg_extension",
        ),
        *(
            "pg_foreign_data_wrapper",
            "pg_foreign_server",
            "pg_language",
            "pg_largeobject_metadata",
            "pg_namespace",
        ),
        *(
            "pg_policy",
            "pg_proc",
            "pg_publication",
            "pg_publication_namespace",
            "pg_publication_rel",
            "pg_rewrite",
        ),
        *("pg_trigger", "pg_type", "pg_user_mapping"),
    }
)
# Rows that say nothing of how something is (what is used, described, counted), or that other questions tell of whole.
NOT_COMPARED = frozenset(
    {
        *(
            "pg_depend",
            "pg_description",
            "pg_statistic",
            "pg_statistic_ext_data",
            "pg_largeobject",
            "pg_seclabel",
        ),
        *("pg_default_acl", "pg_inherits", "pg_init_privs", "pg_largeobject_metadata"),
    }
)
# Columns that change by use; rights and owners are told apart.
NOT_COMPARED_COLUMNS = frozenset(
    {
        *(
            "relfilenode",
            "relpages",
            "reltuples",
            "relallvisible",
            "relfrozenxid",
            "relminmxid",
            "relhasindex",
        ),
        *("relacl", "proacl", "typacl", "lanacl", "nspacl", "attacl", "lomacl", "fdwacl", "srvacl"),
        *("prosqlbody", "ev_action", "ev_qual", "indcheckxmin", "attoptions", "collversion"),
    }
)
CATALOGUES = """
SELECT c.relname, array_agg(a.attname ORDER BY a.attnum)
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared AND c.oid < 12000
  AND a.attnum > 0 AND NOT a.attisdropped
GROUP BY c.relname ORDER BY c.relname
"""
DIGEST = """
SELECT 'system catalogue %(catalogue)s', 'sha256 ' || encode(sha256(convert_to(
  string_agg(%(row)s, E'\\n' ORDER BY %(key)s), 'UTF8')), 'hex')
FROM pg_catalog.%(catalogue)s AS t WHERE %(number)s < 12000 HAVING count(*) > 0
"""
ROW_BY_ROW = """
SELECT pg_describe_object('pg_catalog.%(class)s'::regclass, %(number)s, %(sub)s), string_agg(%(row)s, E'\\n'
       ORDER BY %(row)s)
FROM pg_catalog.%(catalogue)s AS t WHERE %(number)s < 12000 GROUP BY 1
"""
# Catalogues whose rows belong to an object of another one, by which pg_describe_object knows them.
OF = {
    **dict.fromkeys(
        ("pg_attribute", "pg_index", "pg_sequence", "pg_foreign_table", "pg_partitioned_table"), "pg_class"
    ),
    "pg_aggregate": "pg_proc",
    "pg_range": "pg_type",
    "pg_ts_config_map": "pg_ts_config",
    "pg_largeobject_metadata": "pg_largeobject",
}

# What initdb's scripts make: system views and the information schema, by name. The rights of the latter are no initial
# ones to pg_init_privs, so they are part of it.
SYSTEM_VIEWS = """
SELECT 'view ' || c.oid::regclass, concat_ws(' ', c.relkind, c.relpersistence,
         CASE WHEN c.relnamespace = 'information_schema'::regnamespace THEN c.relacl::text END, c.reloptions,
           c.relrowsecurity,
         c.relforcerowsecurity, pg_get_viewdef(c.oid),
         (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
          FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0),
         (SELECT string_agg(concat_ws(' ', w.rulename, w.ev_type, w.ev_enabled, w.is_instead), ', '
           ORDER BY w.rulename)
          FROM pg_rewrite AS w WHERE w.ev_class = c.oid))
FROM pg_class AS c WHERE c.oid >= 12000 AND c.oid < 16384 AND c.relkind NOT IN ('t', 'i')
"""
SYSTEM_FUNCTIONS = """
SELECT 'function ' || p.oid::regprocedure,
       concat_ws(' ', p.prokind, p.prosecdef, p.proleakproof, p.proisstrict, p.provolatile, p.proparallel,
         p.proconfig, p.prolang,
         pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
           coalesce(pg_get_function_sqlbody(p.oid), p.prosrc))
FROM pg_proc AS p WHERE p.oid < 16384 AND (p.oid >= 12000 OR p.prosqlbody IS NOT NULL)
"""
SYSTEM_TYPES = """
SELECT 'type ' || t.oid::regtype,
       concat_ws(' ', t.typtype, t.typcategory, format_type(nullif(t.typbasetype, 0), t.typtypmod),
         t.typnotnull, t.typdefault,
         (SELECT string_agg(o.conname || ' ' || pg_get_constraintdef(o.oid) || o.convalidated, ', '
           ORDER BY o.conname)
          FROM pg_constraint AS o WHERE o.contypid = t.oid))
FROM pg_type AS t WHERE t.oid >= 12000 AND t.oid < 16384 AND t.typcategory <> 'A' AND t.typrelid = 0
"""
SYSTEM_TEXT_SEARCH = """
SELECT pg_describe_object('pg_ts_dict'::regclass, d.oid, 0), t.tmplname || ' ' || coalesce(d.dictinitoption, '')
FROM pg_ts_dict AS d JOIN pg_ts_template AS t ON t.oid = d.dicttemplate WHERE d.oid >= 12000 AND d.oid < 16384
UNION ALL
SELECT pg_describe_object('pg_ts_config'::regclass, c.oid, 0), c.cfgparser || ' ' || (
    SELECT string_agg(concat_ws(' ', m.maptokentype, m.mapseqno, d.dictname), ', ' ORDER BY m.maptokentype,
      m.mapseqno)
    FROM pg_ts_config_map AS m JOIN pg_ts_dict AS d ON d.oid = m.mapdict WHERE m.mapcfg = c.oid)
FROM pg_ts_config AS c WHERE c.oid >= 12000 AND c.oid < 16384
"""
INITIAL_RIGHTS = """
SELECT 'initial rights on ' || pg_describe_object(i.classoid, i.objoid, i.objsubid), i.initprivs::text
FROM pg_init_privs AS i WHERE i.objoid < 16384
"""
BY_NAME: Mapping[str, str] = {
    "views of initdb": SYSTEM_VIEWS,
    "functions of initdb": SYSTEM_FUNCTIONS,
    "types of initdb": SYSTEM_TYPES,
    "text search of initdb": SYSTEM_TEXT_SEARCH,
    "initial rights": INITIAL_RIGHTS,
}
DIGEST_BY_NAME = """
SELECT 'system catalogue: %s', 'sha256 ' || encode(sha256(convert_to(
  string_agg(item || '=' || value, E'\\n' ORDER BY item COLLATE "C"), 'UTF8')), 'hex')
FROM (%s) AS t (item, value)
"""

# Rights that were given or taken, for a grantee in one line; `*` may be passed on, and who granted it if not the owner.
SUMMED = """SELECT format('%s: %s %s', c.name, c.how, CASE c.grantee WHEN 0 THEN 'everyone'
                                     ELSE pg_get_userbyid(c.grantee) END),
       string_agg(c.privilege_type || CASE WHEN c.is_grantable THEN '*' ELSE '' END
         || CASE WHEN c.grantor <> c.owner THEN ' by ' || pg_get_userbyid(c.grantor) ELSE '' END,
         ' ' ORDER BY c.privilege_type)
FROM change AS c
GROUP BY c.name, c.how, c.grantee
"""

# Objects that have rights, and what they would have if nobody had given or taken any: those of initdb as
# pg_init_privs has them, those made here their owner's. Types of tables and arrays have those of what they belong to.
RIGHTS = f"""
WITH object AS (
    SELECT 'pg_class'::regclass AS class, c.oid, 0 AS sub,
           {KIND} || ' ' || format('%I.%I', n.nspname, c.relname) AS name,
           CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END AS letter, c.relowner AS owner, c.relacl AS acl
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
      AND (c.oid >= {MADE_HERE} OR n.nspname <> 'information_schema')
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid, a.attnum, 'column ' || format('%I.%I.%I', n.nspname, c.relname, a.attname),
           'c', c.relowner, a.attacl
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND c.relpersistence <> 't'
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, 0,
           format('%s %I.%I(%s)', CASE p.prokind WHEN 'a' THEN 'aggregate' WHEN 'p' THEN 'procedure'
             WHEN 'w' THEN 'window function' ELSE 'function' END, n.nspname, p.proname, oidvectortypes(p.proargtypes)),
           'f', p.proowner, p.proacl
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE p.proacl IS NOT NULL OR p.oid >= {MADE_HERE}
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, 0, 'type ' || t.oid::regtype, 'T', t.typowner, t.typacl
    FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
    WHERE t.typacl IS NOT NULL
       OR t.oid >= {MADE_HERE} AND t.typrelid = 0 AND t.typcategory <> 'A' AND n.nspname !~ {TEMPORARY}
    UNION ALL
    SELECT 'pg_language'::regclass, oid, 0, 'language ' || quote_ident(lanname), 'l', lanowner, lanacl FROM pg_language
    UNION ALL
    SELECT 'pg_namespace'::regclass, oid, 0, 'schema ' || quote_ident(nspname), 'n', nspowner, nspacl
    FROM pg_namespace WHERE nspname !~ {TEMPORARY}
    UNION ALL
    SELECT 'pg_foreign_data_wrapper'::regclass, oid, 0, 'foreign-data wrapper ' || quote_ident(fdwname), 'F',
           fdwowner, fdwacl
    FROM pg_foreign_data_wrapper
    UNION ALL
    SELECT 'pg_foreign_server'::regclass, oid, 0, 'foreign server ' || quote_ident(srvname), 'S', srvowner, srvacl
    FROM pg_foreign_server
    UNION ALL
    (SELECT 'pg_largeobject'::regclass, oid, 0, 'large object ' || oid, 'L', lomowner, lomacl
     FROM pg_largeobject_metadata ORDER BY oid LIMIT 20)
), known AS MATERIALIZED (
    SELECT o.*, acldefault(o.letter::"char", o.owner) AS standard, i.initprivs
    FROM object AS o LEFT JOIN pg_init_privs AS i
      ON i.classoid = o.class AND i.objoid = o.oid AND i.objsubid = o.sub AND o.oid < {MADE_HERE}
    WHERE o.oid >= {MADE_HERE} OR o.acl IS DISTINCT FROM i.initprivs
), has AS (
    SELECT k.name, k.owner, e.* FROM known AS k, aclexplode(coalesce(k.acl, k.standard)) AS e
), had AS (
    SELECT k.name, k.owner, e.*
    FROM known AS k LEFT JOIN pg_type AS t ON k.class = 'pg_type'::regclass AND t.oid = k.oid,
         aclexplode(coalesce(k.initprivs, k.standard)) AS e
    WHERE k.oid < {MADE_HERE} OR e.grantee = k.owner OR t.typrelid <> 0 OR t.typcategory = 'A'
), change AS (
    SELECT 'rights of' AS how, g.* FROM (SELECT * FROM has EXCEPT SELECT * FROM had) AS g
    UNION ALL
    SELECT 'rights taken from', g.* FROM (SELECT * FROM had EXCEPT SELECT * FROM has) AS g
)
{SUMMED}"""


class SystemCatalogue:
    """The system catalogue of one database; `rows` runs a query there."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.catalogues: dict[str, list[str]] = dict(rows(CATALOGUES))

    def items(self) -> dict[str, str]:
        """A digest of each catalogue's rows that initdb made."""
        compared = [name for name in self.catalogues if name not in NOT_COMPARED]
        queries = [DIGEST % self._words(name) for name in compared]
        queries += [DIGEST_BY_NAME % (name, query) for name, query in BY_NAME.items()]
        return dict(self.rows("\nUNION ALL\n".join(f"({query})" for query in queries)))

    def row_by_row(self, item: str) -> dict[str, str]:
        """The rows that the digest of this item covers, by what they are of."""
        name = item.removeprefix("system catalogue ").removeprefix("system catalogue: ")
        query = BY_NAME.get(name) or ROW_BY_ROW % self._words(name)
        return dict(self.rows(query))

    def made_here(self) -> dict[str, str]:
        """Objects of kinds that no other question tells of, and those of initdb that another one owns."""
        queries = []
        for name, columns in self.catalogues.items():
            if "oid" not in columns:
                continue
            owner = next((column for column in columns if column.endswith("owner")), None)
            described = f"pg_describe_object('pg_catalog.{OF.get(name, name)}'::regclass, t.oid, 0)"
            owned = f"'owner ' || pg_get_userbyid(t.{owner})" if owner else "'there'"
            if name not in TOLD:
                queries.append(
                    f"SELECT {described}, {owned} FROM pg_catalog.{name} AS t WHERE t.oid >= {MADE_HERE}"
                )
            if owner:
                queries.append(
                    f"SELECT {described} || ': owner', pg_get_userbyid(t.{owner}) FROM pg_catalog.{name} AS t"
                    f" WHERE t.oid < {MADE_HERE} AND t.{owner} <> {SUPERUSER}"
                )
        return dict(self.rows("\nUNION ALL\n".join(queries)))

    def _words(self, catalogue: str) -> dict[str, str]:
        columns = self.catalogues[catalogue]
        number = next((name for name in columns if name == "oid"), columns[0])
        kept = [name for name in columns if name not in NOT_COMPARED_COLUMNS and not name.endswith("owner")]
        return {
            "catalogue": catalogue,
            "class": OF.get(catalogue, catalogue),
            "number": f"t.{number}::oid",
            "sub": "t.attnum" if catalogue == "pg_attribute" else "0",
            "row": f"ROW({', '.join(f't.{name}' for name in kept)})::text",
            "key": ", ".join(
                [f"t.{number}", *(f't.{name}::text COLLATE "C"' for name in kept if name != number)]
            ),
        }


def unlike(items: Mapping[str, Mapping[str, str]], row_by_row: RowByRow) -> dict[str, str]:
    """What of initdb's is not the same in all databases, by name.

    `items`: database -> its digests; `row_by_row` looks up the rows behind one.
    """
    found: dict[str, str] = {}
    names = sorted(items)
    for item in sorted({item for of in items.values() for item in of}):
        if len({items[name].get(item) for name in names}) == 1:
            continue
        rows = {name: row_by_row(name, item) for name in names}
        for row in sorted({row for of in rows.values() for row in of}):
            values = [rows[name].get(row) for name in names]
            for name, value in zip(names, values, strict=True):
                if values.count(value) <= len(values) // 2:
                    found[f"{name}: {row}"] = "gone" if value is None else "otherwise than in other databases"
    return found
