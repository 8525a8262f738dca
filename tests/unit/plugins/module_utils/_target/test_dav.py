# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._imap.session import LoginRefused, Unreachable
from ansible_collections.messaging.migration.plugins.module_utils._model import item_kinds as k
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox
from ansible_collections.messaging.migration.plugins.module_utils._target.dav import DavServer, DavTarget
from ansible_collections.messaging.migration.plugins.module_utils._target.items import ItemRefused
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.dav_script import DavScript

ANNA = Mailbox("anna.berg", "anna", target_password="secret")
CALENDAR, CONTACTS, TASKS = (k.ItemFolder(kind, kind.title(), kind, True) for kind in (k.CALENDAR, k.CONTACTS, k.TASKS))
EVENTS = "<resourcetype><collection/><C:calendar/></resourcetype><C:supported-calendar-component-set>{}</C:supported-calendar-component-set>"
BOOK = "<resourcetype><collection/><A:addressbook/></resourcetype>"
PLAIN = "<resourcetype><collection/></resourcetype>"


def calendar(*components: str) -> str:
    return EVENTS.format("".join(f'<C:comp name="{name}"/>' for name in components))


@pytest.fixture
def script():
    server = DavScript()
    server.tells("/", {"/": "<current-user-principal><href>/me/</href></current-user-principal>"})
    server.tells("/me/", {"/me/": "<C:calendar-home-set><href>/cal/</href></C:calendar-home-set><A:addressbook-home-set><href>/card/</href>"
                                  "</A:addressbook-home-set>"})
    yield server
    server.close()


@pytest.fixture
def target(script):
    made = DavTarget(DavServer("new", script.url, timeout=5), ANNA)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("there", "kind", "path"),
    [
        ({"/cal/Default/": calendar("VEVENT"), "/cal/work/": calendar("VEVENT")}, CALENDAR, "/cal/Default/"),
        ({"/cal/odd/": calendar("VEVENT"), "/cal/jobs/": calendar("VTODO")}, CALENDAR, "/cal/odd/"),
        ({"/cal/odd/": calendar("VEVENT", "VTODO"), "/cal/jobs/": calendar("VTODO")}, TASKS, "/cal/jobs/"),
        ({"/card/a/": PLAIN, "/card/Contacts/": BOOK, "/card/b/": BOOK}, CONTACTS, "/card/Contacts/"),
    ],
)
def test_default_folders_are_those_that_are_there(script, target, there, kind, path):
    script.tells("/card/" if kind is CONTACTS else "/cal/", there)
    assert target.make_folder(kind) == (path, True)
    assert target.make_folder(kind, path) == (path, False)


def test_the_server_tells_its_default(script, target):
    script.tells("/cal/", {"/cal/a/": calendar("VEVENT"), "/cal/b/": calendar("VEVENT")})
    script.answers["MKCALENDAR", "/cal/calendar/"] = 201, ""
    status, text = script.answers["PROPFIND", "/me/"]
    script.answers["PROPFIND", "/me/"] = status, text.replace("<C:cal", "<C:schedule-inbox-URL><href>/in/</href></C:schedule-inbox-URL><C:cal", 1)
    # A default that is none of them is none.
    script.tells("/in/", {"/in/": "<C:schedule-default-calendar-URL><href>b/</href></C:schedule-default-calendar-URL>"})
    assert target.make_folder(CALENDAR)[0] == "/cal/calendar/"
    script.tells("/in/", {"/in/": "<C:schedule-default-calendar-URL><href>/cal/b/</href></C:schedule-default-calendar-URL>"})
    assert target.make_folder(CALENDAR)[0] == "/cal/b/"


def test_what_is_missing_is_made(script, target):
    script.tells("/cal/", {"/cal/": PLAIN})
    script.tells("/card/", {})
    script.answers["MKCALENDAR", "/cal/tasks/"] = 201, ""
    assert target.make_folder(TASKS) == ("/cal/tasks/", True)
    body = script.log[-1][3].decode()
    assert '<C:comp name="VTODO"/>' in body and "<D:displayname>Tasks</D:displayname>" in body
    with pytest.raises(ItemRefused, match="HTTP 404"):
        target.make_folder(CONTACTS)
    assert script.log[-1][0] == "MKCOL" and b"<A:addressbook/>" in script.log[-1][3]


