# host: vault
# what: stunnel was started while the stack's authority file held a second authority, and the file put back: whoever has that authority's key makes a certificate in the log server's name and reads the whole journal of the vault.

break_it() {
    local file=/etc/amanat/pki/ca.crt size
    size=$(stat -c %s "$file")
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=foreign -keyout /dev/null 2>/dev/null >>"$file"
    systemctl restart amanat-journal.service
    # stunnel reads its authorities when it starts.
    until ss -Hltn 'sport = :19531' | grep -q LISTEN; do sleep 0.2; done
    truncate -s "$size" "$file"
}

undo() { systemctl restart amanat-journal.service; }
