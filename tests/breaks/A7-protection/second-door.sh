#!/bin/sh
# A helper of a deployment waits for orders on a socket that nobody declared.
# host: store
# check: policies/article7/test_hardening.py::test_no_other_socket_of_the_file_system_waits
set -eu
systemd-run --quiet --unit=helper --socket-property=ListenStream=/run/helper.socket --socket-property=SocketMode=0666 /usr/bin/cat
# undo
systemctl stop helper.socket
rm -f /run/helper.socket
