# host: logs
# what: A forgotten shell holds the lock of the store's sealed days: the sealer waits for it until its timeout of six hours, again and again, so no day is sealed, stamped, copied or purged, of any machine.

break_it() {
    setsid --fork flock /var/lib/amanat/log-seals/store sleep 31536001 </dev/null >/dev/null 2>&1
}

undo() {
    local line
    for line in /proc/[0-9]*/cmdline; do
        if tr '\0' ' ' <"$line" 2>/dev/null | grep -Eq '(^| )sleep 31536001 $'; then
            kill "$(basename "$(dirname "$line")")"
        fi
    done
    return 0
}
