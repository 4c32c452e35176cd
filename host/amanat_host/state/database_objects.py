"""The questions to one database: every object that was made in it, as rows of item and value.

An object is made here when its number is above those that initdb gives (`FirstNormalObjectId`, access/transam.h);
initdb's own are in `system_catalogue`. Names carry their schema. Temporary schemas belong to sessions and are left out,
but for functions in them, which no client may make.
"""

from __future__ import annotations

MADE_HERE = 16384  # FirstNormalObjectId
TEMPORARY = "'^pg_(toast_)?temp_[0-9]+$'"

# Kinds of relations in words; indexes and TOAST tables are told of with their table.
KIND = """
CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
  WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'type'
  WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' ELSE 'relation of kind ' || c.relkind::text END"""
PERSISTENCE = "CASE c.relpersistence WHEN 'p' THEN 'permanent' WHEN 'u' THEN 'unlogged' ELSE 'temporary' END"
FIRES = """CASE {} WHEN 'O' THEN 'unless replicating' WHEN 'A' THEN 'always' WHEN 'R' THEN 'only when replicating'
  ELSE 'disabled' END"""
# PostgreSQL 17.12 notes in each column of a table at which place of the log it was made.
ATTRIBUTE_VERSION = "'^pg_attver=[0-9]+$'"
DIGEST = "'sha256 ' || encode(sha256(convert_to({}, 'UTF8')), 'hex')"

# Every relation of ours, with its name; what a session keeps for itself isn't.
RELATIONS = f"""
WITH relation AS MATERIALIZED (
    SELECT c.*, {KIND} AS kind, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid >= {MADE_HERE} AND c.relkind <> 't' AND n.nspname !~ {TEMPORARY} AND c.relpersistence <> 't'
      AND NOT EXISTS (SELECT FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid
                      WHERE i.indexrelid = c.oid AND t.relkind = 't')
)"""

SCHEMAS = f"""
SELECT 'schema ' || quote_ident(n.nspname) || ': owner', pg_get_userbyid(n.nspowner)
FROM pg_namespace AS n
WHERE n.nspname !~ {TEMPORARY}
"""

TABLES = f"""{RELATIONS}
SELECT c.kind || ' ' || c.name, {PERSISTENCE} || coalesce(', ' || a.amname, '')
FROM relation AS c LEFT JOIN pg_am AS a ON a.oid = c.relam WHERE c.relkind NOT IN ('i', 'I')
UNION ALL
SELECT c.kind || ' ' || c.name || ': owner', pg_get_userbyid(c.relowner)
FROM relation AS c WHERE c.relkind NOT IN ('i', 'I')
UNION ALL
SELECT c.kind || ' ' || c.name || ': tablespace', t.spcname
FROM relation AS c JOIN pg_tablespace AS t ON t.oid = c.reltablespace
UNION ALL
SELECT c.kind || ' ' || c.name || ': option ' || split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)
FROM relation AS c, unnest(c.reloptions) AS o
UNION ALL
SELECT c.kind || ' ' || c.name || ': option toast.' || split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)
FROM relation AS c JOIN pg_class AS t ON t.oid = c.reltoastrelid, unnest(t.reloptions) AS o
UNION ALL
SELECT c.kind || ' ' || c.name || ': row security',
       CASE WHEN c.relrowsecurity THEN 'on' ELSE 'off' END || CASE WHEN c.relforcerowsecurity THEN ', forced'
         ELSE '' END
FROM relation AS c WHERE c.relrowsecurity OR c.relforcerowsecurity
UNION ALL
SELECT c.kind || ' ' || c.name || ': replica identity',
       CASE c.relreplident WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' ELSE 'index' END
FROM relation AS c WHERE c.relkind IN ('r', 'p', 'm', 'f') AND c.relreplident <> 'd'
UNION ALL
SELECT c.kind || ' ' || c.name || ': of type', c.reloftype::regtype::text
FROM relation AS c WHERE c.reloftype <> 0
UNION ALL
SELECT c.kind || ' ' || c.name || ': is filled', 'no'
FROM relation AS c WHERE NOT c.relispopulated
"""

