"""Settings: good ones are taken as meant; each bad one gives one message with key, value and fix."""

import asyncio

import pulumi
import pytest
from pulumi.runtime.config import set_all_config
from pulumi.runtime.mocks import MockMonitor, Mocks, set_mocks
from pulumi.runtime.stack import wait_for_rpcs

from amanat.errors import AmanatError, BadInput, BadInputs
from amanat.law import OutsideTheLaw, register
from amanat.report_errors import ALREADY_SHOWN, report_errors
from amanat.settings import BadSetting, Settings
from amanat.yaml_lines import UnreadableFile
from tests.declared import DECLARED, NAMES

FILE = "Pulumi.local.yaml"
RIGHT_TO_LEFT_OVERRIDE = "\u202e"

# name of the case: (setting, value, what the message says of it)
BAD = {
    # Outside the law, or our reading of it.
    "addresses kept too short": ("ip_retention_days", 100, "= 100 is below 186, the least that Article 6"),
    "a day too few": ("ip_retention_days", "185", "= 185 is below 186"),
    "negative days": ("ip_retention_days", "-190", "= -190 is below 186"),
    "Persian digits, too few": ("ip_retention_days", "۱۰۰", "= 100 is below 186"),
    "messages kept too short": (
        "message_retention_days",
        "30",
        "= 30 is below 186, the least that our reading",
    ),
    "transactions not kept": ("transaction_retention_days", 0, "= 0 is below 186"),
    "certificates too long": ("certificate_days", 825, "= 825 is above 397"),
    "renewal too late": ("certificate_renew_days", 3, "= 3 is below 21"),
    "backups every other day": ("backup_interval_hours", 48, "= 48 is above 24"),
    "backups at changing hours": ("backup_interval_hours", 13, "= 13 does not divide a day"),
    "copies at changing hours": ("copy_interval_hours", "5", "= 5 does not divide a day"),
    "copies soon gone": ("copies_keep_days", 30, "= 30 is below 31"),
    "no room for copies": ("copies_size_gib", 0, "= 0 is too small"),
    "slow line": ("internet_mbit_per_second", 2, "= 2 is below 8"),
    # Wrong types.
    "words for days": ("ip_retention_days", "six months", "= six months is not an integer"),
    "half a day": ("ip_retention_days", 186.5, "= 186.5 is not an integer"),
    "underscored number": ("message_retention_days", "1_000", "= 1_000 is not an integer"),
    "number with unit": ("store_volume_size_gib", "4 GiB", "= 4 GiB is not an integer"),
    "truth for number": ("store_volume_size_gib", True, "= True is not an integer"),
    "nothing": ("certificate_days", None, "= nothing is not an integer"),
    "empty number": ("database_port", "", "= '' is not an integer"),
    "list": ("debian_mirror", ["https://mirror.example"], "is not text"),
    "mapping": ("operator_name_en", {"secure": "v1:x"}, "is not text"),
    "number for name": ("operator_name_en", 521129, "= 521129 is not text"),
    "number for target": ("target", 1, "= 1 is not text"),
    "superscript": ("ip_retention_days", "19²", "= 19² is not an integer"),
    "days beyond a century": ("ip_retention_days", 10**9, "= 1000000000 is too large"),
    "huge number": ("ip_retention_days", "9" * 400, "is not an integer"),
    # Outside a closed list.
    "target to come": ("target", "ssh", "= ssh is not built yet"),
    "unknown target": ("target", "kubernetes", "= kubernetes is unknown"),
    "misspelt encryption": ("store_volume_encryption", "fscript", "= fscript is unknown"),
    "no encryption": ("store_volume_encryption", "none", "= none is unknown"),
    "unknown image source": ("image_source", "build", "= build is unknown"),
    "older Debian": ("debian_suite", "bookworm", "= bookworm is unknown"),
    # Networks and ports.
    "no network": ("network_subnet", "office", "= office is not an IPv4 network"),
    "host bits": ("network_subnet", "10.64.7.5/24", "= 10.64.7.5/24 is not an IPv4 network"),
    "public network": ("network_subnet", "8.8.8.0/24", "= 8.8.8.0/24 is a public network"),
    "large network": ("network_subnet", "10.0.0.0/8", "= 10.0.0.0/8 is too large or too small"),
    "tiny network": ("network_subnet", "10.64.7.0/30", "= 10.64.7.0/30 is too large or too small"),
    "IPv6 network": ("network_subnet", "fd00::/64", "= fd00::/64 is not an IPv4 network"),
    "privileged port": ("database_port", 22, "= 22 is too small"),
    "port beyond": ("database_port", 70000, "= 70000 is too large"),
    "negative port": ("database_port", -1, "= -1 is too small"),
    "little memory": ("memory_mib", {"store": 64}, "has store: 64, which is too small"),
    "ports of no machine": ("ssh_ports", 2201, "= 2201 is not a mapping"),
    "ports in a list": ("ssh_ports", [2201], "is not a mapping"),
    "text for ports": ("ssh_ports", "store", "= store is not a mapping"),
    "word for a port": ("ssh_ports", {"store": "many"}, "has store: many, which is not an integer"),
    "privileged port of a machine": ("ssh_ports", {"store": 22}, "has store: 22, which is too small"),
    "one port for two": ("ssh_ports", {"store": 2201, "vault": 2201}, "gives store and vault one port"),
    "tiny volume": ("store_volume_size_gib", 1, "= 1 is too small"),
    "endless volume": ("store_volume_size_gib", 10**7, "is too large"),
    # Addresses.
    "engine over plain TCP": ("engine", "tcp://192.0.2.7:2375", "without encryption"),
    "engine as a path": ("engine", "/var/run/docker.sock", "is not an address of a Docker engine"),
    "engine without host": ("engine", "ssh://", "= ssh:// is not an address of a Docker engine"),
    "engine as an option": ("engine", "ssh://-oProxyCommand=x", "a password or an option"),
    "engine with a command": ("engine", "ssh://host;reboot", "is not an address of a Docker engine"),
    "mirror without scheme": ("debian_mirror", "mirror.example/debian", "is not a URL with https or http"),
    "mirror by ftp": ("debian_mirror", "ftp://mirror.example", "is not a URL with https or http"),
    "mirror with a command": ("debian_mirror", "https://mirror.example/$(id)", "a sign of the shell"),
    "mirror in two lines": ("debian_security_mirror", "https://a.example\ndeb evil", "a control character"),
    "mirror of look-alike letters": ("debian_mirror", "https://mіrror.example", "beyond ASCII"),
    "index with a template": ("pypi_index", "https://mirror.example/{{ x }}", "a sign of the shell"),
    "index with a bad port": ("pypi_index", "https://mirror.example:port/", "is not an address"),
    "name server by name": ("name_servers", "dns.example", "is not a list of IPv4 addresses"),
    "name server on IPv6": ("name_servers", "2001:db8::53", "is not a list of IPv4 addresses"),
    "name server on loopback": ("name_servers", "10.0.0.53,127.0.0.53", "names 127.0.0.53"),
    "name server nowhere": ("name_servers", "0.0.0.0", "names 0.0.0.0"),  # noqa: S104 - a wrong value
    "name servers as multicast": ("name_servers", "224.0.0.251", "names 224.0.0.251"),
    "name servers with a network": ("name_servers", "10.0.0.0/24", "is not a list of IPv4 addresses"),
    "proxy without a port": ("http_proxy", "http://proxy.example", "is not a proxy with its port"),
    "proxy with a path": ("http_proxy", "http://proxy.example:3128/x", "is not a proxy with its port"),
    "proxy with a password": ("http_proxy", "http://u:p@proxy.example:3128", "settings are not secret"),
    "proxy on loopback": ("http_proxy", "http://127.0.0.1:3128", "each host would ask itself"),
    "proxy on port 0": ("http_proxy", "http://proxy.example:0", "is not a proxy with its port"),
    "proxy on loopback, short": ("http_proxy", "http://127.1:3128", "each host would ask itself"),
    "proxy on loopback, mapped": (
        "http_proxy",
        "http://[::ffff:127.0.0.1]:3128",
        "each host would ask itself",
    ),
    "proxy nowhere": ("http_proxy", "http://0.0.0.0:3128", "each host would ask itself"),
    "proxy on localhost, whole": ("http_proxy", "http://localhost.:3128", "each host would ask itself"),
    "proxy on localhost": ("http_proxy", "http://localhost:3128", "each host would ask itself"),
    "SOCKS proxy": ("http_proxy", "socks5://proxy.example:1080", "is not a URL with http"),
    "Go proxy as words": ("go_proxy", "direct,somewhere", "is not a URL with https, http or file"),
    "registry with scheme": ("image_registry", "https://registry.example", "can't stand before"),
    "image in capitals": ("image_base", "Debian:Trixie", "= Debian:Trixie is not an image name"),
    "image as an option": ("image_base", "--privileged", "is not an image name"),
    "path with NUL": ("trusted_ca_file", "ca\0.pem", "a control character"),
    # Hostile names.
    "name in two lines": ("operator_name_en", "Amanat\nroot ALL=(ALL) ALL", "a control character"),
    "name that escapes": ("operator_name_en", "Amanat\x1b[2J", "a control character"),
    "name with a template": ("operator_name_en", "{{ lookup('pipe', 'id') }}", "holds { (U+007B)"),
    "name with a command": ("operator_name_en", "Amanat $(reboot)", "holds $ (U+0024)"),
    "name with a backtick": ("operator_name_en", "Amanat `id`", "holds ` (U+0060)"),
    "name with markup": ("operator_name_fa", "امانت <script>", "holds < (U+003C)"),
    "name with quote": ("operator_name_en", "x'; DROP TABLE message", "holds ' (U+0027)"),
    "name that flips text": ("operator_name_en", f"Amanat{RIGHT_TO_LEFT_OVERRIDE}tfel", "(U+202E)"),
    "name that is a path": ("operator_name_en", "../../etc", "holds / (U+002F)"),
    "name too long": ("operator_name_en", "A" * 81, "is not a name"),
    "endless name": ("operator_name_en", "A" * 100000, "is longer than 500 characters"),
    "no name": ("operator_name_en", "  ", "= '  ' is not a name"),
    "Persian name in English": ("operator_name_fa", "Amanat", "= Amanat has no Persian letter"),
}


