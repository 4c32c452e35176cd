"""The operator's site on the host that serves it."""
