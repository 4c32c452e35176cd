"""Values that Pulumi must keep as ciphertext."""

from collections.abc import Mapping
from typing import Any

import pulumi


def secret_outputs(values: Mapping[str, pulumi.Input[Any]]) -> pulumi.Output[dict[str, Any]]:
    """The values as one secret: in the state they are ciphertext, on screens they are [secret]."""
    together: Any = pulumi.Output.all(**values)
    return pulumi.Output.secret(together)
