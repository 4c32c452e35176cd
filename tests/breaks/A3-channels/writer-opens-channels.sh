#!/bin/sh
# A gateway may open its own channels, so that nobody has to be asked.
# host: store
# check: policies/article3/test_channels.py::test_no_client_opens_or_closes_the_list[archive_writer]
# finding: add_channel
set -eu
sql <<'END'
ALTER FUNCTION archive.add_channel(text, text) SECURITY DEFINER;
GRANT EXECUTE ON FUNCTION archive.add_channel(text, text) TO archive_writer;
END
# undo
sql <<'END'
ALTER FUNCTION archive.add_channel(text, text) SECURITY INVOKER;
REVOKE EXECUTE ON FUNCTION archive.add_channel(text, text) FROM archive_writer;
END
