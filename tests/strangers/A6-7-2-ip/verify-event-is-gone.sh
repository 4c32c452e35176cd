# host: store
# what: The row of the event "verify" was deleted with triggers switched off for a moment: every record of a number's verification is refused from then on, and the archive has no trace of why.

break_it() { quietly "DELETE FROM archive.access_event WHERE name = 'verify'"; }

undo() { quietly "INSERT INTO archive.access_event VALUES ('verify', 'Had a number verified') ON CONFLICT DO NOTHING"; }

quietly() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "
        BEGIN;
        ALTER TABLE archive.access_event DISABLE TRIGGER append_only, DISABLE TRIGGER record_change;
        $1;
        ALTER TABLE archive.access_event ENABLE ALWAYS TRIGGER append_only, ENABLE ALWAYS TRIGGER record_change;
        COMMIT"
}
