# host: store
# what: A rule on the table turns the insertion of every transaction above ten million into nothing: the payment page gets a number and a commit, and no row is stored.

break_it() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "
        CREATE OR REPLACE RULE large AS ON INSERT TO archive.transaction WHERE NEW.amount > 1e7 DO INSTEAD NOTHING"
}

undo() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "DROP RULE IF EXISTS large ON archive.transaction" 2>/dev/null
}