@pytest.mark.parametrize(("name", "value", "said"), BAD.values(), ids=BAD)
def test_a_bad_value_gives_one_message(name, value, said):
    with pytest.raises(BadInput) as refused:
        Settings.parse({name: value}, "local")
    message = str(refused.value)
    what, _, fix = message.partition("\n       ")
    assert isinstance(refused.value, BadSetting | OutsideTheLaw)
    assert what.startswith(f"{name} = ")
    assert said in what
    assert f"amanat:{name} to " in fix
    assert FILE in fix
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(("name", "value", "said"), BAD.values(), ids=BAD)
def test_a_message_is_short_and_harmless(name, value, said):
    with pytest.raises(AmanatError) as refused:
        Settings.parse({name: value}, "local")
    message = str(refused.value)
    assert message.count("\n") == 1
    assert all(line.strip().isprintable() for line in message.split("\n"))
    assert max(map(len, message.split("\n"))) < 240
    for leak in ("Traceback", "pydantic", "Error", "validator"):
        assert leak not in message


@pytest.mark.parametrize("name", [name for name in Settings.model_fields if name in register().owners])
def test_what_is_beyond_a_bound_is_left_for_the_law_to_say(name):
    bound = register().bound(register().owners[name], name)
    beyond = [bound.min - 1, -1] if bound.min is not None else []
    for value in [*beyond, *([bound.max + 1] if bound.max is not None else [])]:
        with pytest.raises(OutsideTheLaw):
            Settings.parse({name: value}, "local")
    for value in [10**9, "some", *([] if beyond else [0])]:
        with pytest.raises(BadSetting, match=f"an integer number of {bound.unit}"):
            Settings.parse({name: value}, "local")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (
            {"ip_retenton_days": 190},
            "amanat:ip_retenton_days is not a setting.\n       Did you mean amanat:ip_retention_days?",
        ),
        ({"IP_RETENTION_DAYS": 190}, "Did you mean amanat:ip_retention_days?"),
        (
            {"colour": "green"},
            "amanat:colour is not a setting.\n       Correct or remove it in Pulumi.local.yaml",
        ),
        ({"a\x1b[2Jb": 1}, r"amanat:'a\x1b[2Jb' is not a setting"),
        ({"": 1}, "amanat:'' is not a setting"),
        (
            {"ssh_ports": {"store": 2222}, "database_port": "2222"},
            "database_port = 2222 is ssh_ports.store too",
        ),
        (
            {"ssh_ports": {"stor": 2222}},
            "ssh_ports names stor, which is not a machine of this stack.\n       Did you mean store?",
        ),
        (
            {"placement": {"alpha": "store", "beta": "vault"}, "memory_mib": {"store": 2048}},
            "memory_mib names store, which is not a machine of this stack.\n       In Pulumi.local.yaml, set"
            " amanat:memory_mib for alpha or beta",
        ),
        ({"certificate_days": 20}, "= 30 would renew every certificate at each run"),
        (
            {"certificate_days": 60, "certificate_renew_days": 60},
            "= 60 would renew every certificate at each run",
        ),
        ({"image_source": "pull", "image_base": ""}, "image_base = '' leaves nothing to pull"),
    ],
)
def test_settings_without_sense_together_are_refused(raw, said):
    with pytest.raises(BadSetting) as refused:
        Settings.parse(raw, "local")
    assert said in str(refused.value)
    assert FILE in str(refused.value)


