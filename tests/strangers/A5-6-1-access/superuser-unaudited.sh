# host: store
# what: A setting of the database switches pgaudit off for whoever connects to it: content is read and objects are made and dropped, a superuser's too, and no line of it reaches the journal or the log server.

break_it() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "
        ALTER DATABASE archive SET pgaudit.log = 'none';
        ALTER DATABASE archive SET pgaudit.role = ''"
}

undo() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "
        ALTER DATABASE archive RESET pgaudit.log;
        ALTER DATABASE archive RESET pgaudit.role"
}