PARTITIONS = f"""{RELATIONS}
SELECT c.kind || ' ' || c.name || ': partitioned by', pg_get_partkeydef(c.oid)
FROM relation AS c WHERE c.relkind = 'p'
UNION ALL
SELECT c.kind || ' ' || c.name || CASE WHEN c.relispartition THEN ': partition of ' ELSE ': inherits ' END
         || i.inhparent::regclass::text,
       coalesce(pg_get_expr(c.relpartbound, c.oid), 'whole') || CASE WHEN i.inhdetachpending THEN ', detached'
         ELSE '' END
FROM relation AS c JOIN pg_inherits AS i ON i.inhrelid = c.oid
"""

COLUMNS = f"""{RELATIONS}
SELECT 'column ' || c.name || '.' || quote_ident(a.attname),
       concat_ws(', ', format_type(a.atttypid, a.atttypmod),
         CASE WHEN a.attnotnull THEN 'not null' END,
         CASE a.attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity by default' END,
         CASE WHEN a.attgenerated <> '' THEN 'generated' END,
         'default ' || pg_get_expr(d.adbin, d.adrelid),
         CASE WHEN a.attcollation <> t.typcollation THEN 'collate ' || a.attcollation::regcollation END,
         CASE WHEN a.attstorage <> t.typstorage THEN 'storage ' || a.attstorage::text END,
         CASE WHEN a.attcompression <> '' THEN 'compression ' || a.attcompression::text END,
         'statistics ' || nullif(a.attstattarget, -1),
         'options ' || (SELECT string_agg(o, ' ') FROM unnest(a.attoptions) AS o WHERE o !~ {ATTRIBUTE_VERSION}),
         'foreign options ' || (SELECT string_agg(split_part(o, '=', 1), ' ') FROM unnest(a.attfdwoptions) AS o))
FROM relation AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
     LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
     JOIN pg_type AS t ON t.oid = a.atttypid
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind NOT IN ('i', 'I', 'S')
"""

SEQUENCES = f"""{RELATIONS}
SELECT 'sequence ' || c.name || ': counts',
       format('%s from %s by %s, %s to %s, %s at once%s', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement,
              s.seqmin, s.seqmax, s.seqcache, CASE WHEN s.seqcycle THEN ', again and again' ELSE '' END)
FROM relation AS c JOIN pg_sequence AS s ON s.seqrelid = c.oid
UNION ALL
SELECT 'sequence ' || c.name || ': used by', d.refobjid::regclass || '.' || quote_ident(a.attname)
FROM relation AS c JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
       AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
     JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE c.relkind = 'S'
"""

INDEXES = f"""{RELATIONS}
SELECT 'index ' || c.name,
       concat_ws(', ', pg_get_indexdef(c.oid), CASE WHEN i.indisvalid THEN 'valid' ELSE 'not valid' END,
         CASE WHEN NOT i.indisready THEN 'not ready' END, CASE WHEN NOT i.indislive THEN 'not live' END,
         CASE WHEN i.indisclustered THEN 'clustered' END, CASE WHEN i.indisreplident THEN 'replica identity' END,
         CASE WHEN NOT i.indimmediate THEN 'deferred' END, CASE WHEN c.relpersistence <> 'p' THEN {PERSISTENCE} END)
FROM relation AS c JOIN pg_index AS i ON i.indexrelid = c.oid
"""

CONSTRAINTS = f"""
SELECT 'constraint ' || quote_ident(o.conname) || ' on '
         || CASE WHEN o.conrelid <> 0 THEN o.conrelid::regclass::text ELSE o.contypid::regtype::text END,
       pg_get_constraintdef(o.oid) || CASE WHEN o.convalidated THEN '' ELSE ' (not validated)' END
         || CASE WHEN o.connoinherit AND o.contype = 'c' THEN ' (not inherited)' ELSE '' END
FROM pg_constraint AS o
WHERE o.oid >= {MADE_HERE} AND o.contype <> 't'
"""

