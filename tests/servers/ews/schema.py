# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of Exchange Web Services: elements in the order that types.xsd wants, versions and what came with them (MS-OXWSCDATA, MS-OXWSCORE)."""

from __future__ import annotations

import functools
import typing as t

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
T, M = f"{{{TYPES}}}", f"{{{MESSAGES}}}"

ITEM = """MimeContent ItemId ParentFolderId ItemClass Subject Sensitivity Body Attachments DateTimeReceived Size Categories Importance InReplyTo
IsSubmitted IsDraft IsFromMe IsResend IsUnmodified InternetMessageHeaders DateTimeSent DateTimeCreated ResponseObjects ReminderDueBy ReminderIsSet
ReminderNextTime ReminderMinutesBeforeStart DisplayCc DisplayTo DisplayBcc HasAttachments ExtendedProperty Culture EffectiveRights LastModifiedName
LastModifiedTime IsAssociated WebClientReadFormQueryString WebClientEditFormQueryString ConversationId UniqueBody Flag StoreEntryId InstanceKey""".split()
MESSAGE = """Sender ToRecipients CcRecipients BccRecipients IsReadReceiptRequested IsDeliveryReceiptRequested ConversationIndex ConversationTopic From
InternetMessageId IsRead IsResponseRequested References ReplyTo ReceivedBy ReceivedRepresenting""".split()
CALENDAR = """UID RecurrenceId DateTimeStamp Start End OriginalStart IsAllDayEvent LegacyFreeBusyStatus Location When IsMeeting IsCancelled
IsRecurring MeetingRequestWasSent IsResponseRequested CalendarItemType MyResponseType Organizer RequiredAttendees OptionalAttendees Resources
InboxReminders ConflictingMeetingCount AdjacentMeetingCount ConflictingMeetings AdjacentMeetings Duration TimeZone AppointmentReplyTime
AppointmentSequenceNumber AppointmentState Recurrence FirstOccurrence LastOccurrence ModifiedOccurrences DeletedOccurrences MeetingTimeZone
StartTimeZone EndTimeZone ConferenceType AllowNewTimeProposal IsOnlineMeeting MeetingWorkspaceUrl NetShowUrl""".split()
CONTACT = """FileAs FileAsMapping DisplayName GivenName Initials MiddleName Nickname CompleteName CompanyName EmailAddresses PhysicalAddresses
PhoneNumbers AssistantName Birthday BusinessHomePage Children Companies ContactSource Department Generation ImAddresses JobTitle Manager Mileage
OfficeLocation PostalAddressIndex Profession SpouseName Surname WeddingAnniversary HasPicture""".split()
LIST = ["DisplayName", "FileAs", "ContactSource", "Members"]
TASK = """ActualWork AssignedTime BillingInformation ChangeCount Companies CompleteDate Contacts DelegationState Delegator DueDate
IsAssignmentEditable IsComplete IsRecurring IsTeamTask Mileage Owner PercentComplete Recurrence StartDate Status StatusDescription TotalWork""".split()
POST = ["ConversationIndex", "ConversationTopic", "From", "InternetMessageId", "IsRead", "PostedTime", "References", "Sender"]
ELEMENTS = {
    "Item": ITEM, "Message": ITEM + MESSAGE, "CalendarItem": ITEM + CALENDAR, "Contact": ITEM + CONTACT, "DistributionList": ITEM + LIST,
    "Task": ITEM + TASK, "PostItem": ITEM + POST,
    "MeetingMessage": ITEM + MESSAGE, "MeetingRequest": ITEM + MESSAGE, "MeetingResponse": ITEM + MESSAGE, "MeetingCancellation": ITEM + MESSAGE,
}
RANKS = {element: {name: rank for rank, name in enumerate(names)} for element, names in ELEMENTS.items()}
# The class of an item that is made as such an element and names none.
CLASSES = {
    "Item": "IPM.Note", "Message": "IPM.Note", "CalendarItem": "IPM.Appointment", "Contact": "IPM.Contact", "DistributionList": "IPM.DistList",
    "Task": "IPM.Task", "PostItem": "IPM.Post", "MeetingMessage": "IPM.Schedule.Meeting", "MeetingRequest": "IPM.Schedule.Meeting.Request",
    "MeetingResponse": "IPM.Schedule.Meeting.Resp.Pos", "MeetingCancellation": "IPM.Schedule.Meeting.Canceled",
}
MAIL = {"Item", "Message", "PostItem", "MeetingMessage", "MeetingRequest", "MeetingResponse", "MeetingCancellation"}
# A property of many values is asked for by one field URI a value, and answered as one element.
DICTIONARIES = {"EmailAddress": "EmailAddresses", "PhoneNumber": "PhoneNumbers", "ImAddress": "ImAddresses", "PhysicalAddress": "PhysicalAddresses"}
# Never in the answers of SyncFolderItems and FindItem.
ONLY_GET_ITEM = {"Body", "Attachments", "MimeContent", "UniqueBody"}


def element_of(item_class: str) -> str:
    """What Exchange makes of a message of this class."""
    lower = item_class.lower()
    for element in ("MeetingRequest", "MeetingCancellation", "CalendarItem", "Contact", "DistributionList", "Task", "PostItem"):
        if lower.startswith(CLASSES[element].lower()):
            return element
    return "MeetingResponse" if lower.startswith("ipm.schedule.meeting.resp") else "Message"


def element_name(field_uri: str) -> str:
    """"item:Subject" -> "Subject", "contacts:PhysicalAddress:City" -> "PhysicalAddresses"."""
    name = field_uri.split(":")[1]
    return DICTIONARIES.get(name, name)


class Version(t.NamedTuple):
    """`schema`: the newest of SCHEMAS that this server understands; `build`: (major, minor, major build, minor build)."""

    schema: str
    build: tuple[int, int, int, int]


SCHEMAS = ["Exchange2007", "Exchange2007_SP1", "Exchange2010", "Exchange2010_SP1", "Exchange2010_SP2", "Exchange2013", "Exchange2013_SP1", "Exchange2015",
           "Exchange2016"]
VERSIONS = {
    "2007": Version("Exchange2007_SP1", (8, 1, 240, 6)),
    "2010": Version("Exchange2010_SP2", (14, 2, 247, 5)),
    "2013": Version("Exchange2013_SP1", (15, 0, 847, 32)),
    "2016": Version("Exchange2016", (15, 1, 2507, 6)),
    "2019": Version("Exchange2016", (15, 2, 1118, 7)),
}
# Since which schema there is an operation, a property or a distinguished folder; what is not named has always been there.
SINCE = {
    "GetInboxRules": "Exchange2010_SP1", "GetServerTimeZones": "Exchange2010", "item:Flag": "Exchange2013", "item:InstanceKey": "Exchange2013",
    "folder:DistinguishedFolderId": "Exchange2013", "archiveroot": "Exchange2010_SP1", "archivemsgfolderroot": "Exchange2010_SP1",
    "archivedeleteditems": "Exchange2010_SP1", "recoverableitemsroot": "Exchange2010_SP1", "recoverableitemsdeletions": "Exchange2010_SP1",
    "recoverableitemsversions": "Exchange2010_SP1", "recoverableitemspurges": "Exchange2010_SP1", "GetDelegate": "Exchange2007_SP1",
    "calendar:StartTimeZone": "Exchange2010", "calendar:EndTimeZone": "Exchange2010",
    "MIME of every item": "Exchange2013",
}


@functools.cache
def knows(schema: str, name: str) -> bool:
    return SCHEMAS.index(schema) >= SCHEMAS.index(SINCE.get(name, SCHEMAS[0]))
