"""scripts/bootstrap, run with a Python that only pretends: what is made, skipped, made good."""

import shutil
import subprocess

import pytest

from amanat.paths import PROJECT_ROOT

PYTHON = """#!/bin/sh
case "$*" in
*"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python && cp "$0" .venv/bin/amanat
  echo "command = $0 -m venv $PWD/.venv" >.venv/pyvenv.cfg ;;
*"-m pip --version"*) ;;
*"-m pip install"*) echo "$@" >>installed
  [ -e full ] && { echo "No space left on device"; exit 1; }
  echo "Collecting something" ;;
--version) echo Python 3.99 ;;
esac
exit 0
"""


@pytest.fixture
def checkout(tmp_path):
    """A directory with the script, a small lock, and the pretender."""
    for name in ("scripts", "requirements"):
        (tmp_path / name).mkdir()
    shutil.copy(PROJECT_ROOT / "scripts/bootstrap", tmp_path / "scripts/bootstrap")
    (tmp_path / "requirements/run.txt").write_text("something==1.0 \\\n    --hash=sha256:00\n")
    (tmp_path / "requirements/test.txt").write_text("other==1.0 \\\n    --hash=sha256:00\n")
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "host").mkdir()
    (tmp_path / "host/pyproject.toml").touch()
    (tmp_path / "pretender").write_text(PYTHON)
    (tmp_path / "pretender").chmod(0o755)
    return tmp_path


