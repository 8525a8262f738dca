# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._directory.exchange_5_5_csv import read, values
from ansible_collections.messaging.migration.plugins.module_utils._directory.server import servers
from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._model.directory import Quota, Remark

HEADER = (
    "Obj-Class,First Name,Last name,Display Name,Alias Name,Directory Name,Primary Windows NT Account,Home-Server,E-mail address,"
    "E-mail Addresses,Members,Obj-Container,Hide from AB"
)
ANNA = r"Mailbox,Anna,Berg,Anna Berg,anna,ABERG,EXAMPLE\aberg,EXCH55,,MS:EX/A/ANNA%smtp:a%b@example.com%SMTP:anna@example.com%X400:c=DE;a= ;,,Recipients,"


@pytest.fixture
def export(tmp_path):
    def made(*lines: str, header: str = HEADER, written_in: str = "utf-8", **options):
        path = tmp_path / "export.csv"
        path.write_bytes("\r\n".join([header, *lines, ""]).encode(written_in))
        return read(servers([{"name": "berlin", "kind": "exchange_5_5_csv", "path": str(path), **options}])[0])

    return made


def test_a_mailbox(export):
    [anna] = export(ANNA).people
    assert (anna.name, anna.alias, anna.account, anna.server, anna.place) == ("Anna Berg", "anna", "aberg", "EXCH55", "Recipients")
    assert anna.addresses.all == ("anna@example.com", "a%b@example.com")
    assert anna.addresses.foreign == ("MS:EX/A/ANNA", "X400:c=DE;a= ;")
    assert anna.quota == Quota(known=False)


def test_members_are_found_by_container_or_name(export):
    found = export(
        ANNA, "Mailbox,,,Bo,bo,bo,,/o=Ex/ou=Berlin/cn=Configuration/cn=Servers/cn=EXCH55,,SMTP:bo@example.com,,Other,",
        "Remote,,,C,c,c,,,SMTP:c@elsewhere.com,SMTP:c@example.com,,Recipients,1",
        "dl,,,All,all,all,,,,SMTP:all@example.com,Recipients/cn=aberg%/o=Ex/ou=Berlin/cn=Recipients/cn=ABERG%bo%Other/cn=c%Gone,Recipients,0",
    )
    assert found.groups[0].members == ("recipients/cn=aberg", "recipients/cn=aberg", "other/cn=bo", "other/cn=c", "gone")
    assert found.contacts[0].target == "c@elsewhere.com" and found.contacts[0].hidden and not found.groups[0].hidden


@pytest.mark.parametrize(("site", "own"), [
    ("/o=Ex/ou=Berlin/cn=Recipients/cn=anna", "recipients/cn=anna"), ("/o=Ex/ou=Oslo/cn=Recipients/cn=anna", "/o=ex/ou=berlin/cn=recipients/cn=anna"),
    # Nothing tells of which site the file is.
    ("", "/o=ex/ou=berlin/cn=recipients/cn=anna"),
])
def test_somebody_of_another_site_is_not_his_namesake(export, site, own):
    name = "/o=Ex/ou=Berlin/cn=Recipients/cn=anna"
    found = export(
        f"mailbox,anna,SMTP:anna@example.com,,,{site}", f"mailbox,bo,SMTP:bo@example.com,,{name},",
        f"dl,all,SMTP:all@example.com,{name}%/ou=Rom/cn=Recipients/cn=anna,,",
        header="Obj-Class,Directory Name,E-mail Addresses,Members,Alt-Recipient,Obj-Dist-Name",
    )
    assert found.groups[0].members == (own, "/ou=rom/cn=recipients/cn=anna") and found.people[1].forward.key == own


def test_what_is_missing_is_told(export):
    found = export("Mailbox,,,Dora,dora,dora,,EXCH55,,X400:c=DE;,,Recipients,", "Mailbox,,,Emil,emil,emil,,EXCH55,,smtp:emil@example.com,,Recipients,",
                   "Public Folder,,,P,p,p,,,,SMTP:p@example.com,,,")
    assert found.remarks == [
        Remark("no_address", "Dora", ""), Remark("no_primary", "Emil", "emil@example.com"),
        Remark("not_understood", "line 4", "Obj-Class 'Public Folder', Directory Name 'p'"),
    ]


def test_limits_forwards_and_old_names_by_the_names_of_the_schema(export):
    [anna, _bo] = export(
        "mailbox,anna,SMTP:anna@example.com,0,102400,,bo,1,/o=Ex/ou=Berlin/cn=Recipients/cn=anna", "mailbox,bo,SMTP:bo@example.com,1,,,,,",
        header="Obj-Class,Common-Name,Proxy-Addresses,MDB-Use-Defaults,DXA-Task,MDB-Over-Quota-Limit,Alt-Recipient,Deliver-And-Redirect,Obj-Dist-Name",
    ).people
    assert anna.quota == Quota(102400) and anna.forward.key == "recipients/cn=bo" and anna.forward.keeps_copy
    assert anna.addresses.old_names == ("/o=Ex/ou=Berlin/cn=Recipients/cn=anna",)


@pytest.mark.parametrize(("encoding", "options"), [("cp1252", {"encoding": "cp1252"}), ("utf-16", {}), ("utf-8-sig", {}), ("utf-8", {})])
def test_character_sets(export, encoding, options):
    assert export(ANNA.replace("Anna Berg", "Änne Berg"), written_in=encoding, **options).people[0].name == "Änne Berg"


@pytest.mark.parametrize(("lines", "settings", "word"), [
    ([ANNA.replace("Anna Berg", "Änne Berg")], {"written_in": "cp1252"}, "Set encoding"),
    ([ANNA], {"header": "Obj-Class,Directory Name"}, "no column E-mail Addresses"),
    ([ANNA, ANNA], {}, "names twice"),
    (['Mailbox,"Anna'], {}, "no CSV"),
])
def test_a_file_that_can_not_be_read_right_is_refused(export, lines, settings, word):
    with pytest.raises(MigrationError, match=word):
        export(*lines, **settings)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MigrationError, match="can't be read"):
        read(servers([{"kind": "exchange_5_5_csv", "path": str(tmp_path / "none.csv")}])[0])


TYPES = st.sampled_from(["SMTP", "smtp", "X400", "MS", "X500"])
PIECES = st.tuples(TYPES, st.sampled_from([":", "$"]), st.from_regex(r"\A[a-z=;. @%]{1,20}\Z").filter(lambda text: text[-1] != "%")).map("".join)


@given(st.lists(PIECES, max_size=6))
def test_values_come_apart_as_they_were_joined(pieces):
    assert values("%".join(pieces)) == pieces


@given(st.lists(st.from_regex(r"\A[a-z]{1,8}\Z"), min_size=1, max_size=6, unique=True), st.randoms())
def test_the_order_of_addresses_says_nothing(tmp_path_factory, locals_, random):
    addresses = [f"SMTP:{locals_[0]}@example.com", *(f"smtp:{local}@example.com" for local in locals_[1:]), "X400:c=DE;"]
    random.shuffle(addresses)
    text = io.StringIO()
    csv.writer(text).writerows([["Obj-Class", "Directory Name", "E-mail Addresses"], ["mailbox", "anna", "%".join(addresses)]])
    path = tmp_path_factory.mktemp("export") / "export.csv"
    path.write_text(text.getvalue())
    [anna] = read(servers([{"kind": "exchange_5_5_csv", "path": str(path)}])[0]).people
    assert anna.addresses.all == (f"{locals_[0]}@example.com", *sorted(f"{local}@example.com" for local in locals_[1:]))