def test_every_fault_is_told_in_one_message():
    raw = {"ip_retention_days": 100, "target": "ssh", "colour": "green", "database_port": "x"}
    with pytest.raises(BadInputs) as refused:
        Settings.parse(raw, "office")
    message = str(refused.value)
    assert message.startswith("4 settings are refused (Pulumi.office.yaml)\n       1. ")
    assert len(refused.value.faults) == 4
    assert {type(fault) for fault in refused.value.faults} == {BadSetting, OutsideTheLaw}
    assert all(part in message for part in ("= 100", "= ssh", "amanat:colour", "= x", "       4. "))


@pytest.mark.parametrize(
    "value", ["https://user:hunter2@mirror.example/debian", "ftp://user:hunter2@mirror.example"]
)
def test_a_password_in_an_address_is_refused_and_not_repeated(value):
    with pytest.raises(BadSetting) as refused:
        Settings.parse({"debian_mirror": value}, "local")
    assert "hunter2" not in str(refused.value)
    assert "mirror.example" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("ip_retention_days", "۱۹۰", 190),
        ("ip_retention_days", "١٩٠", 190),
        ("ip_retention_days", " 200 ", 200),
        ("ip_retention_days", 200.0, 200),
        ("ip_retention_days", "186", 186),
        ("certificate_days", 397, 397),
        ("copies_keep_days", 31, 31),
        ("copies_size_gib", "2000", 2000),
        *(
            (name, hours, hours)
            for name in ("backup_interval_hours", "copy_interval_hours")
            for hours in (1, 8, 24)
        ),
        ("database_port", "0", 0),
        ("database_port", 1024, 1024),
        ("database_port", 65535, 65535),
        ("ssh_ports", {"store": "۲۲۰۱", "vault": 0}, {"store": 2201, "vault": 0}),
        ("ssh_ports", '{"store": 2201}', {"store": 2201}),
        ("ssh_ports", "", {}),
        ("memory_mib", {"store": "2048"}, {"store": 2048}),
        ("network_subnet", "10.64.7.0/24", "10.64.7.0/24"),
        ("network_subnet", "۱۹۲.۱۶۸.۵.۱۶/۲۸", "192.168.5.16/28"),
        ("network_subnet", "", ""),
        ("engine", "unix:///run/docker.sock", "unix:///run/docker.sock"),
        ("engine", "ssh://deploy@engine.example:22", "ssh://deploy@engine.example:22"),
        ("engine", "tcp://127.0.0.1:2375", "tcp://127.0.0.1:2375"),
        ("debian_mirror", "http://mirror.example/debian/", "http://mirror.example/debian"),
        ("pypi_index", "file:///srv/wheels", "file:///srv/wheels"),
        ("go_proxy", "https://proxy.example|direct", "https://proxy.example|direct"),
        ("image_registry", "registry.example:5000/mirror", "registry.example:5000/mirror"),
        (
            "image_base",
            f"registry.example/debian@sha256:{'a' * 64}",
            f"registry.example/debian@sha256:{'a' * 64}",
        ),
        ("store_volume_encryption", "fscrypt", "fscrypt"),
        ("operator_name_en", "Amanat Messaging (Tehran), No. 7", "Amanat Messaging (Tehran), No. 7"),
        ("operator_name_fa", "پيام‌رسان كارا ۲", "پیام‌رسان کارا ۲"),
    ],
)
def test_a_good_value_is_taken_as_meant(name, value, taken):
    assert getattr(Settings.parse({name: value}, "local"), name) == taken


