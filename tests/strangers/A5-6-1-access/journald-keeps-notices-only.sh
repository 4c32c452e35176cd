# host: vault
# what: journald was restarted with a setting that keeps nothing below "notice", and the setting removed: logins and sessions, which are of "info", get no number and are missed nowhere; the files are right.

break_it() {
    local place=/run/systemd/journald.conf.d
    mkdir -p "$place"
    printf '[Journal]\nMaxLevelStore=notice\n' >"$place/once.conf"
    systemctl restart systemd-journald.service
    rm "$place/once.conf"
    rmdir --ignore-fail-on-non-empty "$place"
}

undo() { systemctl restart systemd-journald.service; }
