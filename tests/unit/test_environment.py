"""What of a person's environment counts: the list of the guide, made sane; all else neither steers nor is passed on."""

import json
import os
import re
import subprocess
import sys

import pytest
from psycopg import pq

from amanat import environment
from amanat.audit.postgres import Database
from amanat.environment import adopt, announce, built, steering
from amanat.paths import PROJECT_ROOT

# Per tool, variables that change what it does. The kit never sets them, and nobody's do reach a tool.
FOREIGN = {
    "ansible": "RUN_TAGS SKIP_TAGS BECOME_ASK_PASS VAULT_PASSWORD_FILE INVENTORY_ENABLED STRATEGY LIBRARY ROLES_PATH"
    " CALLBACKS_ENABLED CHECK_MODE_MARKERS DUPLICATE_YAML_DICT_KEY HASH_BEHAVIOUR JINJA2_NATIVE_WARNING NO_LOG"
    " BECOME_METHOD ACTION_PLUGINS FILTER_PLUGINS SSH_ARGS PRIVATE_KEY_FILE REMOTE_USER TIMEOUT CONFIG HOME ASK_PASS",
    "pulumi": "CONFIG_PASSPHRASE STACK DEBUG_COMMANDS EXPERIMENTAL PARALLEL SKIP_CHECKPOINTS PYTHON_CMD"
    " IGNORE_AMBIENT_PLUGINS ENABLE_LEGACY_DIFF DIY_BACKEND_NO_LEGACY_WARNING OPTION_REFRESH",
    "pytest": "ADDOPTS PLUGINS DISABLE_PLUGIN_AUTOLOAD DEBUG THEME",
    "git": "DIR WORK_TREE INDEX_FILE COMMON_DIR OBJECT_DIRECTORY CONFIG_COUNT CONFIG_PARAMETERS CONFIG_GLOBAL"
    " NAMESPACE CEILING_DIRECTORIES ATTR_SOURCE EXTERNAL_DIFF TRACE REPLACE_REF_BASE",
    "docker": "API_VERSION DEFAULT_PLATFORM BUILDKIT CONTENT_TRUST TMPDIR",
    "pip": "TARGET USER PREFIX NO_DEPS REQUIRE_VIRTUALENV CONFIG_FILE EXTRA_INDEX_URL TRUSTED_HOST",
    "go": "FLAGS OS ARCH 111MODULE ENV EXPERIMENT DEBUG WORK INSECURE",
    "pg": "OPTIONS SERVICE HOSTADDR SSLMODE SSLCRL SSLROOTCERT TARGETSESSIONATTRS REQUIREPEER CHANNELBINDING"
    " GSSENCMODE PASSFILE SERVICEFILE SYSCONFDIR CLIENTENCODING APPNAME TZ DATESTYLE REQUIREAUTH LOADBALANCEHOSTS",
    "python": "PATH HOME WARNINGS OPTIMIZE INSPECT DEVMODE BREAKPOINT SAFEPATH PLATLIBDIR TRACEMALLOC PYCACHEPREFIX",
}
SEPARATED = ("ansible", "pulumi", "pytest", "git", "docker", "pip")
NAMES = {
    f"{tool.upper()}{'_' if tool in SEPARATED else ''}{name}": tool
    for tool, names in FOREIGN.items()
    for name in names.split()
} | {
    "CGO_ENABLED": "go",
    "GNUPGHOME": "gpg",
    "LD_PRELOAD": "all",
    "OPENSSL_CONF": "tls",
    "OPENSSL_MODULES": "tls",
    "SSLKEYLOGFILE": "tls",
    "KRB5CCNAME": "libpq",
    "APT_CONFIG": "mmdebstrap",
    "TAR_OPTIONS": "mmdebstrap",
    "PERL5OPT": "mmdebstrap",
    "PERL5LIB": "mmdebstrap",
    "SOURCE_DATE_EPOCH": "mmdebstrap",
    "DPKG_ROOT": "mmdebstrap",
    "HOSTALIASES": "resolver",
    "RES_OPTIONS": "resolver",
}
UNSAID = (
    "SSH_AUTH_SOCK",
    "SSH_ASKPASS",
    "LANGUAGE",
    "LC_MESSAGES",
    "TZ",
    "GPG_TTY",
    "GIT_EDITOR",
    "EDITOR",
    "CI",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_that_steers_a_tool_reaches_none_and_is_said(name):
    assert name not in built({name: "x"}, logins=True)
    assert steering([name]) == [name]


@pytest.mark.parametrize("name", UNSAID)
def test_what_everybody_has_is_ignored_without_a_word(name):
    assert name not in built({name: "x"}, logins=True)
    assert steering([name]) == []


def test_what_the_guide_lists_is_kept():
    given = dict.fromkeys(environment.HONOURED, "/") | {"TMPDIR": "/tmp", "AMANAT_GOPROXY": "direct"}
    assert built(given).items() >= given.items()


@pytest.mark.parametrize(
    "name", ["DOCKER_HOST", "PULUMI_BACKEND_URL", "HTTPS_PROXY", "SSL_CERT_FILE", "GOPROXY"]
)
def test_set_but_empty_is_not_set(name):
    assert name not in built({name: ""})


@pytest.mark.parametrize(
    "name", ["PULUMI_ACCESS_TOKEN", "AWS_SECRET_ACCESS_KEY", "AZURE_STORAGE_KEY", "GOOGLE_CREDENTIALS"]
)
def test_logins_of_a_state_backend_go_to_our_own_programs_alone(name):
    assert name not in built({name: "secret"})
    assert built({name: "secret"}, logins=True)[name] == "secret"


@pytest.mark.parametrize("locale", ["C", "POSIX", "xx_YY.UTF-8", "fa_IR", "en_US.ISO-8859-1", ""])
@pytest.mark.parametrize("name", ["LC_ALL", "LANG", "LC_CTYPE"])
def test_the_locale_is_one_that_exists_and_writes_persian(name, locale):
    found = built({name: locale})
    assert (found["LC_ALL"], found["LANG"]) == ("C.UTF-8", "C.UTF-8")
    assert "LC_CTYPE" not in found


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("/usr/bin:/bin", "/usr/bin:/bin"),
        (".:/usr/bin", "/usr/bin"),
        (":/usr/bin:", "/usr/bin"),
        ("bin:/usr/bin:~/bin", "/usr/bin"),
        ("", os.defpath),
        (".", os.defpath),
    ],
)
def test_programs_are_never_taken_from_where_we_stand(given, kept):
    assert built({"PATH": given})["PATH"] == kept


