# host: store
# what: A partition of access records two days ahead has a constraint that lets IPv4 in alone: on that day no user with an IPv6 address can be recorded.

break_it() {
    local day
    day=access_$(date -u -d '2 days' +%Y_%m_%d)
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "
        ALTER TABLE archive.$day DROP CONSTRAINT IF EXISTS access_family_check;
        ALTER TABLE archive.$day ADD CONSTRAINT access_family_check CHECK (family(client_ip) = 4)"
}

undo() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "
        DO \$\$ DECLARE one regclass; BEGIN
            FOR one IN SELECT conrelid FROM pg_constraint WHERE conname = 'access_family_check' LOOP
                EXECUTE format('ALTER TABLE %s DROP CONSTRAINT access_family_check', one);
            END LOOP;
        END \$\$"
}
