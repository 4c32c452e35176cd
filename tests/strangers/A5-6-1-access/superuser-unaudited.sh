# host: store
# what: A setting of the role postgres switches pgaudit off for it alone: a superuser reads content, changes roles and drops objects, and no line of it reaches the journal or the log server.

break_it() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "
        ALTER ROLE postgres SET pgaudit.log = 'none';
        ALTER ROLE postgres SET pgaudit.role = ''"
}

undo() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "
        ALTER ROLE postgres RESET pgaudit.log;
        ALTER ROLE postgres RESET pgaudit.role"
}