def bootstrap(checkout, *arguments, **env):
    """Run it; returns the finished process."""
    return subprocess.run(
        ["bash", "scripts/bootstrap", *arguments],
        cwd=checkout,
        env={"PATH": "/usr/bin:/bin", "PYTHON": str(checkout / "pretender"), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def installs(checkout):
    return (checkout / "installed").read_text().splitlines() if (checkout / "installed").exists() else []


def test_only_hashed_packages_are_installed_and_only_once(checkout):
    assert bootstrap(checkout).returncode == 0
    locked, ours = installs(checkout)
    assert "--require-hashes --requirement requirements/run.txt" in locked
    assert "--no-index --no-deps --no-build-isolation --editable . --editable ./host" in ours
    again = bootstrap(checkout)
    assert (again.returncode, again.stdout + again.stderr) == (0, "")
    assert len(installs(checkout)) == 2


@pytest.mark.parametrize(
    "name",
    [
        *(
            "PIP_TARGET",
            "PIP_PREFIX",
            "PIP_NO_DEPS",
            "PIP_DRY_RUN",
            "PIP_REQUIRE_VIRTUALENV",
            "PIP_NO_BINARY",
        ),
        *(
            "PYTHONPATH",
            "PYTHONHOME",
            "PYTHONWARNINGS",
            "PYTHONOPTIMIZE",
            "PYTHONSTARTUP",
            "PYTHONPLATLIBDIR",
        ),
    ],
)
def test_what_pip_installs_and_where_is_not_the_persons_choice(checkout, name):
    pretender = checkout / "pretender"
    pretender.write_text(pretender.read_text().replace("\n", '\nenv >>"$(dirname "$0")/environment"\n', 1))
    assert bootstrap(checkout, **{name: "/nowhere"}).returncode == 0
    seen = "".join(path.read_text() for path in checkout.rglob("environment")).splitlines()
    assert "PIP_USER=0" in seen
    assert f"{name}=/nowhere" not in seen


@pytest.mark.parametrize(
    "name", ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT", "PIP_PROXY", "PIP_CONFIG_FILE"]
)
def test_where_pip_finds_packages_is(checkout, name):
    pretender = checkout / "pretender"
    pretender.write_text(pretender.read_text().replace("\n", '\nenv >>"$(dirname "$0")/environment"\n', 1))
    assert bootstrap(checkout, **{name: "/mine"}).returncode == 0
    seen = "".join(path.read_text() for path in checkout.rglob("environment")).splitlines()
    assert f"{name}=/mine" in seen


def test_a_cdpath_leads_nowhere_else(checkout, tmp_path):
    (tmp_path / "elsewhere/scripts").mkdir(parents=True)
    done = bootstrap(checkout, CDPATH=str(tmp_path / "elsewhere"))
    assert done.returncode == 0
    assert installs(checkout)


def test_a_changed_lock_is_installed(checkout):
    bootstrap(checkout)
    with (checkout / "requirements/run.txt").open("a") as lock:
        lock.write("more==1.0 --hash=sha256:00\n")
    bootstrap(checkout)
    assert len(installs(checkout)) == 4


def test_test_packages_are_asked_for_by_name(checkout):
    assert bootstrap(checkout, "test").returncode == 0
    assert "--requirement requirements/test.txt" in installs(checkout)[0]
    assert bootstrap(checkout, "tset").returncode == 2


def test_an_installation_that_was_killed_is_made_afresh(checkout):
    bootstrap(checkout)
    (checkout / ".venv/.amanat-installing").touch()
    (checkout / ".venv/half").touch()
    done = bootstrap(checkout)
    assert done.returncode == 0
    assert "half-way" in done.stderr
    assert not (checkout / ".venv/half").exists()
    assert not (checkout / ".venv/.amanat-installing").exists()


def test_an_environment_that_was_killed_while_made_is_made_again(checkout):
    (checkout / ".venv/bin").mkdir(parents=True)
    assert bootstrap(checkout).returncode == 0
    assert (checkout / ".venv/.amanat-run").exists()


def test_a_failed_installation_says_why_and_is_not_taken_for_done(checkout):
    (checkout / "full").touch()
    failed = bootstrap(checkout)
    assert failed.returncode == 2
    assert "No space left on device" in failed.stderr
    assert "error: the Python packages can't be installed" in failed.stderr
    (checkout / "full").unlink()
    assert bootstrap(checkout).returncode == 0
    assert (checkout / ".venv/.amanat-run").exists()


def test_no_fitting_python_is_said(checkout):
    names = ("pretender", "python3", "python3.11", "python3.12", "python3.13")
    old = checkout / "old"
    old.mkdir()
    for name in names:
        (old / name).write_text("#!/bin/sh\n[ $1 = --version ] && echo Python 3.9.2\nexit 1\n")
        (old / name).chmod(0o755)
    refused = bootstrap(checkout, PATH=f"{old}:/usr/bin:/bin", PYTHON="")
    assert refused.returncode == 2
    assert "error: Python 3.11 or newer is needed, and PATH has none (Python 3.9.2)" in refused.stderr


def test_an_unreadable_bundle_is_said(checkout):
    refused = bootstrap(checkout, AMANAT_CA_BUNDLE="/nowhere/ca.pem")
    assert refused.returncode == 2
    assert "AMANAT_CA_BUNDLE = /nowhere/ca.pem can't be read" in refused.stderr


@pytest.mark.parametrize("how", ["copied", "moved"])
def test_the_environment_of_a_checkout_that_was_copied_or_moved_is_made_afresh(
    checkout, tmp_path_factory, how
):
    bootstrap(checkout)
    (checkout / ".venv/of-the-first").touch()
    other = tmp_path_factory.mktemp("elsewhere") / "checkout"
    shutil.copytree(checkout, other, symlinks=True) if how == "copied" else shutil.move(checkout, other)
    done = bootstrap(other)
    assert done.returncode == 0
    assert "copied or moved" in done.stderr
    assert not (other / ".venv/of-the-first").exists()
    assert bootstrap(other).stderr == ""
    if how == "copied":
        assert (checkout / ".venv/of-the-first").exists()
        assert bootstrap(checkout).stderr == ""


def test_an_environment_that_does_not_say_where_it_was_made_is_made_afresh(checkout):
    bootstrap(checkout)
    (checkout / ".venv/pyvenv.cfg").write_text("home = /usr/bin\n")
    assert "making the environment afresh" in bootstrap(checkout).stderr
