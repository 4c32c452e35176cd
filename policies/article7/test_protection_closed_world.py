"""Article 7 in a closed world: what runs on a machine and what lies on it is known, and there is nothing else."""

from amanat.audit import prefetch, requirement
from amanat.audit.closed_world import require_expected
from amanat.audit.file_record import RECORDS, TO_ACCEPT, changed
from amanat.audit.host import Host
from amanat_host import questions


@prefetch(questions.RUNNING_STATE)
@requirement("A5-6-1-access", "A5-6-1-durable", "A7-protection")
def test_everything_that_runs_is_known(machine: Host, unexpected):
    """Every unit, timer, job, environment, package source and mount of the machine is as it should be."""
    require_expected(unexpected(machine, questions.RUNNING_STATE, "running"))


@prefetch(questions.FILES_STATE)
@requirement("A7-protection", "A5-6-1-access", "A5-6-1-durable")
def test_every_file_of_the_system_is_known(machine: Host, unexpected):
    """Files that no package brought are known by owner and mode, secrets by place; no package's file is missing."""
    require_expected(unexpected(machine, questions.FILES_STATE, "files"))


@prefetch(questions.FILES_STATE)
@requirement("A7-protection", "A5-6-1-access", "A5-6-1-durable")
def test_every_file_is_as_the_converge_left_it(machine: Host):
    """The content of what no package brought is that of the record, which was taken when the last converge ended."""
    require_expected(changed(machine.ask(questions.FILES_STATE), RECORDS.of(machine)), TO_ACCEPT)
