#!/usr/bin/env python3
"""Write docs/law.md from the law register and the policies: `.venv/bin/python scripts/law_table.py`.

A contract test keeps the page equal to its sources.
"""

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
REGISTER = ROOT / "policies" / "law" / "isic-521129.yaml"
PAGE = ROOT / "docs" / "law.md"
INTRODUCTION = """# The law, requirement by requirement

<!-- Written by scripts/law_table.py from policies/law/isic-521129.yaml and the policies. Change those, not this. -->

What the rule for online messaging services (ISIC 521129) and the union demand, as we read them; the reading itself is
[policies/law/isic-521129.en.md](../policies/law/isic-521129.en.md). The Persian text rules.

- *Status*: *automated* means that a program measures it, *declared* that the operator states it.
- *Our reading* is said of a duty that the article's words don't state themselves; its section says where it comes from.
- *Checks now*: how many policies measure it on the hosts in this release; one may try many cases.
- *Limits*: *law* stands in the text, *ours* is our number where the text gives none. *No policy reads it yet* is said
  of a limit that nothing on a host is compared with in this release.
"""
HEADING = "| id | where | requirement | فارسی | status | checks now | limits |"


def requirements() -> list[dict[str, Any]]:
    """The register's rows in its order."""
    rows: list[dict[str, Any]] = yaml.safe_load(REGISTER.read_text(encoding="utf-8"))["requirements"]
    return rows


def checks() -> dict[str, list[tuple[Path, str]]]:
    """Requirement id -> the policies that measure it: file, and what each one proves."""
    found: dict[str, list[tuple[Path, str]]] = {}
    for path in sorted(ROOT.glob("policies/*/test_*.py")):
        for one in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(one, ast.FunctionDef) and one.name.startswith("test_"):
                proves = " ".join((ast.get_docstring(one) or one.name).split("\n\n")[0].split())
                for requirement in _marked(one):
                    found.setdefault(requirement, []).append((path, proves))
    return found


def read_limits() -> set[str]:
    """Every name that a policy has as a text: a bound among them is one that it measures against."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in ROOT.glob("policies/*/test_*.py"))
    constants = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {node.value for node in constants if isinstance(node.value, str)}


def _marked(test: ast.FunctionDef) -> Iterator[str]:
    for decorator in test.decorator_list:
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "requirement":
            yield from (one.value for one in decorator.args if isinstance(one, ast.Constant))


def place(row: Mapping[str, Any]) -> str:
    """Where the duty is written."""
    source = row["source"]
    if "article" not in source:
        return "union"
    clause = {None: "", "note": " note"}.get(source.get("clause"), f", clause {source.get('clause')}")
    ours = ", our reading" if row.get("origin") == "ours" else ""
    return f"Art. {source['article']}{clause}{ours}"


def limit(name: str, bound: Mapping[str, Any]) -> str:
    """One bound in words."""
    parts = [f"at least {bound['min']}"] if "min" in bound else []
    parts += [f"at most {bound['max']}"] if "max" in bound else []
    said = " and ".join(parts) or f"includes {', '.join(bound['includes'])}"
    unit = f" {bound['unit']}" if parts else ""
    return f"`{name}`: {said}{unit}"


def persian(text: str) -> str:
    """Persian words that keep their direction inside a left-to-right page."""
    return f'<span dir="rtl" lang="fa">{" ".join(text.split())}</span>'


def table_row(row: Mapping[str, Any], measured: Sequence[tuple[Path, str]]) -> str:
    """One line of the table."""
    bounds = row.get("bounds", {})
    law = [limit(name, bound) for name, bound in bounds.items() if bound["origin"] == "law"]
    ours = len(bounds) - len(law)
    limits = "; ".join([*(f"{one} (law)" for one in law), *([f"{ours} of ours"] if ours else [])]) or "none"
    coming = ", ".join(dict.fromkeys(one["arrives_with"] for one in row.get("later", [])))
    now = f"{len(measured)}" if measured else f"not built; comes with {coming}"
    if row["status"] in ("declared", "informative"):
        now = "none: stated, not measured"
    link = f"[{row['id']}](#{row['id'].lower()})"
    titles = f"{row['title']['en']} | {persian(row['title']['fa'])}"
    return f"| {link} | {place(row)} | {titles} | {row['status']} | {now} | {limits} |"


def details(row: Mapping[str, Any], measured: Sequence[tuple[Path, str]], read: Set[str]) -> list[str]:
    """The section of one requirement: its words, what is measured, what is to come, its limits.

    `read` are the names of the limits that policies read.
    """
    lines = [f"## {row['id']}", "", f"{row['title']['en']} ({place(row)}, {row['status']}).", ""]
    lines += [f"> {persian(row['text']['fa'])}", ">", f"> {' '.join(row['text']['en'].split())}", ""]
    if "reading" in row:
        lines += [f"Origin: ours. {' '.join(row['reading']['en'].split())}", ""]
        lines += [persian(f"برداشت ما: {row['reading']['fa']}"), ""]
    for path in dict.fromkeys(path for path, _ in measured):
        name = path.relative_to(ROOT)
        lines += [f"Measured by [{name}](../{name}):", ""]
        lines += [*(f"- {proves}" for where, proves in measured if where == path), ""]
    if "measures" in row:
        when = "a program measures" if row["built"] else "a program will measure"
        lines += [f"Of what is stated, {when}: {row['measures']}.", ""]
    if row.get("later"):
        lines += ["To come:", ""]
        lines += [*(f"- {one['what']} (with {one['arrives_with']})" for one in row["later"]), ""]
    if row.get("bounds"):
        lines += ["Limits:", ""]
        for name, bound in row["bounds"].items():
            unread = "" if name in read else ". *No policy reads it yet*"
            if "measured_by" in bound:
                unread = f". What comes of the choice is measured by `{bound['measured_by']}`"
            lines.append(f"- {limit(name, bound)} ({bound['origin']}): {bound['why']}{unread}")
        lines.append("")
    return lines


def render() -> str:
    """The whole page."""
    rows, measured, read = requirements(), checks(), read_limits()
    table = [HEADING, "|---" * 7 + "|", *(table_row(row, measured.get(row["id"], [])) for row in rows)]
    sections = [line for row in rows for line in details(row, measured.get(row["id"], []), read)]
    return "\n".join([INTRODUCTION, *table, "", *sections]).rstrip() + "\n"


def main() -> int:
    """Entry point."""
    PAGE.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
