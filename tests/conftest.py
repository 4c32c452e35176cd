"""What all tests share: a warning is an error here, and none in an operator's audit (so pyproject.toml is silent)."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "error")
