"""What a role's templates and expressions come to, as Ansible renders them; no host is needed."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import filter_loader, init_plugin_loader
from ansible.template import Templar, trust_as_template

ANSIBLE = Path(__file__).resolve().parents[1] / "ansible"


def loaded(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """What a YAML file of ours holds; expressions in it are rendered when they are used."""
    return DataLoader().load_from_file(str(path), trusted_as_template=True)


def rendered(text: str, role: Path, **chosen: Any) -> Any:  # noqa: ANN401 - whatever the text comes to
    """What a text comes to in a role whose defaults hold but for what is `chosen`."""
    _prepare()
    filter_loader.add_directory(str(role / "filter_plugins"))
    # Where a playbook's templates are looked for: in their role, then beside the playbook.
    search = {"ansible_search_path": [str(role), str(ANSIBLE)]}
    templar = Templar(DataLoader(), variables={**_variables(role), **search, **chosen})
    return templar.template(trust_as_template(text))


def rendered_template(template: Path, **chosen: Any) -> str:  # noqa: ANN401 - variables of any type
    """What a role's template makes."""
    lookup = f"{{{{ lookup('ansible.builtin.template', '{template}') }}}}"
    return str(rendered(lookup, template.parents[1], **chosen))


def _variables(role: Path) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for part in ("defaults/main.yml", "vars/main.yml"):
        if (role / part).exists():
            found |= loaded(role / part) or {}
    return found


@functools.cache
def _prepare() -> None:
    init_plugin_loader([str(ANSIBLE / "collections")])
