# host: vault
# what: A drop-in below /run has the dead-man's switch look once a week instead of once a minute: a silent Prometheus is told a week later, and the timer is active as ever.

break_it() {
    local place=/run/systemd/system/amanat-monitoring-watch.timer.d
    mkdir -p "$place"
    printf '[Timer]\nOnUnitActiveSec=\nOnActiveSec=\nOnActiveSec=7d\nOnUnitActiveSec=7d\n' >"$place/load.conf"
    systemctl daemon-reload
    systemctl restart amanat-monitoring-watch.timer
}

undo() {
    rm -rf /run/systemd/system/amanat-monitoring-watch.timer.d
    systemctl daemon-reload
    systemctl restart amanat-monitoring-watch.timer
}
