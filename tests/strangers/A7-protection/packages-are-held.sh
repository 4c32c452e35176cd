# host: vault
# what: OpenSSL, sshd and sudo are on hold in dpkg's selections: their security updates never install, and no file of theirs or of apt's settings differs.

break_it() { apt-mark hold openssl libssl3t64 openssh-server sudo >/dev/null; }

undo() { apt-mark unhold openssl libssl3t64 openssh-server sudo >/dev/null; }