# Those that a foreign key brings are named by it: their own names have a number.
TRIGGERS = f"""
SELECT CASE WHEN t.tgisinternal
         THEN format('trigger of constraint %I on %s: %s', o.conname, t.tgrelid::regclass, t.tgfoid::regproc)
         ELSE format('trigger %I on %s', t.tgname, t.tgrelid::regclass) END,
       {FIRES.format("t.tgenabled")} || CASE WHEN t.tgisinternal THEN '' ELSE ': ' || pg_get_triggerdef(t.oid) END
FROM pg_trigger AS t LEFT JOIN pg_constraint AS o ON o.oid = t.tgconstraint
UNION ALL
SELECT format('event trigger %I', e.evtname),
       concat_ws(', ', e.evtevent, e.evtfoid::regprocedure, {FIRES.format("e.evtenabled")}, 'owner '
         || pg_get_userbyid(e.evtowner),
         'for ' || array_to_string(e.evttags, ' '))
FROM pg_event_trigger AS e
"""

# A view's own rule is its definition; of initdb's views, see `system_catalogue`.
RULES = f"""
SELECT format('rule %I on %s', w.rulename, w.ev_class::regclass),
       {FIRES.format("w.ev_enabled")} || ': ' || regexp_replace(pg_get_ruledef(w.oid), '\\s+', ' ', 'g')
FROM pg_rewrite AS w
WHERE w.oid >= {MADE_HERE} AND w.rulename <> '_RETURN'
UNION ALL
SELECT format('view %s: definition', w.ev_class::regclass),
       {DIGEST.format("pg_get_viewdef(w.ev_class)")}
         || CASE WHEN w.ev_enabled <> 'O' THEN ', ' || {FIRES.format("w.ev_enabled")} ELSE '' END
FROM pg_rewrite AS w JOIN pg_class AS c ON c.oid = w.ev_class
WHERE w.oid >= {MADE_HERE} AND w.rulename = '_RETURN' AND c.oid >= {MADE_HERE}
UNION ALL
SELECT format('view %s: its rule', w.ev_class::regclass), 'another than initdb''s'
FROM pg_rewrite AS w
WHERE w.oid >= {MADE_HERE} AND w.rulename = '_RETURN' AND w.ev_class < {MADE_HERE}
UNION ALL
SELECT format('policy %I on %s', p.polname, p.polrelid::regclass),
       concat_ws(', ', CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END, 'for ' || p.polcmd::text,
         'to ' || (SELECT string_agg(CASE r WHEN 0 THEN 'everyone' ELSE pg_get_userbyid(r) END, ' ' ORDER BY r)
                   FROM unnest(p.polroles) AS r),
         'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid))
FROM pg_policy AS p
"""

BODY = "pg_get_function_arguments(p.oid) || coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)"
FUNCTIONS = f"""
WITH function AS MATERIALIZED (
    SELECT p.*, l.lanname, format('%s %s.%I(%s)',
             CASE p.prokind WHEN 'a' THEN 'aggregate' WHEN 'p' THEN 'procedure' WHEN 'w' THEN 'window function'
                            ELSE 'function' END,
             CASE WHEN n.nspname ~ {TEMPORARY} THEN 'pg_temp' ELSE quote_ident(n.nspname) END, p.proname,
             oidvectortypes(p.proargtypes)) AS name
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_language AS l ON l.oid = p.prolang
    WHERE p.oid >= {MADE_HERE}
)
SELECT p.name,
       concat_ws(', ', p.lanname,
         CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
         'parallel ' || CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END,
         CASE WHEN p.proisstrict THEN 'strict' END, CASE WHEN p.proleakproof THEN 'leakproof' END,
         'support ' || nullif(p.prosupport::oid, 0)::regprocedure, 'transforms ' || array_length(p.protrftypes, 1),
         'returns ' || coalesce(pg_get_function_result(p.oid), 'nothing'))
FROM function AS p
UNION ALL
SELECT p.name || ': owner', pg_get_userbyid(p.proowner) FROM function AS p
UNION ALL
SELECT p.name || ': runs with the rights of', CASE WHEN p.prosecdef THEN 'its owner' ELSE 'its caller' END
FROM function AS p
UNION ALL
SELECT p.name || ': setting ' || split_part(s, '=', 1), substr(s, strpos(s, '=') + 1)
FROM function AS p, unnest(p.proconfig) AS s
UNION ALL
SELECT p.name || ': code', CASE p.lanname WHEN 'c' THEN p.probin || ' ' || p.prosrc WHEN 'internal' THEN p.prosrc
         ELSE {DIGEST.format(BODY)} END
FROM function AS p
UNION ALL
SELECT p.name || ': aggregates', to_jsonb(a) - 'aggfnoid' #>> '{{}}'
FROM function AS p JOIN pg_aggregate AS a ON a.aggfnoid = p.oid
"""

