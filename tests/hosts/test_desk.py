"""The support desk by mail: numbers, answers, a history that can't be emptied, and what strangers can't do."""

import json
import re
import secrets
from contextlib import contextmanager

import pytest
import requests

from amanat.audit.waiting import wait_until

CUSTOMER = "customer@[127.0.0.3]"  # its mail server is a test's own, on the desk's machine
INBOX = "/run/test-desk"
# Keeps each mail that comes as a file. Debian's Python has no mail server any more.
MAIL_SERVER = """
import os, socket, sys, threading
place = sys.argv[1]
waiting = socket.create_server(("127.0.0.3", 25))
numbers = iter(range(1000000))

def serve(caller):
    stream = caller.makefile("rwb")
    def say(text):
        stream.write(text.encode() + b"\\r\\n")
        stream.flush()
    say("220 customer ESMTP")
    while line := stream.readline():
        word = line[:4].upper().strip()
        if word in (b"EHLO", b"HELO"):
            say("250-customer")
            say("250 SMTPUTF8")
        elif word == b"DATA":
            say("354 go on")
            with open(f"{place}/new-{next(numbers)}", "wb") as mail:
                while (part := stream.readline()).rstrip(b"\\r\\n") != b".":
                    mail.write(part)
            os.rename(mail.name, mail.name.replace("new-", "mail-"))
            say("250 kept")
        elif word == b"QUIT":
            say("221 bye")
            break
        else:
            say("250 good")

while True:
    threading.Thread(target=serve, args=(waiting.accept()[0],), daemon=True).start()
"""
SEND = """
import json, smtplib, sys
from email.message import EmailMessage
host, mails = sys.argv[1], json.load(sys.stdin)
with smtplib.SMTP(host, 25, timeout=60) as server:
    for mail in mails:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = mail["from"], ", ".join(mail["to"]), mail["subject"]
        message.set_content(mail["text"])
        server.send_message(message, from_addr="customer@[127.0.0.3]", to_addrs=mail["to"])
"""
READ = """
import email, email.policy, json, pathlib, sys
found = []
for path in pathlib.Path(sys.argv[1]).glob("mail-*"):
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    found.append({"from": mail["From"], "subject": mail["Subject"], "text": mail.get_body().get_content()})
print(json.dumps(found))
"""
LONGEST_SECONDS = 180
RUN = secrets.token_hex(3)  # the stack may have tickets of an earlier run
MAILS = 40


class Desk:
    """The desk of a stack, as customers, agents and its operator meet it."""

    def __init__(self, stack):
        self.stack = stack
        self.machine = stack.machine_of("desk")
        self.domain = f"desk.{stack.paths.stack_id}.internal"

    def root(self, script):
        return self.stack.root(self.machine, script)

    def query(self, statement):
        """What a statement gives as superuser on the store, a line for each row."""
        command = f"cd / && runuser -u postgres -- psql -XAtq -d desk -c \"SET search_path = tracker\" -c '{statement}'"
        return self.stack.root(self.stack.machine_of("store"), command).splitlines()

    def mail(self, *mails):
        """Hand mails in, as from outside: (queues, subject, text, sender)."""
        given = [
            {
                "to": [f"{queue}@{self.domain}" for queue in queues],
                "subject": subject,
                "text": text,
                "from": sender,
            }
            for queues, subject, text, sender in mails
        ]
        address = self.root("getent hosts desk | cut -d' ' -f1").strip()
        self.root(f"python3 -c '{SEND}' {address} <<'MAILS'\n{json.dumps(given)}\nMAILS")

    def inbox(self):
        """What has come to customers."""
        return json.loads(self.root(f"python3 -c '{READ}' {INBOX}"))

    def tickets(self, subject):
        """The numbers of the tickets with a subject."""
        return [
            int(line)
            for line in self.query(f"SELECT id FROM tickets WHERE subject = $${subject}$$ ORDER BY id")
        ]

    def history(self, ticket):
        """What happened to a ticket, in order."""
        return self.query(
            f"SELECT type FROM transactions WHERE objecttype = $$RT::Ticket$$ AND objectid = {ticket} ORDER BY id"
        )

    def is_done(self):
        """Whether no mail is on its way, once what waits has been tried again."""
        return "empty" in self.root("postqueue -f; postqueue -p")

    def wait(self, what, ready):
        """Until it is so. Fails after a while."""
        found = wait_until(ready, LONGEST_SECONDS)
        assert found, f"{what}: {self.root('postqueue -p; journalctl -n 30 -t desk -t postfix/pipe')}"
        return found


