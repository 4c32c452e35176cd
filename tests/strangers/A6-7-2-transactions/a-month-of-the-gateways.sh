# host: store
# what: This month's partition of transactions belongs to the role that the gateway logs in with: that login can now switch its triggers off, change its rows or drop it, and the archive's owner can't purge it.

break_it() { give archive_writer; }

undo() { give archive_owner; }

give() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 \
        -c "ALTER TABLE archive.transaction_$(date -u +%Y_%m) OWNER TO $1"
}
