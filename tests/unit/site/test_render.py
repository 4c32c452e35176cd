"""The rendered site: its files, what people read on them, what programs read, and the operator's own templates."""

import dataclasses
import re
from html.parser import HTMLParser

import pytest

from amanat.errors import BadInput, BadInputs
from amanat.settings import Settings
from amanat.site.check import NotPublishable
from amanat.site.content import Content, NothingDeclared, retention
from amanat.site.facts import declared, published
from amanat.site.markup import Page
from amanat.site.render import KIT_TEMPLATES, BadTemplate, render
from amanat.yaml_lines import UnreadableFile
from tests.declared import declared as declarations
from tests.declared import settings

NAMES = ["index", "prices", "contact", "licences", "privacy", "support"]
LINK = re.compile(r'(?:href|src)="([^"#]+)"')


class _Text(HTMLParser):
    def __init__(self):
        super().__init__()
        self.parts = []

    def handle_data(self, data):
        self.parts.append(data)


def text(files, name):
    """What a person reads on a page."""
    reader = _Text()
    reader.feed(files[name].decode())
    return " ".join(" ".join(reader.parts).split())


def page(files, name):
    return Page.read(files[name].decode())


def test_the_site_has_its_pages_in_both_languages(files):
    pages = {f"{below}{name}.html" for below in ("", "en/") for name in NAMES}
    errors = {f"errors/{name}.html" for name in ("404", "429", "50x")}
    rest = {"site.css", "icon.svg", "vazirmatn.woff2", "vazirmatn-OFL.txt"}
    assert set(files) == pages | errors | rest
    assert len(files["vazirmatn.woff2"]) < 120_000


def test_the_same_settings_give_the_same_bytes(content, files):
    again = render(Content.of(settings(), "Pulumi.local.yaml"))
    assert again == files
    assert list(again) == sorted(again)


@pytest.mark.parametrize("name", NAMES)
def test_pages_have_their_language_and_direction(files, name):
    persian, english = page(files, f"{name}.html"), page(files, f"en/{name}.html")
    assert (persian.language, persian.direction) == ("fa", "rtl")
    assert (english.language, english.direction) == ("en", "ltr")


def test_every_link_within_the_site_leads_to_a_file(files):
    for name, body in files.items():
        if not name.endswith(".html"):
            continue
        for target in LINK.findall(body.decode()):
            if re.match(r"[a-z]+:", target):
                continue
            base = name.rpartition("/")[0]
            path = target.lstrip("/") if target.startswith("/") else f"{base}/{target}".lstrip("/")
            if path.startswith("en/../"):
                path = path.removeprefix("en/../")
            assert path in files, (name, target)


def test_an_error_page_works_at_whatever_address_it_is_shown(files):
    for name in ("404", "429", "50x"):
        body = files[f"errors/{name}.html"].decode()
        assert all(target.startswith(("/", "tel:", "mailto:")) for target in LINK.findall(body))
        assert '<section class="card" lang="en" dir="ltr">' in body


@pytest.mark.parametrize("language", ["fa", "en"])
def test_a_program_finds_all_that_is_declared_and_nothing_else(content, files, language):
    below = "en/" if language == "en" else ""
    found = published([page(files, f"{below}{name}.html") for name in NAMES])
    assert found == declared(content, language)
    facts = {str(fact) for fact in found}
    assert "the landline +982188880000" in facts
    assert "the price list of 2026-11-22" in facts
    service = {"fa": "پیامک", "en": "SMS"}[language]
    assert f"the price of {service}: 1890 IRR (message)" in facts
    seal = "https://trustseal.enamad.ir/?id=123456&Code=AbCdEf0123456789"
    assert f"the eNAMAD seal {seal} from 2026-08-23 to 2027-08-23" in facts
    assert "ip_retention_days 190" in facts
    assert sum("the licence 0412-97/33 by" in fact for fact in facts) == 1
    assert sum("the approval 77/1405 of 2026-05-31 by" in fact for fact in facts) == 1


