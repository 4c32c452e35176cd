# host: store
# what: Forced row security hides one account's access records from everybody but superusers: they are acknowledged, and then neither chained nor verified nor found by any disclosure.

break_it() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "
        DROP POLICY IF EXISTS everybody ON archive.access;
        CREATE POLICY everybody ON archive.access USING (account <> '+989120000017') WITH CHECK (true);
        ALTER TABLE archive.access ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
}

undo() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "
        ALTER TABLE archive.access DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
        DROP POLICY IF EXISTS everybody ON archive.access" 2>/dev/null
}
