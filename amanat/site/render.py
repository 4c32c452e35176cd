"""Rendering of the site: templates and texts of the kit, those of the operator before them, to files in memory.

The same settings and templates give the same bytes: nothing of the day, the machine or the stack's state is in a page.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from amanat.errors import BadInput, listed, shown
from amanat.paths import PROJECT_ROOT
from amanat.setting_errors import NAMESPACE
from amanat.site.check import require_publishable
from amanat.site.content import Content
from amanat.site.words import filters
from amanat.yaml_lines import YamlDocument

OWN_SETTING = "site_templates_directory"
KIT_TEMPLATES = PROJECT_ROOT / "templates" / "site"
PAGES = ("index", "prices", "contact", "licences", "privacy", "support")
ERRORS = ("404", "429", "50x")
LANGUAGES = {"fa": ("rtl", ""), "en": ("ltr", "en/")}  # direction, and the directory below the site's root
STATIC = "static"
# What a browser is served as it is; anything else has no place on a site without scripts.
STATIC_ENDINGS = (".css", ".woff2", ".svg", ".png", ".jpg", ".webp", ".ico", ".txt")


class BadTemplate(BadInput):
    """A template or text of the operator's own can't be used; the message names file, line and what is wrong."""


def render(content: Content, own: Path | None = None) -> dict[str, bytes]:
    """The site's files by path below its root. `own`: a directory whose files stand in for the kit's of the same name.

    Raises BadTemplate (BadInputs for several faults) and UnreadableFile, also where pages no longer publish what the
    content declares.
    """
    if own is not None and not own.is_dir():
        raise BadTemplate(
            f"{NAMESPACE}:{OWN_SETTING} is not a directory", str(own), "Make it, or remove the setting."
        )
    directories = [path for path in (own, KIT_TEMPLATES) if path]
    pages = {name: text for language in LANGUAGES for name, text in _pages(content, language, directories)}
    pages |= dict(_error_pages(content, directories))
    static = _static(directories)
    require_publishable(content, pages, static)
    files = {name: f"{text.rstrip()}\n".encode() for name, text in pages.items()} | static
    return dict(sorted(files.items()))


def _pages(content: Content, language: str, directories: list[Path]) -> Iterator[tuple[str, str]]:
    direction, below = LANGUAGES[language]
    (other,) = (name for name in LANGUAGES if name != language)
    root = "../" if below else ""
    view = {
        "language": language,
        "direction": direction,
        "t": _texts(language, directories),
        "root": root,
        "home": "",
        "site": content,
        "name": content.name(language),
    }
    environment = _environment(language, directories)
    for page in PAGES:
        other_page = f"{root}{LANGUAGES[other][1]}{page}.html"
        yield (
            f"{below}{page}.html",
            _rendered(environment, f"{page}.html.j2", {**view, "page": page, "other_page": other_page}),
        )


def _error_pages(content: Content, directories: list[Path]) -> Iterator[tuple[str, str]]:
    """A page in both languages each, since an address that isn't there has none; its links begin at the site's root."""
    environment = _environment("fa", directories)
    view = {
        "language": "fa",
        "direction": "rtl",
        "t": _texts("fa", directories),
        "t_en": _texts("en", directories),
        "root": "/",
        "home": "/",
        "site": content,
        "name": content.name("fa"),
        "other_page": "/en/index.html",
    }
    for error in ERRORS:
        yield (
            f"errors/{error}.html",
            _rendered(environment, "error.html.j2", {**view, "page": "error", "error": error}),
        )


def _environment(language: str, directories: list[Path]) -> jinja2.Environment:
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(directories),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters(language))
    return environment


def _rendered(environment: jinja2.Environment, template: str, view: Mapping[str, Any]) -> str:
    try:
        return environment.get_template(template).render(view)
    except jinja2.TemplateSyntaxError as error:
        where = f"{error.filename or error.name or template} line {error.lineno}"
        raise BadTemplate(f"a template is wrong: {error.message}", where, "Correct that line.") from error
    except jinja2.TemplateNotFound as error:
        raise BadTemplate(
            f"there is no template {shown(error.name)}", _where(error, template), "Correct its name."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise BadTemplate(f"a template can't be read: {why}", template, "Correct the file.") from error
    except Exception as error:  # a template is a program, and raises what it likes
        why = shown(str(error) or type(error).__name__)
        raise BadTemplate(
            f"a template can't be rendered: {why}", _where(error, template), "Correct that line."
        ) from error


def _where(error: BaseException, template: str) -> str:
    """The template and, where that is known, its line that an error came from."""
    line, trace = 0, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename.endswith(template):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{template} line {line}" if line else template


def _texts(language: str, directories: list[Path]) -> dict[str, str]:
    """The texts of a language: the kit's, and over them the operator's own of the same names."""
    texts: dict[str, str] = {}
    for directory in reversed(directories):
        path = directory / f"texts.{language}.yaml"
        if directory is not KIT_TEMPLATES and not path.exists():
            continue
        read = YamlDocument(path).value or {}
        if not isinstance(read, dict) or not all(isinstance(text, str) for text in read.values()):
            raise BadTemplate("texts are names with a text each", str(path), "Write the texts in quotes.")
        unknown = sorted(set(read) - set(texts)) if texts else []
        if unknown:
            raise BadTemplate(
                f"{listed(list(map(shown, unknown)))} is no text of the site",
                str(path),
                f"Take names of {(KIT_TEMPLATES / path.name).relative_to(PROJECT_ROOT)}.",
            )
        texts |= read
    return texts


def _static(directories: list[Path]) -> dict[str, bytes]:
    """What is served as it lies below `static/`; the operator's own files stand in for the kit's, and may be more."""
    found: dict[str, bytes] = {}
    for directory in reversed(directories):
        base = directory / STATIC
        for path in sorted(base.rglob("*")):
            if path.is_dir():
                continue
            if path.is_symlink() or not path.is_file() or path.suffix not in STATIC_ENDINGS:
                raise BadTemplate(
                    "it is no file that the site serves",
                    str(path),
                    f"Remove it; {STATIC} holds files that end in {listed(STATIC_ENDINGS, 'or')}.",
                )
            found[path.relative_to(base).as_posix()] = path.read_bytes()
    return found
