"""The programs that run on the hosts: jobs, probes and benches."""

__version__ = "0.1.0"
