# host: logs
# what: Sealed days were moved to "a larger disk" and a symlink left in their place: sealer and verifier follow it, the copies to the vault keep the link and none of the six months.

break_it() {
    [ -L /var/lib/amanat/log-seals ] && return 0
    mv /var/lib/amanat/log-seals /var/lib/log-seals
    ln -s ../log-seals /var/lib/amanat/log-seals
}

undo() {
    [ -L /var/lib/amanat/log-seals ] || return 0
    rm /var/lib/amanat/log-seals
    mv /var/lib/log-seals /var/lib/amanat/log-seals
}
