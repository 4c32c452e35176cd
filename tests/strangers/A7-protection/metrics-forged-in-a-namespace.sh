# host: vault
# what: In the exporter's own mount namespace a made-up file lies over the kit's metrics (by a drop-in that was there once): certificates end in 2096, backups, anchors and drills are always fresh, nothing is faulty; on the host itself every file is right.
# settle: 20

break_it() {
    local place=/run/systemd/system/amanat-metrics.service.d forged=/run/forged
    mkdir -p "$place" "$forged"
    mount -t tmpfs -o mode=0750 tmpfs "$forged"
    sed -E 's/^(amanat_[a-z_]*_seconds(\{[^}]*\})?) .*/\1 4000000000/
        s/^(amanat_(verification_faults|updates_waiting|reboot_needed|integrity_differences|collector_failed|logs_lost|logs_missing)(\{[^}]*\})?) .*/\1 0/' \
        /run/amanat-metrics/own.prom >"$forged/own.prom"
    chgrp metrics "$forged" "$forged/own.prom"
    chmod 0640 "$forged/own.prom"
    touch -d 2037-01-01 "$forged/own.prom"
    printf '[Service]\nBindReadOnlyPaths=%s:/run/amanat-metrics\n' "$forged" >"$place/once.conf"
    systemctl daemon-reload
    systemctl restart amanat-metrics.service
    rm -r "$place"
    systemctl daemon-reload
    umount "$forged"
    rmdir "$forged"
}

undo() { systemctl restart amanat-metrics.service; }