def test_an_administrator_names_the_principal(script):
    script.tells("/principals/anna@example.test/", {"/x": "<C:calendar-home-set><href>/cal/anna/</href></C:calendar-home-set>"})
    script.tells("/cal/anna/", {"/cal/anna/Default/": calendar("VEVENT")})
    server = DavServer("new", script.url, principal="/principals/{mailbox}/", login="{admin}", admin="root", password="secret", timeout=5)
    target = DavTarget(server, Mailbox("anna", "anna@example.test"))
    assert target.make_folder(CALENDAR)[0] == "/cal/anna/Default/"
    target.close()


def test_no_home(script, target):
    script.tells("/me/", {})
    with pytest.raises(MigrationError, match="names no home of calendars for anna"):
        target.make_folder(CALENDAR)


def test_etags(script, target):
    script.tells("/cal/a/", {
        "/cal/a/": PLAIN, "/cal/a/1.ics": '<getetag>"one"</getetag><resourcetype/>', "/cal/a/%C3%BC.ics": "<getetag>W/\"two\"</getetag>",
    })
    assert target.listed("/cal/a/") == {"1.ics": '"one"', "ü.ics": 'W/"two"'}
    assert target.listed("/cal/none/") == {}


def test_put(script, target):
    script.answers["PUT", "/cal/a/1.ics"] = 201, "", ("ETag", '"one"')
    script.answers["PUT", "/cal/a/2.ics"] = 204, ""
    script.tells("/cal/a/2.ics", {"/cal/a/2.ics": '<getetag>"two"</getetag><resourcetype/>'})
    assert target.put("/cal/a/", "1.ics", "event", b"x\r\n") == '"one"'
    assert (script.log[0][2]["Content-Type"], script.log[0][3]) == ("text/calendar; charset=utf-8", b"x\r\n")
    # Not told with the answer, so asked for.
    assert target.put("/cal/a/", "2.ics", "event", b"x") == '"two"'


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, '<error xmlns="DAV:"><C:valid-calendar-data xmlns:C="urn:ietf:params:xml:ns:caldav"/></error>', "HTTP 403 valid-calendar-data"),
        (409, '<error xmlns="DAV:"><C:no-uid-conflict xmlns:C="urn:ietf:params:xml:ns:caldav"/></error>', "HTTP 409 no-uid-conflict"),
        (413, "", "HTTP 413"), (415, "no", "HTTP 415"), (500, "oh", "HTTP 500"),
    ],
)
def test_an_item_that_is_refused(script, target, status, body, words):
    script.answers["PUT", "/cal/a/1.ics"] = status, body
    with pytest.raises(ItemRefused, match=words):
        target.put("/cal/a/", "1.ics", "event", b"x")


@pytest.mark.parametrize(("status", "error"), [(503, Unreachable), (429, Unreachable), (502, Unreachable), (423, Unreachable), (507, MigrationError)])
def test_what_is_no_fault_of_the_item(script, target, status, error):
    script.answers["PUT", "/cal/a/1.ics"] = status, ""
    with pytest.raises(error, match="What was moved stays"):
        target.put("/cal/a/", "1.ics", "event", b"x")


def test_a_wrong_password(script, target):
    script.answers["PROPFIND", "/"] = 401, "", ("WWW-Authenticate", 'Basic realm="x"')
    with pytest.raises(LoginRefused, match="refuses the login for anna") as caught:
        target.make_folder(CALENDAR)
    assert "secret" not in str(caught.value)
    # Once without, once with the password: no account gets locked.
    assert len(script.log) == 2