# A table's row type and every array type come with their table and type.
TYPES = f"""
SELECT 'type ' || t.oid::regtype,
       concat_ws(', ', CASE t.typtype WHEN 'b' THEN 'base' WHEN 'c' THEN 'composite' WHEN 'd' THEN 'domain'
         WHEN 'e' THEN 'enum'
           WHEN 'p' THEN 'pseudo' WHEN 'r' THEN 'range' ELSE 'multirange' END,
         'owner ' || pg_get_userbyid(t.typowner),
         'of ' || format_type(nullif(t.typbasetype, 0), t.typtypmod),
         CASE WHEN t.typnotnull THEN 'not null' END, 'default ' || t.typdefault,
         CASE WHEN t.typtype = 'b' THEN format('by %s, %s, %s, %s', t.typinput, t.typoutput, t.typreceive,
           t.typsend) END,
         (SELECT string_agg(quote_literal(e.enumlabel), ' ' ORDER BY e.enumsortorder) FROM pg_enum AS e
          WHERE e.enumtypid = t.oid),
         (SELECT 'over ' || format_type(r.rngsubtype, NULL) FROM pg_range AS r WHERE r.rngtypid = t.oid))
FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace LEFT JOIN pg_class AS c ON c.oid = t.typrelid
WHERE t.oid >= {MADE_HERE} AND (t.typrelid = 0 OR c.relkind = 'c') AND t.typcategory <> 'A'
       AND n.nspname !~ {TEMPORARY}
UNION ALL
SELECT 'type ' || t.oid::regtype || ': owner', pg_get_userbyid(t.typowner) || ', not that of what it belongs to'
FROM pg_type AS t LEFT JOIN pg_class AS c ON c.oid = t.typrelid LEFT JOIN pg_type AS e ON e.oid = t.typelem
WHERE t.oid >= {MADE_HERE} AND t.typowner <> coalesce(c.relowner, CASE
       WHEN t.typcategory = 'A' THEN e.typowner END, t.typowner)
"""

EXTENSIONS = """
SELECT format('extension %I', e.extname), format('schema %I, owner %I', n.nspname, pg_get_userbyid(e.extowner))
FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
UNION ALL
SELECT format('language %I', l.lanname),
       concat_ws(', ', CASE WHEN l.lanpltrusted THEN 'trusted' ELSE 'not trusted' END, 'owner '
         || pg_get_userbyid(l.lanowner),
         'by ' || nullif(l.lanplcallfoid, 0)::regprocedure, nullif(l.laninline, 0)::regprocedure,
         nullif(l.lanvalidator, 0)::regprocedure)
FROM pg_language AS l
"""

# Names of options only where a value may be a secret.
FOREIGN = """
SELECT format('foreign-data wrapper %I', w.fdwname),
       concat_ws(', ', 'owner ' || pg_get_userbyid(w.fdwowner), 'by ' || nullif(w.fdwhandler, 0)::regprocedure,
         'options ' || (SELECT string_agg(split_part(o, '=', 1), ' ') FROM unnest(w.fdwoptions) AS o))
FROM pg_foreign_data_wrapper AS w
UNION ALL
SELECT format('foreign server %I', s.srvname),
       concat_ws(', ', 'owner ' || pg_get_userbyid(s.srvowner), 'by ' || w.fdwname, s.srvtype, s.srvversion,
         'options ' || (SELECT string_agg(split_part(o, '=', 1), ' ') FROM unnest(s.srvoptions) AS o))
FROM pg_foreign_server AS s JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
UNION ALL
SELECT format('user mapping of %s for foreign server %I',
              CASE m.umuser WHEN 0 THEN 'everyone' ELSE pg_get_userbyid(m.umuser) END, s.srvname),
       coalesce('options ' || (SELECT string_agg(split_part(o, '=', 1), ' ') FROM unnest(m.umoptions) AS o),
         'no options')
FROM pg_user_mapping AS m JOIN pg_foreign_server AS s ON s.oid = m.umserver
UNION ALL
SELECT format('foreign table %s: server', t.ftrelid::regclass), s.srvname
FROM pg_foreign_table AS t JOIN pg_foreign_server AS s ON s.oid = t.ftserver
"""

