"""The audit: policies measure the hosts against the law and leave signed evidence."""

from amanat.audit.errors import NotChecked
from amanat.audit.markers import prefetch, requirement

__all__ = ["NotChecked", "prefetch", "requirement"]
