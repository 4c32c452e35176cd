"""Machines as systemd containers on a Docker engine. Whoever needs them asks `amanat.targets`, never these modules."""
