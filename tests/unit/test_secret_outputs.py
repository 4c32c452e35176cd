"""Values that Pulumi must keep as ciphertext are marked so, however deep they came from."""

import asyncio

import pulumi
import pytest

from amanat.secret_outputs import secret_outputs


@pytest.fixture
def loop():
    made = asyncio.new_event_loop()
    asyncio.set_event_loop(made)
    yield made
    asyncio.set_event_loop(None)
    made.close()


def test_plain_values_and_outputs_become_one_secret(loop):
    async def resolved():
        together = secret_outputs({"a": "x", "b": pulumi.Output.from_input("y")})
        return await together.is_secret(), await together.future()

    assert loop.run_until_complete(resolved()) == (True, {"a": "x", "b": "y"})
