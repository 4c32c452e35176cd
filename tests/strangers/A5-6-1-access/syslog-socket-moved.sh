# host: store
# what: The journal's socket for syslog was renamed: what sshd and sudo say from now on goes nowhere, gets no number, and so is missed neither here nor on the log server.

break_it() { [ ! -e /run/systemd/journal/dev-log ] || mv /run/systemd/journal/dev-log /run/systemd/journal/.dev-log; }

undo() { [ ! -e /run/systemd/journal/.dev-log ] || mv /run/systemd/journal/.dev-log /run/systemd/journal/dev-log; }
