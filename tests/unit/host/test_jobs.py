"""What jobs and probes share: a step that is repeated until the job is told to stop, and damage done on purpose."""

import os
import signal

import pytest

from amanat_host.corruption import flip_bit
from amanat_host.jobs import repeat_until_stopped


@pytest.fixture(params=[signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def stop(request):
    """The signal that stops a job; the tests' own handlers are put back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield request.param
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_a_step_is_repeated_until_a_signal_and_comes_to_its_end(stop):
    done = []

    def step():
        if len(done) == 2:
            os.kill(os.getpid(), stop)
        done.append("whole")

    repeat_until_stopped(step, 0)
    assert done == ["whole"] * 3


def test_a_step_that_fails_ends_the_job(stop):
    with pytest.raises(ZeroDivisionError):
        repeat_until_stopped(lambda: 1 // 0, 0)


@pytest.mark.parametrize(
    ("content", "damaged"), [(b"abcd", b"abbd"), (b"x", b"y"), (b"\x00" * 5, b"\x00\x00\x01\x00\x00")]
)
def test_one_bit_in_the_middle_is_turned(tmp_path, content, damaged):
    path = tmp_path / "file"
    path.write_bytes(content)
    flip_bit(path)
    assert path.read_bytes() == damaged
    flip_bit(path)
    assert path.read_bytes() == content
