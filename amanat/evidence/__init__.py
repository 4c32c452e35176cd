"""Raw evidence of an audit: redacted, written once, named by SHA-256, chained and signed."""

from amanat.evidence.redact import Redactor
from amanat.evidence.run import Run, RunContext
from amanat.evidence.verify import Problem, cut_off, verify, verify_all

__all__ = ["Problem", "Redactor", "Run", "RunContext", "cut_off", "verify", "verify_all"]
