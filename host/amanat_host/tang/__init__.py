"""The unlock server of another host's volume."""
