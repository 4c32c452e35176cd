"""The refusal of a stack that somebody else made on the engine."""

from collections.abc import Callable

from amanat.owner import described
from amanat.targets.contract import AnotherOwner
from amanat.targets.docker import resources
from amanat.targets.docker.labels import STACK_LABEL


def refuse_another_owner(
    uri: str, stack_id: str, owner: str, known_ids: Callable[[], set[str]] | None = None
) -> None:
    """Raise `AnotherOwner` if anything of the stack was made from another AMANAT_HOME.

    What carries no owner, made before there were any, is ours if our state knows it: `known_ids` gives what that knows,
    as Pulumi calls it, and is asked only then. Without `known_ids` such resources are passed over.
    """
    owners = resources.owners_by_id(uri, stack_id)
    strangers = {name for name in owners.values() if name not in ("", owner)}
    unlabelled = {identity for identity, name in owners.items() if not name}
    if not strangers and (known_ids is None or not unlabelled or unlabelled <= known_ids()):
        return
    whose = (
        described(min(strangers))
        if strangers
        else "somebody whose state is not here (made before owners were noted)"
    )
    raise AnotherOwner(
        what=f"stack {stack_id} belongs to {whose}",
        where="the Docker engine",
        fix="Work as that user with that AMANAT_HOME, or use a checkout of your own: `git clone` it elsewhere. If that"
        " home is lost for good, so are its keys: remove what is left by"
        f" `docker ps -a --filter label={STACK_LABEL}={stack_id}`, likewise networks and volumes.",
    )