@pytest.mark.parametrize("name", ["HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"])
def test_a_relative_directory_is_none(name):
    assert built({name: "here"}).get(name, "/").startswith("/")


def test_a_tmpdir_counts_where_sockets_fit_into_it_and_it_can_be_written(tmp_path, monkeypatch):
    assert built({"TMPDIR": "/tmp"})["TMPDIR"] == "/tmp"
    for name in (str(tmp_path / ("d" * 90)), "/nowhere", "relative", "/etc/passwd", ""):
        assert "TMPDIR" not in built({"TMPDIR": name})
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    assert "TMPDIR" not in built({"TMPDIR": str(deep)})


def test_adopting_leaves_what_counts_and_says_what_would_have_steered():
    environ = {
        "PATH": "/bin",
        "PGOPTIONS": "-c x=1",
        "EDITOR": "vi",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PYTHONPATH": "",
    }
    assert adopt(environ) == ["PGOPTIONS", "PULUMI_CONFIG_PASSPHRASE"]
    assert environ == built({"PATH": "/bin"})
    assert adopt(environ) == []


def test_what_was_ignored_is_one_line(capfd):
    announce([])
    assert capfd.readouterr().err == ""
    announce([f"PG{n}" for n in range(20)])
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert "PG0, PG1" in said
    assert "and 12 more" in said


# Values with which each tool, or Python itself, would do something else than without.
POISON = {
    "PYTHONWARNINGS": "error",
    "PYTHONOPTIMIZE": "2",
    "PYTHONIOENCODING": "latin-1",
    "PYTHONBREAKPOINT": "no.such.thing",
    "PYTEST_ADDOPTS": "--collect-only",
    "PYTEST_PLUGINS": "no_such_plugin",
    "PYTEST_DEBUG": "1",
    "LC_ALL": "xx_YY.ISO-8859-1",
    "LANGUAGE": "fa",
    "TMPDIR": "/nowhere",
    "ANSIBLE_CONFIG": "/nowhere/ansible.cfg",
    "ANSIBLE_INVENTORY_ENABLED": "no_such_plugin",
    "PGSERVICE": "nobody",
    "GIT_DIR": "/nowhere",
    "OPENSSL_CONF": "/nowhere/openssl.cnf",
    "SSLKEYLOGFILE": "/nowhere/keys",
    "PULUMI_CONFIG_PASSPHRASE": "",
    "AMANAT_STACK": "",
}