def test_people_read_persian_digits_and_both_calendars(files):
    prices = text(files, "prices.html")
    assert "تاریخ تعرفه: ۱ آذر ۱۴۰۵ 2026-11-22" in prices
    assert "پیامک ۱٬۸۹۰ هر پیام" in prices
    assert "پنل سازمانی ۱۲٬۵۰۰٬۰۰۰ ماهانه" in prices
    assert "اعلان رایگان یک بار" in prices
    assert "۰۲۱-۸۸۸۸۰۰۰۰" in text(files, "contact.html")
    assert "۱۹۰ روز" in text(files, "privacy.html")
    english = text(files, "en/prices.html")
    assert "Date of this list: 22 November 2026 1 Azar 1405" in english
    assert "Subscription 12,500,000 a month" in english
    assert "+98 21 8888 0000" in text(files, "en/contact.html")


def test_what_an_operator_writes_is_text_and_no_markup(files):
    assert "No. 12, Nemune St. &amp; Sons, Tehran" in files["en/contact.html"].decode()
    given = declarations(about_en='<script>alert("x")</script> & more')
    made = render(Content.of(settings(given)))
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt; &amp; more" in made["en/index.html"].decode()


def test_the_seal_is_a_link_that_tells_its_host_where_one_came_from(files):
    body = files["licences.html"].decode()
    assert 'href="https://trustseal.enamad.ir/?id=123456&amp;Code=AbCdEf0123456789"' in body
    assert 'referrerpolicy="origin"' in body


def test_what_is_not_declared_is_not_shown():
    given = declarations(enamad=None, licence=None, committee_approvals=None, postal_code=None, about_fa=None)
    made = render(Content.of(settings(given)))
    assert "هنوز مجوزی در این صفحه اعلام نشده است" in text(made, "licences.html")
    assert "نماد اعتماد الکترونیکی دیدن" not in text(made, "index.html")
    assert "کد پستی" not in text(made, "contact.html")


def test_the_form_comes_with_the_desk(content, files):
    assert "<form" not in files["support.html"].decode()
    assert "به‌زودی در همین صفحه باز می‌شود" in text(files, "support.html")
    made = render(dataclasses.replace(content, has_desk=True))
    for name in ("support.html", "en/support.html"):
        body = made[name].decode()
        assert '<form class="card" method="post" action="/support"' in body
        assert '<input type="hidden" name="csrf_token" value="@CSRF_TOKEN@">' in body
        assert "به‌زودی" not in body


def test_the_statement_has_the_stacks_own_numbers():
    chosen = settings(
        message_retention_days=400,
        transaction_retention_days=500,
        ip_retention_days=200,
        log_retention_days=186,
        copies_keep_days=40,
        full_backups_kept=5,
    )
    kept = {row.setting: row.value for row in retention(chosen)}
    assert kept == {
        "message_retention_days": 500,  # one chain holds both
        "transaction_retention_days": 500,
        "ip_retention_days": 200,
        "log_retention_days": 186,
        "full_backups_kept": 5,
        "copies_keep_days": 40,
    }
    assert "۵۰۰ روز" in text(render(Content.of(chosen)), "privacy.html")


def test_the_statement_is_silent_of_machines_that_are_not_there():
    alone = settings(placement={"main": "store"})
    assert {row.kind for row in retention(alone)} == {"messages", "transactions", "addresses"}
    made = render(Content.of(settings(placement={"main": "vault logs"})))
    assert "رمزشده نگهداری می‌شود" not in text(made, "privacy.html")
    assert "پیام‌ها" not in text(made, "privacy.html")


def test_nothing_declared_is_said():
    with pytest.raises(NothingDeclared, match=r"declarations is not set.*\(Pulumi.local.yaml\)"):
        Content.of(Settings(), "Pulumi.local.yaml")