@pytest.mark.parametrize(("url", "error", "words"), [
    ("http://127.0.0.1:9/", Unreachable, "can't be reached"), ("nothing", MigrationError, "no address of a server"),
])
def test_a_server_that_is_none(url, error, words):
    target = DavTarget(DavServer("new", url, timeout=5), ANNA)
    with pytest.raises(error, match=words):
        target.make_folder(CALENDAR)


def test_a_server_that_talks_something_else(script, target):
    script.answers["PROPFIND", "/"] = 207, "<multistatus"
    with pytest.raises(MigrationError, match="does not talk WebDAV"):
        target.make_folder(CALENDAR)


@pytest.mark.parametrize("status", [204, 404, 412])
def test_deleting(script, target, status):
    script.answers["DELETE", "/cal/a/1.ics"] = status, ""
    target.delete("/cal/a/", "1.ics", '"one"')
    assert (script.log[0][2]["If-Match"], script.log[0][2]["Schedule-Reply"]) == ('"one"', "F")


def test_a_deletion_that_is_refused(script, target):
    script.answers["DELETE", "/cal/a/1.ics"] = 403, ""
    with pytest.raises(ItemRefused, match="HTTP 403"):
        target.delete("/cal/a/", "1.ics")
    assert "If-Match" not in script.log[0][2]


DATA = {"/cal/a/": ("C:calendar-data", calendar("VEVENT")), "/card/a/": ("A:address-data", BOOK)}


@pytest.mark.parametrize("place", DATA)
def test_items_are_read_back_together(script, target, place):
    data, kind = DATA[place]
    script.tells(place, {f"{place}a%20b": f"<{data}>one&amp;two</{data}>", f"{place}gone": ""}, "REPORT")
    script.tells(place, {place: kind})
    assert target.contents(place, ["a b", "gone"]) == {"a b": b"one&two"}
    [(_method, _path, headers, body)] = [asked for asked in script.log if asked[0] == "REPORT"]
    assert b"a%20b</D:href>" in body and data.encode() in body and "Depth" not in headers
    # One request for so many.
    script.log.clear()
    target.contents(place, [str(number) for number in range(target.batch + 1)])
    assert [asked[0] for asked in script.log] == ["PROPFIND", "REPORT", "REPORT"]


def test_a_server_that_gives_nothing_back(script, target):
    script.tells("/cal/a/", {"/cal/a/": calendar("VEVENT")})
    script.answers["REPORT", "/cal/a/"] = 501, "no"
    with pytest.raises(MigrationError, match="does not give back what is in /cal/a/: HTTP 501"):
        target.contents("/cal/a/", ["a"])
    # One that is gone is empty.
    assert target.contents("/cal/gone/", ["a"]) == {}


ANONYMOUS = {"/": "<current-user-principal><unauthenticated/></current-user-principal>"}


def test_where_the_service_is_may_be_told_by_a_redirect(script, target):
    script.tells("/", {"/": ""})
    script.answers["PROPFIND", "/.well-known/caldav"] = 301, "", ("Location", "/dav/")
    script.tells("/dav/", {"/dav/": "<current-user-principal><href>/me/</href></current-user-principal>"})
    script.tells("/cal/", {"/cal/work/": calendar("VEVENT")})
    assert target.make_folder(CALENDAR)[0] == "/cal/work/"
    asked = next(body for method, path, _headers, body in script.log if path == "/dav/")
    assert b"current-user-principal" in asked


def test_the_password_goes_to_no_other_server(script, target):
    script.tells("/", {"/": ""})
    script.answers["PROPFIND", "/.well-known/caldav"] = 301, "", ("Location", "https://127.0.0.1:1/dav/")
    with pytest.raises(MigrationError, match="names no home"):
        target.make_folder(CALENDAR)


def test_a_server_that_lets_anybody_look_gets_the_password_only_by_tls(script, target):
    script.tells("/", ANONYMOUS)
    with pytest.raises(MigrationError, match="names no home"):
        target.make_folder(CALENDAR)
    assert not [headers for _method, _path, headers, _body in script.log if "Authorization" in headers]