def command(*words, home, **variables):
    """The command as a person runs it, in the environment given."""
    given = {"PATH": os.environ["PATH"], "AMANAT_HOME": str(home), "HOME": str(home), **variables}
    program = f"{sys.prefix}/bin/amanat"
    return subprocess.run(
        [program, *words], env=given, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("as_json", [False, True])
def test_an_audit_is_the_same_in_anybodys_environment(tmp_path, as_json):
    """Of a stack that isn't there: nothing is listed, nothing helps, nothing is green."""
    words = ["audit", "--stack", "nosuch", *(["--json"] if as_json else [])]
    clean, poisoned = command(*words, home=tmp_path), command(*words, home=tmp_path, **POISON)
    ignored = [
        line for line in poisoned.stderr.splitlines() if line.startswith("ignored in your environment: ")
    ]
    assert len(ignored) == 1
    assert clean.returncode == poisoned.returncode == 2
    assert "there is no inventory" in clean.stderr
    assert told(poisoned.stderr.replace(f"{ignored[0]}\n", "")) == told(clean.stderr)
    assert told(poisoned.stdout) == told(clean.stdout)
    if as_json:
        assert json.loads(clean.stdout)["error"]["what"] == "there is no inventory"


def told(text):
    """Words without the numbers of times and names of runs."""
    return re.sub(r"\d\S*", "#", text)


def test_help_is_the_same_in_anybodys_environment(tmp_path):
    clean, poisoned = command("--help", home=tmp_path), command("--help", home=tmp_path, **POISON)
    assert (poisoned.returncode, poisoned.stdout) == (clean.returncode, clean.stdout)
    assert clean.returncode == 0


@pytest.mark.parametrize("redirection", ["2>&-", ">&- 2>&-", "2>/dev/full", "<&-"])
def test_a_stream_that_takes_nothing_is_no_traceback_of_the_start(tmp_path, redirection):
    ran = subprocess.run(
        ["sh", "-c", f"exec {sys.prefix}/bin/amanat --help {redirection}"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **POISON},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in ran.stdout + ran.stderr
    assert (ran.returncode == 0) or ">&- " in redirection


def test_libpq_in_this_process_reads_nothing_of_the_person(tmp_path):
    """libpq asks the C library for its variables, connection by connection."""
    ask = "from psycopg import pq; print([(o.keyword, o.val) for o in pq.Conninfo.get_defaults()])"
    adopting = f"from amanat import environment; environment.adopt(); {ask}"
    names = [name for name, tool in NAMES.items() if tool == "pg"]
    poison = {name: "1" for name in names if name not in ("PGSERVICE", "PGSERVICEFILE")}
    clean = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    def defaults(code, env):
        ran = subprocess.run(
            [sys.executable, "-c", code],
            env=env,
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return ran.stdout

    assert defaults(ask, clean) != defaults(ask, {**clean, **poison})
    assert defaults(adopting, {**clean, **poison}) == defaults(ask, clean)
    assert len(pq.Conninfo.get_defaults()) > len(names)


def test_every_file_that_libpq_finds_in_a_home_is_named_by_us(tmp_path):
    """A revocation list of another authority would make every server unknown (PostgreSQL manual, 32.19)."""
    database = Database("127.0.0.1", 1, "r", "p", tmp_path / "ca", None, tmp_path)
    given = database.parameters({})
    for keyword in ("passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl"):
        assert str(given[keyword]).startswith(str(tmp_path)), keyword
    assert given["gssencmode"] == "disable"


GPG = """
from amanat import environment
environment.adopt()
import tempfile
from pathlib import Path
from amanat.audit.gpg import keyring
from amanat.secrets_socket import receive_secrets, serve_secrets_to_children
from amanat.keys import make_sealing_key
_, _, private = make_sealing_key("test")
with tempfile.TemporaryDirectory() as where, serve_secrets_to_children("words"):
    key = Path(where) / "key"
    key.write_text(private)
    with keyring(key, lambda: ""):
        print("opened", receive_secrets())
"""


def test_gpg_and_sockets_work_in_anybodys_environment(tmp_path):
    long = tmp_path / ("t" * 100)
    (tmp_path / ".gnupg").mkdir(mode=0o700)
    (tmp_path / ".gnupg/gpg.conf").write_text("no-such-option\n", "utf-8")
    long.mkdir()
    poison = {"TMPDIR": str(long), "GNUPGHOME": str(tmp_path / ".gnupg"), "LC_ALL": "xx_YY", "LANGUAGE": "de"}
    poison |= {"GPG_TTY": "/dev/null", "GPG_AGENT_INFO": "/nowhere:1:1", "PINENTRY_USER_DATA": "x"}
    ran = subprocess.run(
        [sys.executable, "-c", GPG],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **poison},
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout == "opened words\n", ran.stderr