class Browser:
    """An agent's browser: cookies, the stack's authority, and the pages behind the edge."""

    def __init__(self, stack):
        endpoints = stack.amanat("status", "--json").json["endpoints"]
        self.base = f"https://{endpoints[stack.machine_of('edge')]['edge.https']}"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(stack.paths.clients / "ca.crt")
        self.session.headers["Referer"] = f"{self.base}/desk/"

    def ask(self, path, status=200, **form):
        """The page of a path, as text; with a form's fields it is sent."""
        method = "POST" if form else "GET"
        with self.session.request(method, f"{self.base}{path}", data=form, timeout=60) as answer:
            assert answer.status_code == status, answer.text
            return answer.text


@pytest.fixture(scope="module")
def desk(placed_stack):
    desk = Desk(placed_stack)
    start = f"mkdir -p {INBOX} && (setsid python3 -c '{MAIL_SERVER}' {INBOX} > /dev/null 2>&1 & echo $! > {INBOX}/pid)"
    desk.root(start)
    yield desk
    desk.root(f'kill "$(cat {INBOX}/pid)"; rm -r {INBOX}')


@pytest.fixture
def complaint(desk):
    """A complaint of a customer, with its number; made once."""
    subject = f"شکایت {RUN}: پیامک نرسید"
    if not desk.tickets(subject):
        desk.mail((["complaints"], subject, "سلام، پیامک من نرسید.\n", CUSTOMER))
    (number,) = desk.wait("the complaint has a number", lambda: desk.tickets(subject))
    return number


def test_a_complaint_gets_a_number_and_the_customer_is_told(desk, complaint):
    def acknowledged():
        return [one for one in desk.inbox() if f"[support #{complaint}]" in one["subject"]]

    (mail,) = desk.wait("the customer is told", acknowledged)
    assert f"شمارهٔ {complaint}" in mail["text"]
    assert f"its number is {complaint}" in mail["text"]
    assert f"complaints@{desk.domain}" in mail["from"]


def test_a_reply_lands_on_the_same_ticket(desk, complaint):
    desk.mail((["complaints"], f"Re: [support #{complaint}] شکایت", "این را هم می‌افزایم.\n", CUSTOMER))
    desk.wait("the reply is in the history", lambda: "Correspond" in desk.history(complaint))
    assert desk.history(complaint)[0] == "Create"


def test_an_agent_answers_and_the_customer_gets_it(desk, complaint, placed_stack):
    password = (placed_stack.paths.directory / "desk/zahra.password").read_text("utf-8").strip()
    browser = Browser(placed_stack)
    assert "زهرا" not in browser.ask("/desk/")
    home = browser.ask("/desk/NoAuth/Login.html", user="zahra", **{"pass": password})
    assert "زهرا" in home
    answer = "سلام، پیگیری شد و پیامک دوباره فرستاده شد."
    browser.ask(
        "/desk/Ticket/Update.html",
        id=complaint,
        Action="respond",
        UpdateType="response",
        UpdateContent=answer,
        UpdateContentType="text/plain",
        SubmitTicket="1",
    )
    desk.wait("the customer has the answer", lambda: any(answer in one["text"] for one in desk.inbox()))
    assert "delete" not in {
        status.lower()
        for status in re.findall(
            r'option[^>]+value="(\w+)"', browser.ask(f"/desk/Ticket/Update.html?id={complaint}")
        )
    }
    browser.ask("/desk/Ticket/Display.html", id=complaint, Status="deleted")
    assert desk.query(f"SELECT status FROM tickets WHERE id = {complaint}") == ["open"]


def test_a_stranger_with_its_number_can_not_write_to_it(desk, complaint):
    before = desk.history(complaint)
    desk.mail((["complaints"], f"Re: [support #{complaint}]", "پول بدهید.\n", "other@[127.0.0.3]"))
    desk.wait(
        "the stranger is refused", lambda: any("no right to reply" in one["text"] for one in desk.inbox())
    )
    assert desk.history(complaint) == before


def test_a_mail_with_an_agents_address_is_no_agents(desk, complaint):
    before = desk.history(complaint)
    desk.mail((["complaints"], f"Re: [support #{complaint}]", "من کارشناسم.\n", "zahra@agents.invalid"))
    desk.wait("nothing is on its way", desk.is_done)
    assert desk.history(complaint) == before