def test_defaults_are_good():
    assert Settings.parse({}, "local") == Settings()


def test_settings_do_not_change():
    with pytest.raises(ValueError, match="frozen"):
        Settings().target = "ssh"


class NoResources(Mocks):
    def new_resource(self, args):
        return f"{args.name}-id", args.inputs

    def call(self, args):
        return {}


@pytest.fixture
def pulumi_config():
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    set_mocks(NoResources(), project="amanat", stack="office", monitor=MockMonitor(NoResources()))
    loop.run_until_complete(wait_for_rpcs())
    yield set_all_config
    set_all_config({}, [])
    asyncio.set_event_loop(None)
    loop.close()


def test_pulumi_gives_the_stack_s_choices(pulumi_config):
    pulumi_config({"amanat:ip_retention_days": "300", "docker:host": "unix:///x"})
    assert Settings.from_pulumi().ip_retention_days == 300


def test_a_refused_choice_ends_the_program_with_one_message(pulumi_config, monkeypatch):
    said = []
    monkeypatch.setattr(pulumi.log, "error", said.append)
    pulumi_config({"amanat:ip_retention_days": "100"})
    with pytest.raises(SystemExit) as ended, report_errors():
        Settings.from_pulumi()
    assert ended.value.code == ALREADY_SHOWN
    assert said == [
        "ip_retention_days = 100 is below 186, the least that Article 6 clause 7-2 allows (A6-7-2-ip).\n"
        "       Set amanat:ip_retention_days to 186 or more in Pulumi.office.yaml."
    ]


