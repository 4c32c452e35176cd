#!/bin/sh
# An auditor wanted messages in his language, so his variables go along when he acts as root.
# host: store
# check: policies/article5/test_access_rights.py::test_the_auditor_brings_nothing_along[store]
set -eu
echo 'Defaults:auditor env_keep += "LC_ALL LANGUAGE PYTHONPATH"' > /etc/sudoers.d/zz-language
chmod 0440 /etc/sudoers.d/zz-language
# undo
rm /etc/sudoers.d/zz-language