REPLICATION = """
SELECT format('publication %I', p.pubname),
       concat_ws(', ', 'owner ' || pg_get_userbyid(p.pubowner), CASE WHEN p.puballtables THEN 'all tables' END,
         'of ' || concat_ws(' ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
                            CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END))
FROM pg_publication AS p
UNION ALL
SELECT format('publication %I: table %s', p.pubname, r.prrelid::regclass),
       concat_ws(', ', 'columns ' || r.prattrs::text, 'where ' || pg_get_expr(r.prqual, r.prrelid), 'published')
FROM pg_publication_rel AS r JOIN pg_publication AS p ON p.oid = r.prpubid
UNION ALL
SELECT format('publication %I: schema %s', p.pubname, s.pnnspid::regnamespace), 'published'
FROM pg_publication_namespace AS s JOIN pg_publication AS p ON p.oid = s.pnpubid
UNION ALL
SELECT format('subscription %I', s.subname),
       concat_ws(', ', 'owner ' || pg_get_userbyid(s.subowner), CASE WHEN s.subenabled THEN 'enabled'
         ELSE 'disabled' END,
         'to ' || array_to_string(s.subpublications, ' '))
FROM pg_subscription AS s WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL
SELECT format('subscription %I: table %s', s.subname, r.srrelid::regclass), 'subscribed'
FROM pg_subscription_rel AS r JOIN pg_subscription AS s ON s.oid = r.srsubid
"""

LARGE_OBJECTS = """
SELECT 'large object ' || o.oid, 'owner ' || pg_get_userbyid(o.lomowner)
FROM (SELECT * FROM pg_largeobject_metadata ORDER BY oid LIMIT 20) AS o
UNION ALL
SELECT 'large objects', count(*)::text FROM pg_largeobject_metadata HAVING count(*) > 20
UNION ALL
SELECT 'large objects without metadata', count(*)::text
FROM pg_largeobject AS l WHERE NOT EXISTS (SELECT FROM pg_largeobject_metadata AS m
       WHERE m.oid = l.loid) HAVING count(*) > 0
"""

LABELS = """
SELECT 'security label of ' || l.provider || ' on ' || pg_describe_object(l.classoid, l.objoid, l.objsubid), l.label
FROM pg_seclabel AS l
"""

DEFAULT_PRIVILEGES = """
SELECT format('default privileges of %I for %s%s: rights of %s', pg_get_userbyid(d.defaclrole),
              CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
                WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE d.defaclobjtype::text END,
              CASE WHEN d.defaclnamespace <> 0 THEN ' in schema ' || d.defaclnamespace::regnamespace ELSE '' END,
              CASE e.grantee WHEN 0 THEN 'everyone' ELSE pg_get_userbyid(e.grantee) END),
       string_agg(e.privilege_type || CASE WHEN e.is_grantable THEN '*' ELSE '' END, ' ' ORDER BY e.privilege_type)
FROM pg_default_acl AS d, aclexplode(d.defaclacl) AS e
GROUP BY d.oid, d.defaclrole, d.defaclobjtype, d.defaclnamespace, e.grantee
UNION ALL
SELECT format('default privileges of %I for %s', pg_get_userbyid(d.defaclrole), d.defaclobjtype), 'none'
FROM pg_default_acl AS d WHERE cardinality(d.defaclacl) = 0
"""

QUESTIONS = (
    SCHEMAS,
    TABLES,
    PARTITIONS,
    COLUMNS,
    SEQUENCES,
    INDEXES,
    CONSTRAINTS,
    TRIGGERS,
    RULES,
    FUNCTIONS,
    TYPES,
    EXTENSIONS,
    FOREIGN,
    REPLICATION,
    LARGE_OBJECTS,
    LABELS,
    DEFAULT_PRIVILEGES,
)