def test_no_page_runs_or_loads_anything_from_elsewhere(files):
    for name in files:
        if name.endswith(".html"):
            read = page(files, name)
            assert (read.scripted, read.styled) == ([], []), name
            assert not [one for one in read.loads if re.match(r"[a-z]+:|//", one)], name


def test_an_own_template_stands_in_for_the_kits(content, own):
    directory = own(
        "index.html.j2", '{% extends "layout.html.j2" %}{% block content %}<h1>Own</h1>{% endblock %}'
    )
    made = render(content, directory)
    assert "<h1>Own</h1>" in made["index.html"].decode()
    assert "<h1>Own</h1>" in made["en/index.html"].decode()


def test_an_own_text_stands_in_for_the_kits(content, own):
    made = render(content, own("texts.fa.yaml", "prices_title: نرخ‌نامه\n"))
    assert "نرخ‌نامه" in text(made, "prices.html")
    assert "تماس با ما" in text(made, "prices.html")


def test_own_files_are_served_beside_the_kits(content, files, own):
    own("static/logo.svg", "<svg/>")
    made = render(content, own("static/site.css", "p { color: red }"))
    assert made["logo.svg"] == b"<svg/>"
    assert made["site.css"] == b"p { color: red }"
    assert made["vazirmatn.woff2"] == files["vazirmatn.woff2"]


WITHOUT = '{% extends "layout.html.j2" %}{% block content %}<h1>Own</h1>{% endblock %}'
# name of the case: (file, its text, what the message says)
BAD = {
    "no prices": ("prices.html.j2", WITHOUT, "the Persian pages don't publish the price list of 2026-11-22"),
    "no seal": ("licences.html.j2", WITHOUT, "don't publish the eNAMAD seal https://trustseal"),
    "no address": ("contact.html.j2", WITHOUT, "don't publish the registration number 543210"),
    "no statement": ("privacy.html.j2", WITHOUT, "don't publish ip_retention_days 190"),
    "no telephone": (
        "support.html.j2",
        '<html lang="fa" dir="rtl"><p>tel:',
        "no link of it dials the landline",
    ),
    "another number": (
        "index.html.j2",
        '<html lang="{{ language }}" dir="{{ direction }}"><p itemscope itemtype="https://schema.org/Organization">'
        '<meta itemprop="telephone" content="+982199999999">',
        "publish the landline +982199999999, which nobody declared",
    ),
    "script": (
        "support.html.j2",
        WITHOUT.replace("Own", "<script>1</script>"),
        "has <script>: the site runs no script",
    ),
    "handler": ("support.html.j2", '<html lang="fa" dir="rtl" onload="x()">', "has <html onload>"),
    "style": ("support.html.j2", '<html lang="fa" dir="rtl"><p style="x">', "has <p style>: styles come"),
    "outside picture": (
        "support.html.j2",
        '<html lang="fa" dir="rtl"><img src="https://e.example/p.png" alt="">',
        "loads https://e.example/p.png from elsewhere",
    ),
    "outside picture, no scheme": (
        "support.html.j2",
        '<img src="//e.example/p.png">',
        "loads //e.example/p.png",
    ),
    "outside font": (
        "static/site.css",
        "@import 'https://e.example/f.css';",
        "loads https://e.example/f.css",
    ),
    "outside background": ("static/site.css", 'a{b:url( "//e.example/f")}', "loads //e.example/f"),
    "no language": ("support.html.j2", "<html><p>", '<html> says lang="" dir=""'),
    "syntax": ("index.html.j2", "a\n{% if %}", "line 2)"),
    "unknown name": ("index.html.j2", "a\n{{ nobody }}", "'nobody' is undefined (index.html.j2 line 2)"),
    "unknown text": ("index.html.j2", "{{ t.nobody }}", "a template can't be rendered"),
    "unknown base": (
        "index.html.j2",
        '{% extends "nobody.j2" %}',
        "there is no template nobody.j2 (index.html.j2 line 1)",
    ),
    "out of the sandbox": ("index.html.j2", "{{ ().__class__.__base__ }}", "a template can't be rendered"),
    "division": ("index.html.j2", "{{ 1 / 0 }}", "division by zero (index.html.j2 line 1)"),
    "its own base": (
        "index.html.j2",
        '{% extends "index.html.j2" %}',
        "a template can't be rendered: maximum",
    ),
    "no UTF-8": ("index.html.j2", b"\xff\xfe", "a template can't be read: it is not UTF-8 (index"),
    "text of no name": ("texts.fa.yaml", "nobody: x", "nobody is no text of the site"),
    "texts in a list": ("texts.en.yaml", "- x", "texts are names with a text each"),
    "number for a text": ("texts.en.yaml", "skip: 1", "texts are names with a text each"),
    "a program": ("static/app.js", "1", "it is no file that the site serves"),
    "a page": ("static/own.html", "<p>", "it is no file that the site serves"),
}


