#!/bin/sh
# The payment page can no longer store what was paid.
# host: store
# check: policies/article6/test_transactions.py::test_a_transaction_is_stored_as_it_happened
set -eu
sql <<'END'
REVOKE EXECUTE ON FUNCTION archive.record_transaction(text, text, numeric, text, text, text, inet, integer, timestamptz)
FROM archive_writer;
END
# undo
sql <<'END'
GRANT EXECUTE ON FUNCTION archive.record_transaction(text, text, numeric, text, text, text, inet, integer, timestamptz)
TO archive_writer;
END
