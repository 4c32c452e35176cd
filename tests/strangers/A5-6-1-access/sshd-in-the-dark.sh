# host: vault
# what: sshd was started once by a drop-in that hides the journal's socket from it and all that it starts, and the drop-in removed: logins, sudo and PAM of every session leave no line anywhere, while the rest of the host logs.

break_it() {
    local place=/run/systemd/system/ssh.service.d
    mkdir -p "$place"
    printf '[Service]\nInaccessiblePaths=/run/systemd/journal/dev-log\n' >"$place/once.conf"
    systemctl daemon-reload
    systemctl restart ssh.service
    rm -r "$place"
    systemctl daemon-reload
}

undo() { systemctl restart ssh.service; }
