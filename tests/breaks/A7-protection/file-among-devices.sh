#!/bin/sh
# Something was put by among the devices, where nobody looks.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[vault]
# finding: nobody expects /dev/.kept
set -eu
echo note > /dev/.kept
# undo
rm /dev/.kept
