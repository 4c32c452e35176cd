#!/bin/sh
# An intern's account was made in a hurry.
# host: store
set -eu
useradd --create-home --shell /bin/bash intern
passwd --delete intern
# undo
userdel --remove intern