def test_what_comes_back_is_noted_and_goes_to_nobody(desk):
    """An agent's address leads nowhere here: each notice of that comes back, and must not make another."""
    desk.mail((["questions"], f"پرسش {RUN}: بازگشت", "سلام\n", CUSTOMER))
    (number,) = desk.wait("the question has a number", lambda: desk.tickets(f"پرسش {RUN}: بازگشت"))
    desk.wait("what came back is noted", lambda: "Comment" in desk.history(number))
    desk.wait("nothing is on its way", desk.is_done)
    assert desk.history(number).count("Comment") == 1


def test_alerts_come_from_the_machine_alone(desk):
    with pytest.raises(AssertionError, match="Recipient address rejected"):
        desk.mail((["alerts"], "alert", "x\n", CUSTOMER))


@contextmanager
def killed_again_and_again(desk):
    """Every half second one of the desk's workers is killed."""
    script = (
        "for i in $(seq 60); do systemctl kill -s KILL amanat-desk@$((i % 2 + 1)).service; sleep 0.5; done"
    )
    desk.root(f"(setsid sh -c '{script}' > /dev/null 2>&1 & echo $! > /run/test-desk-killer)")
    try:
        yield
    finally:
        desk.root(
            "while kill -0 $(cat /run/test-desk-killer) 2> /dev/null; do sleep 0.5; done; rm /run/test-desk-killer"
        )


def test_none_is_lost_and_none_comes_twice_while_the_desk_is_killed(desk):
    subjects = [f"شکایت {RUN} شمارهٔ {number}" for number in range(MAILS)]
    with killed_again_and_again(desk):
        for start in range(0, MAILS, 10):
            mails = [
                (
                    ["complaints", "questions"] if number % 10 == 0 else ["complaints"],
                    subjects[number],
                    "سلام\n",
                    CUSTOMER,
                )
                for number in range(start, start + 10)
            ]
            desk.mail(*mails)
            if start == MAILS // 2:
                desk.root("systemctl restart postfix")  # with mails on their way
    desk.wait("all have come", desk.is_done)
    counted = dict(
        line.rsplit("|", 1)
        for line in desk.query(
            f"SELECT subject, count(*) FROM tickets WHERE subject LIKE $$شکایت {RUN} شمارهٔ %$$ GROUP BY subject"
        )
    )
    assert counted == {subject: "2" if number % 10 == 0 else "1" for number, subject in enumerate(subjects)}


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tickets",
        "DELETE FROM transactions",
        "DELETE FROM attachments",
        "UPDATE transactions SET created = now()",
        "UPDATE attachments SET content = NULL",
        "DELETE FROM users",
        "DELETE FROM queues",
        "TRUNCATE transactions",
        "DROP TABLE attachments",
        "ALTER TABLE transactions DISABLE TRIGGER ALL",
    ],
)
def test_the_desk_itself_can_not_empty_its_history(desk, complaint, statement):
    before = desk.history(complaint)
    keys = "/etc/amanat/desk/keys"
    connection = (
        f"host=store dbname=desk user=desk_application sslmode=verify-full sslrootcert=/etc/amanat/pki/ca.crt"
        f" sslcert={keys}/database.crt sslkey={keys}/database.key passfile={keys}/pgpass options=-csearch_path=tracker"
    )
    said = desk.root(f'runuser -u request-tracker -- psql -X "{connection}" -c "{statement}" 2>&1 || true')
    assert "permission denied" in said or "must be owner" in said, said
    assert desk.history(complaint) == before


@pytest.mark.parametrize("path", ["/desk/REST/1.0/NoAuth/mail-gateway", "/desk/REST/2.0/queues/all"])
def test_the_public_can_not_hand_in_mails_past_the_mail_server(placed_stack, path):
    Browser(placed_stack).ask(path, status=403)


def test_nobody_logs_in_but_the_agents(desk, placed_stack):
    """Request Tracker comes with a superuser whose password everybody knows, and with rights for many."""
    page = Browser(placed_stack).ask("/desk/NoAuth/Login.html", user="root", **{"pass": "password"})
    assert 'name="pass"' in page
    agents = (
        "SELECT u.name FROM users u JOIN principals p ON p.id = u.id JOIN cachedgroupmembers m ON m.memberid = u.id"
        " JOIN groups g ON g.id = m.groupid WHERE p.disabled = 0 AND g.domain = $$SystemInternal$$"
        " AND g.name = $$Privileged$$ AND u.name NOT IN ($$RT_System$$, $$Nobody$$)"
    )
    assert desk.query(agents) == ["zahra"]
    # Of the system itself, which nobody logs in as.
    powers = "SELECT g.name FROM acl a JOIN groups g ON g.id = a.principalid WHERE a.rightname ~ $$Admin|Super|Delete$$"
    assert desk.query(powers) == ["UserEquiv"]
