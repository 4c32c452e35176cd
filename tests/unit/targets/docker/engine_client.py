"""A client of an engine that only remembers what it was asked."""

from types import SimpleNamespace

from docker.errors import NotFound

from amanat.targets.docker.labels import STACK_LABEL, labels

STACK = "unit-1"
OWNER = "me@here:/home/me 0123456789ab"
ANOTHER = "you@here:/home/you ba9876543210"
LABELS = labels(STACK, OWNER)


class Thing:
    """A container, network or volume."""

    def __init__(self, log, name, status="running", labels=None, subnets=()):
        self.log, self.name, self.id, self.status = log, name, f"id-{name}", status
        self.removed = False
        self.labels = LABELS if labels is None else labels
        config = [{"Subnet": subnet} for subnet in subnets]
        self.attrs = {"Labels": self.labels or None, "IPAM": {"Config": config or None}}

    def remove(self, **options):
        self.log.append(("remove", self.name, options))
        self.removed = True

    def start(self):
        self.log.append(("start", self.name))
        self.status = "running"

    def unpause(self):
        self.log.append(("unpause", self.name))
        self.status = "running"


class Collection:
    def __init__(self, things=()):
        self.things = list(things)

    def list(self, filters=None, **options):
        label = (filters or {}).get("label")
        return [
            one
            for one in self.things
            if not getattr(one, "removed", False)
            and (not label or label in {f"{k}={v}" for k, v in one.labels.items()})
        ]

    def get(self, name):
        try:
            return next(one for one in self.things if one.name == name and not getattr(one, "removed", False))
        except StopIteration:
            raise NotFound(name) from None


class Client:
    def __init__(self):
        self.log = []
        self.containers, self.networks, self.volumes = Collection(), Collection(), Collection()
        self.images = Collection(
            [SimpleNamespace(tags=["amanat/host:unit-1-x"], labels={STACK_LABEL: STACK})]
        )
        self.facts = {"CgroupVersion": "2", "ServerVersion": "28", "Architecture": "x86_64"}
        self.versions = {"ApiVersion": "1.48", "Components": [{"Name": "Engine"}]}

    def info(self):
        return self.facts

    def version(self):
        return self.versions
