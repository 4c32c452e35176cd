"""The pages of the operator's site in Debian's Chromium, under the content security policy they are made for."""

import functools
import http.server
import json
import re
import subprocess
import threading
from html import unescape
from types import SimpleNamespace

import pytest

from amanat.setup.packages import ensure_commands
from amanat.site.content import Content
from amanat.site.output import write
from amanat.site.render import render
from tests.declared import settings

CHROMIUM = "chromium"
POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
    " report-uri /report"
)
PHONE, DESKTOP = 390, 1280  # CSS pixels
# Shows each page in a frame of each width, and writes down what the browser made of it.
LOOK = """<!doctype html><title>look</title><body><script>
const found = {};
const low = element => element.getBoundingClientRect().height < 24;
const look = async () => {
  for (const [page, width] of %s) {
    const frame = document.createElement("iframe");
    frame.style.cssText = `border:0;width:${width}px;height:900px`;
    frame.src = `/${page}`;
    document.body.append(frame);
    await new Promise(loaded => frame.onload = loaded);
    const inner = frame.contentDocument, root = inner.documentElement, main = inner.querySelector("main");
    await inner.fonts.ready;
    found[`${page} ${width}`] = {
      direction: frame.contentWindow.getComputedStyle(main).direction,
      wide: root.scrollWidth,
      fonts: [...inner.fonts].map(font => font.status),
      heading: inner.querySelectorAll("h1").length,
      small: [...inner.querySelectorAll("nav a, .button")].filter(low).length,
    };
    frame.remove();
  }
};
look().catch(fault => found.fault = String(fault)).finally(() => {
  const told = document.createElement("pre");
  told.id = "found";
  told.textContent = JSON.stringify(found);
  document.body.append(told);
});
</script>"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What the browser made of each page at each width, and what it asked the server for."""
    ensure_commands({CHROMIUM: CHROMIUM})
    directory = tmp_path_factory.mktemp("site")
    files = render(Content.of(settings(), "Pulumi.local.yaml"))
    write(directory, files)
    pages = [name for name in files if name.endswith(".html")]
    views = [[page, width] for page in pages for width in (PHONE, DESKTOP)]
    asked, reports = [], []

    class Server(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/look":
                self._say((LOOK % json.dumps(views)).encode())
            else:
                super().do_GET()

        def do_POST(self):
            reports.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._say(b"")

        def _say(self, body):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def end_headers(self):
            if self.path != "/look":
                self.send_header("Content-Security-Policy", POLICY)
            super().end_headers()

        def log_request(self, code="-", size="-"):
            asked.append((self.path, int(code)))

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Server, directory=str(directory))
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = subprocess.run(
            [
                *(CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom"),
                *(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}", "--virtual-time-budget=60000"),
                f"http://127.0.0.1:{server.server_port}/look",
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        server.shutdown()
    told = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert told, done.stderr[-2000:]
    return SimpleNamespace(pages=json.loads(unescape(told[1])), asked=asked, reports=reports, views=views)


def test_every_page_is_shown_in_its_direction_and_fits(seen):
    assert set(seen.pages) == {f"{page} {width}" for page, width in seen.views}
    for view, found in seen.pages.items():
        page, _, width = view.partition(" ")
        assert found["direction"] == ("ltr" if page.startswith("en/") else "rtl"), view
        assert found["wide"] <= int(width), f"{view} has to be scrolled sideways"
        assert found["heading"] == 1, view


def test_the_font_is_the_sites_own_and_is_loaded(seen):
    assert {status for found in seen.pages.values() for status in found["fonts"]} == {"loaded"}


def test_what_is_pressed_is_large_enough_for_a_finger(seen):
    assert {
        view: found["small"] for view, found in seen.pages.items() if found["small"]
    } == {}  # WCAG 2.2, 2.5.8


def test_all_that_pages_ask_for_is_there_and_allowed(seen):
    assert [
        (path, code) for path, code in seen.asked if code not in (200, 304) and path != "/favicon.ico"
    ] == []
    assert seen.reports == []
