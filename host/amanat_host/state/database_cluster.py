"""The questions to a PostgreSQL server itself: roles and databases, settings and login rules, as item and value."""

from __future__ import annotations

from amanat_host.state.system_catalogue import SUMMED

# What a password is, never the password or its verifier (kinds: libpq/crypt.h).
HOW_IT_LOGS_IN = """
CASE WHEN a.rolpassword IS NULL THEN 'none' WHEN a.rolpassword LIKE 'SCRAM-SHA-256$%' THEN 'scram-sha-256'
  WHEN a.rolpassword ~ '^md5[0-9a-f]{32}$' THEN 'md5' ELSE 'of no known kind' END"""

# Predefined roles have no attributes unless somebody gives them some: then they are told.
ROLES = f"""
SELECT 'role ' || quote_ident(a.rolname),
       concat_ws(', ', CASE WHEN a.rolcanlogin THEN 'login' ELSE 'no login' END,
         CASE WHEN a.rolsuper THEN 'superuser' END, CASE WHEN a.rolcreatedb THEN 'creates databases' END,
         CASE WHEN a.rolcreaterole THEN 'creates roles' END, CASE WHEN a.rolreplication THEN 'replicates' END,
         CASE WHEN a.rolbypassrls THEN 'bypasses row security' END, CASE
           WHEN NOT a.rolinherit THEN 'does not inherit' END)
FROM pg_authid AS a
UNION ALL
SELECT 'role ' || quote_ident(a.rolname) || ': password', {HOW_IT_LOGS_IN}
         || coalesce(', until ' || nullif(a.rolvaliduntil, 'infinity'), '')
FROM pg_authid AS a WHERE a.rolcanlogin OR a.rolpassword IS NOT NULL OR a.rolvaliduntil IS NOT NULL
UNION ALL
SELECT 'role ' || quote_ident(a.rolname) || ': connections', CASE a.rolconnlimit WHEN -1 THEN 'any'
       ELSE a.rolconnlimit::text END
FROM pg_authid AS a WHERE a.rolcanlogin OR a.rolconnlimit <> -1
UNION ALL
SELECT format('role %I: member of %I', pg_get_userbyid(m.member), pg_get_userbyid(m.roleid)),
       concat_ws(', ', CASE WHEN m.inherit_option THEN 'inherits' ELSE 'does not inherit' END,
         CASE WHEN m.set_option THEN 'may become it' ELSE 'may not become it' END,
         CASE WHEN m.admin_option THEN 'administers it' END, 'by ' || pg_get_userbyid(m.grantor))
FROM pg_auth_members AS m
UNION ALL
SELECT format('role %s in %s: setting %s', CASE s.setrole WHEN 0 THEN 'everyone' ELSE pg_get_userbyid(s.setrole) END,
         coalesce('database ' || d.datname, 'any database'), split_part(c, '=', 1)),
       substr(c, strpos(c, '=') + 1)
FROM pg_db_role_setting AS s LEFT JOIN pg_database AS d ON d.oid = s.setdatabase, unnest(s.setconfig) AS c
"""

DATABASES = """
SELECT 'database ' || quote_ident(d.datname),
       concat_ws(', ', 'owner ' || pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding),
         'locale ' || d.datlocprovider::text || ' ' || coalesce(d.datlocale, ''), d.datcollate, d.datctype,
           d.daticurules,
         'tablespace ' || t.spcname)
FROM pg_database AS d JOIN pg_tablespace AS t ON t.oid = d.dattablespace
UNION ALL
SELECT 'database ' || quote_ident(d.datname) || ': connections',
       CASE WHEN NOT d.datallowconn THEN 'none' WHEN d.datconnlimit = -1 THEN 'any' ELSE d.datconnlimit::text END
         || CASE WHEN d.datistemplate THEN ', template' ELSE '' END
FROM pg_database AS d
UNION ALL
SELECT 'database ' || quote_ident(d.datname) || ': login triggers', 'some'
FROM pg_database AS d WHERE d.dathasloginevt
UNION ALL
SELECT 'tablespace ' || quote_ident(t.spcname),
       concat_ws(', ', 'owner ' || pg_get_userbyid(t.spcowner), 'at ' || nullif(pg_tablespace_location(t.oid), ''),
         array_to_string(t.spcoptions, ' '))
FROM pg_tablespace AS t
UNION ALL
SELECT 'security label of ' || l.provider || ' on ' || pg_describe_object(l.classoid, l.objoid, 0), l.label
FROM pg_shseclabel AS l
"""

# Databases and tablespaces have rights that initdb changes; pg_init_privs knows none of them, so all are told.
RIGHTS = f"""
WITH object AS (
    SELECT 'database ' || quote_ident(datname) AS name, datdba AS owner, coalesce(datacl, acldefault('d',
      datdba)) AS acl,
           acldefault('d', datdba) AS standard FROM pg_database
    UNION ALL
    SELECT 'tablespace ' || quote_ident(spcname), spcowner, coalesce(spcacl, acldefault('t', spcowner)),
      acldefault('t', spcowner)
    FROM pg_tablespace
    UNION ALL
    SELECT 'setting ' || parname, 10, paracl, acldefault('p', 10) FROM pg_parameter_acl
), has AS (
    SELECT o.name, o.owner, e.* FROM object AS o, aclexplode(o.acl) AS e
), had AS (
    SELECT o.name, o.owner, e.* FROM object AS o, aclexplode(o.standard) AS e WHERE e.grantee = o.owner
), change AS (
    SELECT 'rights of' AS how, g.* FROM (SELECT * FROM has EXCEPT SELECT * FROM had) AS g
    UNION ALL
    SELECT 'rights taken from', g.* FROM (SELECT * FROM had EXCEPT SELECT * FROM has) AS g
)
{SUMMED}"""

