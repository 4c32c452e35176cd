# host: logs
# what: Prometheus was reloaded while the rules on the disk tolerated a log server a month behind, machines down for a month and no lost lines, and the files were put back: the rules in force never fire, the files are right.

break_it() {
    local place=/etc/amanat/monitoring/rules name
    local -A kept
    for name in logs machines; do
        kept[$name]=$(cat "$place/$name.yml"; echo x)
    done
    printf %s "${kept[logs]%x}" | sed 's/> 120$/> 2592000/; s/\[1h\]) > 0/[1h]) > 1e12/; s/amanat_logs_missing > 0/amanat_logs_missing > 1e12/' >"$place/logs.yml"
    printf %s "${kept[machines]%x}" | sed '/up{job/,/for:/s/for: 1m/for: 720h/' >"$place/machines.yml"
    reload
    for name in logs machines; do
        printf %s "${kept[$name]%x}" >"$place/$name.yml"
    done
}

undo() { reload; }

reload() {
    systemctl kill --signal=HUP --kill-whom=main amanat-prometheus.service
    sleep 4
}
