"""The operator's choices: read from Pulumi's configuration, checked one by one and against the law.

Each field is a setting `amanat:<field>`, declared in Pulumi.yaml with the same type, default and description.
One named like a bound of the law register is checked against it: a choice outside the law is refused.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pulumi
from pulumi.runtime.config import CONFIG
from pydantic import Field, ValidationError, ValidationInfo, field_validator

from amanat import validators
from amanat.agents import Agent, agents
from amanat.ca_bundle import read_ca_bundle
from amanat.declarations import Declarations
from amanat.errors import BadInput, each, listed, refuse
from amanat.law import register
from amanat.paths import StackPaths
from amanat.placement import Placement
from amanat.setting_errors import NAMESPACE, BadSetting, to_error, unknown
from amanat.targets.settings import TargetSettings
from amanat.validators import InvalidValue, bounded, file_of, integer
from amanat.yaml_lines import YamlDocument

DAY_HOURS = 24
MIRROR = "an address such as https://mirror.example/debian, or leave it empty"


OPERATOR_NAMES = ("operator_name_fa", "operator_name_en")
MAIL_USER = re.compile(r"[^\s\"'\\\\]{1,255}")
MAIL_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
HOST_AND_PORT = re.compile(r"[A-Za-z0-9.-]{1,253}:[1-9][0-9]{0,4}")


class Settings(TargetSettings):
    """What the operator chose. Units are in the names; an empty text leaves it to the kit or the system."""

    placement: Annotated[
        dict[str, str],
        validators.mapping("a mapping such as {alpha: store, beta: vault}, or leave it out"),
        Field(
            description="Machine: the services it carries (main: store edge, safe: vault). Empty: one each."
        ),
    ] = {}  # noqa: RUF012 - pydantic copies it
    debian_suite: Annotated[
        Literal["trixie"],
        validators.one_of("trixie"),
        Field(description="The release of Debian on the hosts: trixie (Debian 13)."),
    ] = "trixie"
    debian_mirror: Annotated[
        str,
        validators.address("https", "http", instead=MIRROR),
        Field(description="A mirror of Debian for the image and the hosts. Empty: the distribution's own."),
    ] = ""
    debian_security_mirror: Annotated[
        str,
        validators.address("https", "http", instead=MIRROR),
        Field(description="A mirror of Debian's security updates. Empty: the distribution's own."),
    ] = ""
    pypi_index: Annotated[
        str,
        validators.address(
            "https", "http", "file", instead="an address such as https://mirror.example/simple"
        ),
        Field(description="A Python package index. Empty: pip's own configuration."),
    ] = ""
    go_proxy: Annotated[
        str,
        validators.go_proxy("addresses, direct or off, parted by commas (as GOPROXY)"),
        Field(description="Go's module proxies, written as GOPROXY. Empty: Go's own configuration."),
    ] = ""
    http_proxy: Annotated[
        str,
        validators.proxy("an address such as http://proxy.example:3128, or leave it empty"),
        Field(description="The proxy through which hosts fetch their packages. Empty: none."),
    ] = ""
    name_servers: Annotated[
        str,
        validators.ipv4_addresses("IPv4 addresses such as 10.0.0.53,10.0.1.53, or leave it empty"),
        Field(description="The name servers that hosts may ask, parted by commas. Empty: the target's own."),
    ] = ""
    trusted_ca_file: Annotated[
        str,
        validators.file_path("the path of a PEM file, or leave it empty"),
        Field(description="A PEM file of authorities that the hosts trust besides Debian's. Empty: none."),
    ] = ""
    store_volume_encryption: Annotated[
        Literal["auto", "luks", "fscrypt"],
        validators.one_of("auto", "luks", "fscrypt"),
        Field(description="How data at rest is encrypted: luks, fscrypt, or auto (luks where it works)."),
    ] = "auto"
    store_volume_size_gib: Annotated[
        int, integer(2, 65536), Field(description="The size of the store's encrypted volume in GiB.")
    ] = 4
    archive_timeout_seconds: Annotated[
        int,
        bounded("seconds", least=1),
        Field(description="Seconds after which WAL leaves for the vault, full segment or not (Art. 5 6-1)."),
    ] = 15
    full_backup_days: Annotated[
        int,
        bounded("days", least=1),
        Field(description="Days between two full backups."),
    ] = 7
    backup_interval_hours: Annotated[
        int,
        bounded("hours", least=1),
        Field(
            description=(
                "Hours between two backups of any kind, a divisor of 24: one a day differential, others incremental."
            )
        ),
    ] = 6
    full_backups_kept: Annotated[
        int,
        bounded("full backups"),
        Field(description="How many full backups, with all that depends on them, are kept on the vault."),
    ] = 4
    copy_interval_hours: Annotated[
        int,
        bounded("hours", least=1),
        Field(
            description="Hours between two copies of files and backups to the append-only server: a divisor of 24."
        ),
    ] = 6
    copy_second_server: Annotated[
        str,
        validators.address(
            "https", instead="an address such as https://copies.example/amanat, or leave it empty"
        ),
        Field(
            description="A second append-only rest-server for all copies, outside the stack. Empty: the vault alone."
        ),
    ] = ""
    copies_keep_days: Annotated[
        int,
        bounded("days"),
        Field(description="How long a copy stays on the vault after it came in, in days."),
    ] = 35
    copies_size_gib: Annotated[
        int,
        integer(1, 65536),
        Field(
            description="Room on the vault for the copies of all machines together, in GiB; more is refused."
        ),
    ] = 64
    restore_drill_days: Annotated[
        int,
        bounded("days", least=1),
        Field(description="Days between two restore drills."),
    ] = 7
    schedule_converge: Annotated[
        Literal["repair", "report", "off"],
        validators.one_of("repair", "report", "off"),
        Field(
            description=(
                "What `amanat schedule` does weekly about drift: repair (certificates renew, too), report, or off."
            )
        ),
    ] = "repair"
    schedule_audit: Annotated[
        Literal["daily", "weekly", "off"],
        validators.one_of("daily", "weekly", "off"),
        Field(description="How often `amanat schedule` audits: daily, weekly or off."),
    ] = "weekly"
    message_retention_days: Annotated[
        int,
        bounded("days"),
        Field(description="How long messages are kept, in days (the least: our reading of clause 6-1)."),
    ] = 366
    transaction_retention_days: Annotated[
        int,
        bounded("days"),
        Field(description="How long transactions are kept, in days (the least: our reading of clause 7-2)."),
    ] = 366
    ip_retention_days: Annotated[
        int,
        bounded("days"),
        Field(
            description="How long users' IP addresses are kept, in days (the least: Article 6 clause 7-2)."
        ),
    ] = 190
    log_retention_days: Annotated[
        int,
        bounded("days"),
        Field(description="How long machines' journals are kept, in days (the least: Article 6 clause 7-2)."),
    ] = 190
    journal_size_mib: Annotated[
        int,
        integer(64, 65536),
        Field(
            description="Room for each machine's journal in MiB: what it logs while the log server is away has to fit."
        ),
    ] = 2048
    log_outage_days: Annotated[
        int,
        bounded("days"),
        Field(
            description="Days without the log server that each machine's journal has to survive in journal_size_mib."
        ),
    ] = 3
    timestamp_url: Annotated[
        str,
        validators.address("https", instead="an address such as https://tsa.example/tsr, or leave it empty"),
        Field(
            description=(
                "A server of time stamps (RFC 3161) outside the stack, which stamps sealed days, too. Empty: none."
            )
        ),
    ] = ""
    timestamp_ca_file: Annotated[
        str,
        validators.file_path("the path of a PEM file, or leave it empty"),
        Field(description="A PEM file of the authorities that sign for timestamp_url. Empty: there is none."),
    ] = ""
    certificate_days: Annotated[
        int,
        bounded("days", least=2),
        Field(description="How long the stack's certificates are valid, in days."),
    ] = 397
    certificate_renew_days: Annotated[
        int, bounded("days"), Field(description="Certificates are renewed when fewer days than this remain.")
    ] = 30
    alert_webhook_url: Annotated[
        str,
        validators.address(
            "https", instead="an address such as https://hooks.example/amanat, or leave it empty"
        ),
        Field(description="Where alerts are posted, in the form of Alertmanager's webhook. Empty: nowhere."),
    ] = ""
    alert_email: Annotated[
        str,
        validators.pattern(
            validators.MAIL_ADDRESS,
            "is not a mail address",
            "an address such as operator@example.org, or leave it empty",
        ),
        Field(description="To whom alerts are sent by mail, over alert_smtp_server. Empty: to nobody."),
    ] = ""
    alert_email_from: Annotated[
        str,
        validators.pattern(
            validators.MAIL_ADDRESS,
            "is not a mail address",
            "an address such as amanat@example.org, or leave it empty",
        ),
        Field(description="From whom that mail comes. Empty: the same address."),
    ] = ""
    alert_smtp_server: Annotated[
        str,
        validators.pattern(
            HOST_AND_PORT,
            "is not a server with its port",
            "a server such as mail.example.org:587, or leave it empty",
        ),
        Field(description="The smarthost for that mail, with its port; it has to offer TLS. Empty: none."),
    ] = ""
    alert_smtp_user: Annotated[
        str,
        validators.pattern(
            MAIL_USER, "holds a blank or a quote", "a name such as amanat@example.org, or leave it empty"
        ),
        Field(description="The account there. Empty: it asks for none."),
    ] = ""
    alert_smtp_password_file: Annotated[
        str,
        validators.file_path("the path of a file, or leave it empty"),
        Field(description="A file on this machine with that account's password. Empty: there is none."),
    ] = ""
    internet_mbit_per_second: Annotated[
        int, bounded("Mbit/s"), Field(description="The speed of the operator's line, which is measured.")
    ] = 8
    operator_name_en: Annotated[
        str,
        validators.proper_name(),
        Field(description="The operator's name in English, as the licence has it."),
    ] = "Unnamed operator"
    operator_name_fa: Annotated[
        str, validators.proper_name(persian=True), Field(description="The operator's name in Persian.")
    ] = "اپراتور بی‌نام"
    declarations: Annotated[
        dict[str, Any],
        validators.tree("a mapping of what the operator declares, as the guide lists it, or leave it out"),
        Field(description="What the operator declares for the site, as the guide lists it. Empty: nothing."),
    ] = {}  # noqa: RUF012 - pydantic copies it
    site_templates_directory: Annotated[
        str,
        validators.file_path("the path of a directory, or leave it empty"),
        Field(description="A directory of your own templates for the site's pages. Empty: the kit's."),
    ] = ""
    desk_agents: Annotated[
        dict[str, str],
        validators.mapping("a mapping such as {zahra: Zahra Karimi <zahra@example.org>}, or leave it out"),
        Field(description="Who answers on the support desk: login name: Name <address>. Empty: nobody."),
    ] = {}  # noqa: RUF012 - pydantic copies it
    desk_mail_domain: Annotated[
        str,
        validators.pattern(
            MAIL_DOMAIN, "is no mail domain", "a domain such as desk.example.ir, or leave it empty"
        ),
        Field(description="The domain of the support desk's mail addresses. Empty: the stack's own."),
    ] = ""

    @field_validator("*", mode="after")
    @classmethod
    def _within_the_law(cls, value: object, info: ValidationInfo) -> object:
        name = str(info.field_name)
        if isinstance(value, int) and name in register().owners:
            outside = register().breach(name, value, file_of(info))
            if outside:
                raise InvalidValue("is outside the law", "", outside)
        return value

    @field_validator("backup_interval_hours", "copy_interval_hours", mode="after")
    @classmethod
    def _divides_a_day(cls, value: int) -> int:
        """A timer begins anew each day: another interval would be shorter before midnight, or none at all."""
        fitting = [hours for hours in range(1, DAY_HOURS + 1) if DAY_HOURS % hours == 0]
        if value not in fitting:
            raise InvalidValue("does not divide a day", f"{listed([*map(str, fitting)], 'or')} hours")
        return value

    @field_validator("placement", mode="after")
    @classmethod
    def _can_be_placed(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        try:
            Placement.parse(value, file_of(info))
        except BadInput as refused:
            raise InvalidValue("can't be built", "", refused) from refused
        return value

    @field_validator("desk_agents", mode="after")
    @classmethod
    def _can_log_in(cls, value: dict[str, str]) -> dict[str, str]:
        agents(value)
        return value

    @field_validator("declarations", mode="after")
    @classmethod
    def _can_be_declared(cls, value: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        try:
            if value:
                Declarations.parse(value, file_of(info))
        except BadInput as refused:
            raise InvalidValue("can't be declared", "", refused) from refused
        return value

    @field_validator("certificate_renew_days", mode="after")
    @classmethod
    def _renewed_in_time(cls, value: int, info: ValidationInfo) -> int:
        if value >= info.data.get("certificate_days", value + 1):
            raise InvalidValue(
                "would renew every certificate at each run", "fewer days than certificate_days"
            )
        return value

    @classmethod
    def from_pulumi(cls) -> Self:
        """The running stack's settings. Raises what parse raises."""
        everything: dict[str, Any] = {**pulumi.runtime.get_config_env(), **CONFIG.get()}
        return cls.parse(_ours(everything), pulumi.get_stack())

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The settings in a stack's file, Pulumi.<stack>.yaml, before Pulumi is run; a missing file has none.

        Raises what parse raises, and UnreadableFile.
        """
        stack = path.name.removeprefix("Pulumi.").removesuffix(".yaml")
        content = YamlDocument(path).value if path.exists() else None
        config = (content.get("config") if isinstance(content, dict) else content) or {}
        if not isinstance(config, dict):
            raise BadSetting(
                "config is not a mapping.", path.name, "Write each setting as amanat:<name>: <value>."
            )
        raw = {(key if ":" in str(key) else f"{NAMESPACE}:{key}"): value for key, value in config.items()}
        return cls.parse(_ours(raw), stack)

    @classmethod
    def of(cls, paths: StackPaths) -> Self:
        """The settings of a stack, from its file. Raises what from_file raises."""
        return cls.from_file(paths.settings_file)

    @classmethod
    def parse(cls, raw: Mapping[str, Any], stack: str) -> Self:
        """The settings in `raw` (names without namespace); what it lacks has its default.

        Raises OutsideTheLaw or BadSetting for a single fault, BadInputs with all of them otherwise; they name
        the stack's file, Pulumi.<stack>.yaml.
        """
        file = f"Pulumi.{stack}.yaml"
        faults: list[BadInput] = [
            unknown(name, cls.model_fields, file) for name in raw if name not in cls.model_fields
        ]
        known = {name: value for name, value in raw.items() if name in cls.model_fields}
        try:
            settings = cls.model_validate(known, context={"file": file})
        except ValidationError as wrong:
            faults += each(to_error(error, file) for error in wrong.errors())
        else:
            faults += settings.of_unknown_machines(settings.machines.machines, file)
            if settings.copy_second_server and not settings.machines.carries("vault"):
                faults.append(
                    BadSetting(
                        "copy_second_server is a second place for copies, and no machine carries vault, the first.",
                        file,
                        f"Place vault in {NAMESPACE}:placement, or remove {NAMESPACE}:copy_second_server.",
                    )
                )
            if settings.machines.carries("edge") and not settings.declarations:
                faults.append(
                    BadSetting(
                        "the edge is placed, and declarations is not set: its site would have nothing to show.",
                        file,
                        f"Set {NAMESPACE}:declarations, or take edge out of {NAMESPACE}:placement.",
                    )
                )
            faults += [*settings._faults_of_pairs(file), *settings._name_faults(file)]
        refuse(faults, f"{len(faults)} settings are refused", file)
        return settings

    def _faults_of_pairs(self, file: str) -> list[BadInput]:
        """Settings that say nothing without another one, which is not set."""
        needed = {
            "alert_email": (self.alert_email, "alert_smtp_server", self.alert_smtp_server),
            "alert_smtp_user": (
                self.alert_smtp_user,
                "alert_smtp_password_file",
                self.alert_smtp_password_file,
            ),
            "timestamp_url": (self.timestamp_url, "timestamp_ca_file", self.timestamp_ca_file),
            "timestamp_ca_file": (self.timestamp_ca_file, "timestamp_url", self.timestamp_url),
        }
        return [
            BadSetting(
                f"{name} is set, and {other} is not.",
                file,
                f"Set {NAMESPACE}:{other}, or remove {NAMESPACE}:{name}.",
            )
            for name, (value, other, others) in needed.items()
            if value and not others
        ]

    def _name_faults(self, file: str) -> list[BadInput]:
        """The names that what is declared is of, where they were left as they are at first."""
        left = [
            name for name in OPERATOR_NAMES if getattr(self, name) == type(self).model_fields[name].default
        ]
        return [
            BadSetting(
                f"declarations is set, and {name} is not.",
                file,
                f"Set {NAMESPACE}:{name}, or remove {NAMESPACE}:declarations.",
            )
            for name in left
            if self.declarations
        ]

    @property
    def declared(self) -> Declarations | None:
        """What the operator declares; None where he declares nothing."""
        return Declarations.parse(self.declarations) if self.declarations else None

    @property
    def machines(self) -> Placement:
        """The machines and the services they carry; where nothing is placed nor declared, none that the public sees."""
        if not self.placement:
            return Placement.default(without=() if self.declarations else ("edge", "desk"))
        return Placement.parse(self.placement)

    @property
    def agents(self) -> tuple[Agent, ...]:
        """Who answers on the support desk."""
        return agents(self.desk_agents)

    @property
    def asked_name_servers(self) -> tuple[str, ...]:
        """The addresses of name_servers."""
        return tuple(filter(None, self.name_servers.split(",")))

    def alert_smtp_password(self, project: Path) -> str:
        """The password in alert_smtp_password_file or ""; relative paths start at `project`. Raises BadInput."""
        if not self.alert_smtp_password_file:
            return ""
        path = project / Path(self.alert_smtp_password_file).expanduser()
        try:
            return path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadSetting(
                f"alert_smtp_password_file can't be read: {type(error).__name__}.",
                str(path),
                f"Write the password there, or remove {NAMESPACE}:alert_smtp_password_file.",
            ) from error

    def own_site_templates(self, project: Path) -> Path | None:
        """The directory in site_templates_directory, if it is set; relative paths start at `project`."""
        if not self.site_templates_directory:
            return None
        return project / Path(self.site_templates_directory).expanduser()

    def trusted_ca(self, project: Path) -> str:
        """The PEM text of trusted_ca_file or ""; relative paths start at `project`. Raises BadCaBundle."""
        return _bundle(project, self.trusted_ca_file, "trusted_ca_file")

    def timestamp_ca(self, project: Path) -> str:
        """The PEM text of timestamp_ca_file or ""; relative paths start at `project`. Raises BadCaBundle."""
        return _bundle(project, self.timestamp_ca_file, "timestamp_ca_file")


def _bundle(project: Path, name: str, setting: str) -> str:
    return read_ca_bundle(project / Path(name).expanduser(), f"{NAMESPACE}:{setting}") if name else ""


def _ours(config: Mapping[str, Any]) -> dict[str, Any]:
    prefix = f"{NAMESPACE}:"
    return {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}
