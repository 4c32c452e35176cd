# host: store
# what: The exporter was started once by a drop-in without its collector of units, and the drop-in removed: unit and files are right, and no failed or stopped unit of the store is ever told.
# settle: 20

break_it() {
    local place=/run/systemd/system/amanat-metrics.service.d
    mkdir -p "$place"
    {
        printf '[Service]\nExecStart=\n'
        awk '/^ExecStart=/ {on = 1} on {print} on && !/\\$/ {on = 0}' /etc/systemd/system/amanat-metrics.service |
            sed 's/ --collector.systemd//'
    } >"$place/once.conf"
    systemctl daemon-reload
    systemctl restart amanat-metrics.service
    rm -r "$place"
    systemctl daemon-reload
}

undo() { systemctl restart amanat-metrics.service; }
