"""What monitoring adds to Debian's exporters: the kit's own metrics, a probe, and the dead-man's switch."""
