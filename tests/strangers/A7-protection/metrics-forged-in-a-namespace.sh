# host: vault
# what: In the exporter's own mount namespace a made-up file lies over the kit's metrics: certificates end in 2096, backups, anchors and drills are always fresh, nothing is faulty; on the host itself every file is right.
# settle: 20

break_it() {
    local main
    main=$(systemctl show --value --property=MainPID amanat-metrics.service)
    nsenter --target "$main" --mount mountpoint -q /run/amanat-metrics && return 0
    local forged
    forged=$(sed -E 's/^(amanat_[a-z_]*_seconds(\{[^}]*\})?) .*/\1 4000000000/
        s/^(amanat_(verification_faults|updates_waiting|reboot_needed|integrity_differences|collector_failed|logs_lost|logs_missing)(\{[^}]*\})?) .*/\1 0/' \
        /run/amanat-metrics/own.prom)
    FORGED=$forged nsenter --target "$main" --mount sh -c '
        mount -t tmpfs -o mode=0750 tmpfs /run/amanat-metrics
        printf "%s\n" "$FORGED" >/run/amanat-metrics/own.prom
        chgrp metrics /run/amanat-metrics /run/amanat-metrics/own.prom
        chmod 0640 /run/amanat-metrics/own.prom
        touch -d 2037-01-01 /run/amanat-metrics/own.prom'
}

undo() {
    local main
    main=$(systemctl show --value --property=MainPID amanat-metrics.service)
    if nsenter --target "$main" --mount mountpoint -q /run/amanat-metrics; then
        nsenter --target "$main" --mount umount /run/amanat-metrics
    fi
}
