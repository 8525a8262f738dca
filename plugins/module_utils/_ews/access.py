# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Who may open which folder of a mailbox on Exchange, for the report; nothing of it is changed on either side."""

from __future__ import annotations

from .._libraries import exchangelib
from .._model import rights
from .permissions import corrected
from .services import TNS


def of_mailbox(account, folders, targets: dict[str, str]) -> dict[str, list[dict]]:
    """`rights` and `lost`, in the words of _model/rights.py. `folders`: the catalogue's rows; `targets`: SMTP address in lower case -> the
    mailbox at the target that becomes of it."""
    corrected()
    names = {row.role: row.name for row in folders if row.role}
    found = [(row.name, rights.of_folder(given)) for row, given in zip(folders, _permissions(account, folders), strict=True)]
    found += [(names.get(folder, folder), granted) for folder, granted in rights.of_delegates(account.delegates).items()]
    # A delegate is also among those whom the folder lets in.
    given = sorted({(folder, who, letters) for folder, granted in found for who, letters in granted.rights.items()})
    lost = sorted({(folder, one.who, one.what) for folder, granted in found for one in granted.lost})
    return {
        "rights": [{"folder": folder, "who": who, "rights": letters, "target": targets.get(who.lower())} for folder, who, letters in given],
        "lost": [{"folder": folder, "who": who, "what": what} for folder, who, what in lost],
    }


def _permissions(account, folders):
    """Of each folder, in their order; None where the server tells none."""
    if not folders:
        return
    service = exchangelib.services.GetFolder(account=account)
    field = exchangelib.fields.FieldPath(field=exchangelib.folders.Folder.get_field_by_fieldname("permission_set"))
    ids = [exchangelib.properties.FolderId(id=row.remote_id) for row in folders]
    for element in service._chunked_get_elements(service.get_payload, items=ids, additional_fields=[field], shape="IdOnly"):
        if isinstance(element, Exception):
            raise element
        told = element.find(TNS + "PermissionSet")
        yield None if told is None else exchangelib.properties.PermissionSet.from_xml(elem=told, account=account)
