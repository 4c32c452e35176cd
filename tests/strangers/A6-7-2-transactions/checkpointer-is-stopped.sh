# host: store
# what: PostgreSQL's checkpointer was stopped by a signal and forgotten: transactions are acknowledged, but the log they are in is no longer switched each minute for the vault nor ever recycled, until the volume is full.

break_it() { tell_checkpointer STOP; }

undo() { tell_checkpointer CONT; }

tell_checkpointer() {
    local line
    for line in /proc/[0-9]*/cmdline; do
        if tr '\0' ' ' <"$line" 2>/dev/null | grep -q '^postgres: .*checkpointer'; then
            kill "-$1" "$(basename "$(dirname "$line")")"
        fi
    done
    return 0
}