# What takes content away or holds the log back, at this moment.
REPLICATION = """
SELECT 'replication slot ' || slot_name,
       concat_ws(', ', slot_type, plugin, 'of database ' || database, CASE WHEN temporary THEN 'temporary' END)
FROM pg_replication_slots
UNION ALL
SELECT 'replication origin ' || roname, 'there' FROM pg_replication_origin
UNION ALL
SELECT format('replication to %s as %s', coalesce(host(client_addr), 'this machine'), usename), 'running'
       FROM pg_stat_replication
UNION ALL
SELECT 'prepared transactions', count(*)::text FROM pg_prepared_xacts HAVING count(*) > 0
UNION ALL
SELECT DISTINCT 'server process ' || backend_type, 'running'
FROM pg_stat_activity
WHERE backend_type NOT IN ('client backend', 'parallel worker', 'autovacuum launcher', 'autovacuum worker',
       'checkpointer',
  'background writer', 'walwriter', 'archiver', 'startup', 'logical replication launcher', 'walsender',
    'standalone backend')
UNION ALL
SELECT 'server: in recovery', 'yes' WHERE pg_is_in_recovery()
"""

# What our session's role sets, or its socket has, says nothing of the server: for that the files are told.
OWN = "(s.source IN ('client', 'session', 'user', 'database', 'database user') OR s.name LIKE 'tcp\\_%')"
SETTINGS = f"""
SELECT 'setting ' || s.name,
       concat_ws('', CASE WHEN s.name ~ '(conninfo|passphrase)' AND s.setting <> '' THEN 'something'
         ELSE s.setting END,
         CASE WHEN s.unit <> '' THEN ' ' || s.unit END, ', from ',
         coalesce(s.sourcefile, s.source))
FROM pg_settings AS s
WHERE s.source <> 'default' AND NOT {OWN}
  AND NOT (s.source = 'override' AND s.name IN ('transaction_deferrable', 'transaction_isolation',
    'transaction_read_only'))
UNION ALL
SELECT 'setting ' || s.name || ': waits for a restart', 'yes' FROM pg_settings AS s WHERE s.pending_restart
UNION ALL
SELECT DISTINCT 'setting ' || s.name, f.setting || ', as it stands in ' || f.sourcefile
FROM pg_settings AS s JOIN pg_file_settings AS f ON f.name = s.name AND f.applied
WHERE {OWN}
UNION ALL
SELECT format('setting %s in %s: in force', coalesce(f.name, 'that can''t be read'), f.sourcefile),
       'no: ' || coalesce(f.error, 'another one counts')
FROM pg_file_settings AS f WHERE NOT f.applied OR f.error IS NOT NULL
"""

# In their order, which decides: the first that fits counts.
LOGIN_RULES = """
SELECT format('login rule %s of %s', row_number() OVER (ORDER BY file_name <> current_setting('hba_file'),
       file_name, line_number), file_name),
       CASE WHEN error IS NOT NULL THEN 'error: ' || error ELSE concat_ws('  ', type, array_to_string(database, ','),
         array_to_string(user_name, ','), address, netmask, auth_method,
         (SELECT string_agg(CASE WHEN o ~* '(passw|secret)' THEN split_part(o, '=', 1) ELSE o END, ' ' ORDER BY o)
          FROM unnest(options) AS o)) END
FROM pg_hba_file_rules
UNION ALL
SELECT format('account rule %s of %s', row_number() OVER (ORDER BY file_name <> current_setting('ident_file'),
       file_name, line_number), file_name),
       CASE WHEN error IS NOT NULL THEN 'error: ' || error ELSE concat_ws('  ', map_name, sys_name, pg_username) END
FROM pg_ident_file_mappings
"""

# The control file; 0 is no checksums.
CONTROL = """
SELECT 'server: page checksums', CASE data_page_checksum_version WHEN 0 THEN 'none' ELSE 'version '
       || data_page_checksum_version END
FROM pg_control_init()
UNION ALL
SELECT 'server: whole pages in the log', CASE WHEN full_page_writes THEN 'yes' ELSE 'no' END
       FROM pg_control_checkpoint()
UNION ALL
SELECT 'server: block size', database_block_size || ', log ' || wal_block_size || ', segments '
       || bytes_per_wal_segment
FROM pg_control_init()
"""

QUESTIONS = (ROLES, DATABASES, RIGHTS, REPLICATION, SETTINGS, LOGIN_RULES, CONTROL)

LOADED = "SELECT extract(epoch FROM pg_conf_load_time())::float8, current_setting('data_directory')"

# Whatever the server reads when it is told to.
READ_FILES = """
SELECT file FROM (
    SELECT current_setting(name) AS file
    FROM unnest(ARRAY['config_file', 'hba_file', 'ident_file', 'ssl_ca_file', 'ssl_cert_file', 'ssl_key_file',
                      'ssl_crl_file']) AS name
    UNION SELECT sourcefile FROM pg_file_settings
    UNION SELECT file_name FROM pg_hba_file_rules
    UNION SELECT file_name FROM pg_ident_file_mappings
    UNION SELECT current_setting('data_directory') || '/postgresql.auto.conf'
) AS files WHERE file <> ''
"""
