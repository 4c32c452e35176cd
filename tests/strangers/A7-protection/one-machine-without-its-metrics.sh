# host: logs
# what: Prometheus runs with a scrape of the store that drops the kit's own metrics and the states of units (loaded once, the file put back): a rule over a series that isn't there never fires, so nothing of the store is ever told.

break_it() {
    local file=/etc/amanat/monitoring/prometheus.yml kept
    kept=$(cat "$file"; echo x)
    printf %s "${kept%x}" | sed '/job_name: machine-store/a\    metric_relabel_configs: [{source_labels: [__name__], regex: "amanat_.*|node_systemd_.*|node_filesystem_.*|node_textfile_.*", action: drop}]' >"$file"
    reload
    printf %s "${kept%x}" >"$file"
}

undo() { reload; }

reload() {
    systemctl kill --signal=HUP --kill-whom=main amanat-prometheus.service
    sleep 4
}
