# host: store
# what: On next month's partition of transactions the archive's own refusing trigger is put on INSERT too: from the first of the month no transaction can be stored.

break_it() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "
        CREATE OR REPLACE TRIGGER append_only_rows BEFORE INSERT ON archive.$(next_month)
        FOR EACH ROW EXECUTE FUNCTION archive.refuse_change()"
}

undo() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 \
        -c "DROP TRIGGER IF EXISTS append_only_rows ON archive.$(next_month)" 2>/dev/null
}

next_month() { echo "transaction_$(date -u -d "$(date -u +%Y-%m-01) 1 month" +%Y_%m)"; }
