"""The operator's stack: law-checked settings, hosts, their configuration, exports."""

import pulumi

from amanat import alerts
from amanat.configure import configure
from amanat.keyring import Keyring
from amanat.paths import StackPaths
from amanat.report_errors import report_errors
from amanat.secret_outputs import secret_outputs
from amanat.settings import Settings
from amanat.stateful_services import StatefulServices
from amanat.targets import target
from amanat.targets.endpoints import machine_specs

with report_errors():
    settings = Settings.from_pulumi()  # refuses choices outside the law, naming the clause
    paths = StackPaths(pulumi.get_stack())

    specs = machine_specs(settings.machines)
    keyring = Keyring("keys", paths, settings.certificate_days, settings.machines, settings.desk_agents)
    stateful = StatefulServices("stateful-services", settings.machines)  # refuses to leave records behind
    site = target(settings, paths, keyring, after=stateful)
    hosts = {name: site.provision(spec) for name, spec in specs.items()}
    configured = configure(settings, paths, keyring, hosts, site.network)

    pulumi.export("inventory", str(paths.inventory))
    pulumi.export("network", site.network)
    pulumi.export("endpoints", {name: host.endpoints for name, host in hosts.items()})
    pulumi.export("recap", {name: part.recap for name, part in configured.items()})
    pulumi.export("sealing_key", keyring.sealing.described(paths))
    pulumi.export("secrets", secret_outputs(keyring.secrets(alerts.secrets(settings, paths.project))))
