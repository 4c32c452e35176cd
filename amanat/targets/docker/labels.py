"""Labels of what is made on the engine: the stack it belongs to, and the owner who made it."""

from docker.models.resource import Model

STACK_LABEL = "amanat.stack"
OWNER_LABEL = "amanat.owner"


def labels(stack_id: str, owner: str) -> dict[str, str]:
    """The labels of everymodel that is made for a stack."""
    return {STACK_LABEL: stack_id, OWNER_LABEL: owner}


def stack_filter(stack_id: str) -> dict[str, str | list[str] | bool]:
    """The filter of the engine's lists that gives a stack's resources."""
    return {"label": f"{STACK_LABEL}={stack_id}"}


def owner_of(model: Model) -> str:
    """The owner that a container, network or volume is labelled with; "" for none (made before there were owners)."""
    attributes = model.attrs
    found = attributes.get("Labels") or attributes.get("Config", {}).get("Labels") or {}
    return str(found.get(OWNER_LABEL, ""))
