"""Names on the engine: those of a machine's container and volume, and of the stack's network."""


def container_name(stack_id: str, machine: str) -> str:
    """The name of a machine's container."""
    return f"{stack_id}-{machine}"


def machine_name(stack_id: str, container: str) -> str:
    """The machine whose container has this name."""
    return container.removeprefix(f"{stack_id}-")


def volume_name(stack_id: str, machine: str) -> str:
    """The name of a machine's volume."""
    return f"{stack_id}-{machine}-data"


def network_name(stack_id: str) -> str:
    """The name of the stack's network."""
    return f"{stack_id}-operator"
