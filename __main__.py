"""The operator's stack: law-checked settings, hosts, their configuration, exports."""

import pulumi

from amanat.configure import configure
from amanat.hidden import hidden
from amanat.keyring import Keyring
from amanat.places import Places
from amanat.settings import Settings
from amanat.stateful_services import StatefulServices
from amanat.targets import target
from amanat.targets.endpoints import machine_specs
from amanat.told import told_plainly

with told_plainly():
    settings = Settings.from_pulumi()  # refuses choices outside the law, naming the clause
    places = Places(pulumi.get_stack())

    specs = machine_specs(settings.machines)
    keyring = Keyring("keys", places, settings.certificate_days, settings.machines.machines)
    stateful = StatefulServices("stateful-services", settings.machines)  # refuses to leave records behind
    site = target(settings, places, keyring, after=stateful)
    hosts = {name: site.provision(spec) for name, spec in specs.items()}
    configured = configure(settings, places, keyring, hosts, site.network)

    pulumi.export("inventory", str(places.inventory))
    pulumi.export("network", site.network)
    pulumi.export("endpoints", {name: host.endpoints for name, host in hosts.items()})
    pulumi.export("recap", {name: part.recap for name, part in configured.items()})
    pulumi.export("sealing_key", keyring.sealing.described(places))
    pulumi.export("secrets", hidden(keyring.secrets()))
