-- What the desk may do with its tables. It adds to the history and can neither change nor remove it; of tickets, people and
-- queues it can remove none. Rows that it may remove are sessions, memberships, rights, links and the like.
DO $$
DECLARE
    changing text[] := ARRAY(
        SELECT format('tracker.%I', relname) FROM pg_class
        WHERE relnamespace = 'tracker'::regnamespace AND relkind = 'r' AND relname NOT IN ('transactions', 'attachments')
        ORDER BY relname);
BEGIN
    -- A mail that is delivered again is found by its receipt (Once.pm).
    CREATE INDEX IF NOT EXISTS attachments_receipt
        ON tracker.attachments ((substring(headers FROM '(?n)^X-Amanat-Receipt: ([0-9A-Za-z./-]{10,100})$')))
        WHERE parent = 0;
    REVOKE ALL ON ALL TABLES IN SCHEMA tracker FROM desk_application;
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA tracker FROM desk_application;
    GRANT USAGE ON SCHEMA tracker TO desk_application;
    GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA tracker TO desk_application;
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA tracker TO desk_application;
    EXECUTE 'GRANT UPDATE ON ' || array_to_string(changing, ', ') || ' TO desk_application';
    GRANT DELETE ON
        tracker.sessions, tracker.shorteners, tracker.authtokens, tracker.attributes, tracker.links, tracker.acl,
        tracker.groupmembers, tracker.cachedgroupmembers, tracker.objectscrips, tracker.objectcustomfields,
        tracker.objectcustomroles, tracker.objectclasses, tracker.objecttopics
    TO desk_application;
END
$$;