@pytest.mark.parametrize(("name", "body", "said"), BAD.values(), ids=BAD)
def test_an_own_template_that_cannot_be_published_is_refused(content, own, name, body, said):
    with pytest.raises(BadInput) as refused:
        render(content, own(name, body))
    assert isinstance(refused.value, BadTemplate | NotPublishable | BadInputs)
    assert said in str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert refused.value.exit_code == 2


def test_own_texts_that_are_no_yaml_are_refused(content, own):
    with pytest.raises(UnreadableFile, match=r"texts\.fa\.yaml is not YAML"):
        render(content, own("texts.fa.yaml", "a: ["))


def test_a_link_out_of_the_directory_is_refused(content, own, tmp_path):
    directory = own("static/a.txt", "x")
    (directory / "static/passwd.txt").symlink_to("/etc/passwd")
    with pytest.raises(BadTemplate, match=r"no file that the site serves.*passwd\.txt"):
        render(content, directory)


def test_a_directory_that_is_not_there_is_said(content, tmp_path):
    with pytest.raises(BadTemplate, match="site_templates_directory is not a directory"):
        render(content, tmp_path / "nowhere")


def test_each_language_has_the_same_texts():
    names = [
        re.findall(r"^(\w+):", (KIT_TEMPLATES / f"texts.{language}.yaml").read_text("utf-8"), re.MULTILINE)
        for language in ("fa", "en")
    ]
    assert names[0] == names[1]
    assert len(set(names[0])) == len(names[0])


def test_every_text_is_used():
    templates = "".join(path.read_text("utf-8") for path in KIT_TEMPLATES.glob("*.j2"))
    texts = (KIT_TEMPLATES / "texts.fa.yaml").read_text("utf-8")
    built = ("nav_", "per_", "kept_", "unit_", "error_")  # their names are put together
    unused = [
        name
        for name in re.findall(r"^(\w+):", texts, re.MULTILINE)
        if not name.startswith(built)
        and not re.search(rf"\bt(?:_en)?\.{name}\b", templates)
        and not name.endswith(("_title", "_description"))
    ]
    assert unused == []


def test_persian_is_written_with_its_own_letters_digits_and_half_spaces():
    texts = (KIT_TEMPLATES / "texts.fa.yaml").read_text("utf-8").partition("\n\n")[0:]
    whole = "".join(texts).partition("\n# ")[2].partition("\n")[2]
    assert not re.search("[يىك٠-٩]", whole)
    assert not re.search(
        r"[0-9]", whole.replace("error_404", "").replace("error_429", "").replace("error_50x", "")
    )
    assert not re.search(r"(?<![\u0600-\u06ff])ن?می [\u0600-\u06ff]", whole)  # می‌ joins with U+200C
    assert not re.search(r"[\u0600-\u06ff] ها(ی|یی)?(?![\u0600-\u06ff])", whole)
    assert not re.search(r"[\u0600-\u06ff][,;?]", whole)