def test_a_stack_s_file_is_read_without_pulumi(tmp_path):
    path = tmp_path / "Pulumi.office.yaml"
    assert Settings.from_file(path) == Settings()
    path.write_text("encryptionsalt: v1:x\n", encoding="utf-8")
    assert Settings.from_file(path) == Settings()
    path.write_text(
        'config:\n  amanat:ip_retention_days: "۲۰۰"\n  database_port: 2222\n  docker:host: x\n', "utf-8"
    )
    assert (Settings.from_file(path).ip_retention_days, Settings.from_file(path).database_port) == (
        200,
        2222,
    )


def test_a_stack_s_file_that_is_wrong_is_refused(tmp_path):
    path = tmp_path / "Pulumi.office.yaml"
    path.write_text("config:\n  amanat:target: docker\n  amanat:target: ssh\n", encoding="utf-8")
    with pytest.raises(UnreadableFile, match="amanat:target is there twice"):
        Settings.from_file(path)
    path.write_bytes(b"config: \xff\n")
    with pytest.raises(UnreadableFile, match="can't be read"):
        Settings.from_file(path)
    path.write_text("config: [a]\n", encoding="utf-8")
    with pytest.raises(BadSetting, match="config is not a mapping"):
        Settings.from_file(path)
    path.write_text("config:\n  amanat:target: kubernetes\n", encoding="utf-8")
    with pytest.raises(BadSetting, match=r"Pulumi\.office\.yaml"):
        Settings.from_file(path)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("", ()),
        ("10.0.0.53", ("10.0.0.53",)),
        ("10.0.0.53, 10.0.1.53", ("10.0.0.53", "10.0.1.53")),
        ("10.0.0.53 10.0.0.53,", ("10.0.0.53",)),
        ("۱۰.۰.۰.۵۳", ("10.0.0.53",)),
    ],
)
def test_name_servers_are_read_as_people_write_them(written, asked):
    assert Settings(name_servers=written).asked_name_servers == asked


def test_a_second_place_for_copies_needs_a_first():
    raw = {"copy_second_server": "https://copies.example/amanat", "placement": {"main": "store"}}
    with pytest.raises(BadSetting, match="no machine carries vault, the first") as refused:
        Settings.parse(raw, "local")
    assert "amanat:placement" in str(refused.value)


def test_a_stack_that_declares_nothing_has_no_edge():
    assert not Settings.parse({}, "t").machines.carries("edge")
    assert Settings.parse({**NAMES, "declarations": DECLARED}, "t").machines.carries("edge")


def test_an_edge_without_declarations_is_refused():
    placed = {"main": "store edge", "safe": "vault logs"}
    with pytest.raises(BadSetting, match="declarations is not set"):
        Settings.parse({"placement": placed}, "t")
    assert Settings.parse({**NAMES, "declarations": DECLARED, "placement": placed}, "t")
