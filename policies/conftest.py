"""The policies are measured by the library's audit; nothing of it lives here."""

pytest_plugins = ["amanat.audit.plugin"]
