# host: store
# what: The sequence of transactions ends a thousand numbers from here: after a thousand more, every transaction is refused.

break_it() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "
        DO \$\$ BEGIN
            EXECUTE format('ALTER SEQUENCE archive.transaction_id_seq MAXVALUE %s',
                           (SELECT last_value + 1000 FROM archive.transaction_id_seq));
        END \$\$"
}

undo() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "ALTER SEQUENCE archive.transaction_id_seq NO MAXVALUE"
}
