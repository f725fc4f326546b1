"""Where in a MeMo the fields stand that we read; every other element is ignored (DIGITAL-POST.md 1.3)."""

from typing import Final

from nemboks.domain.headline import Role

HEADER: Final = "Message/MessageHeader"
FORWARD: Final = f"{HEADER}/ForwardData"
REPLY: Final = f"{HEADER}/ReplyData"
CASE: Final = f"{HEADER}/ContentData/CaseID"
ROLES: Final = {
    "Message/MessageBody/MainDocument": Role.MAIN,
    "Message/MessageBody/AdditionalDocument": Role.ADDITIONAL,
    "Message/MessageBody/TechnicalDocument": Role.TECHNICAL,
}
FILE: Final = {f"{path}/File" for path in ROLES}
CONTENT: Final = {f"{path}/content" for path in FILE}
ACTION: Final = {f"{path}/Action" for path, role in ROLES.items() if role is not Role.TECHNICAL}
_RESERVATION = {f"{path}/Reservation" for path in ACTION}
_ENTRY = {f"{path}/EntryPoint" for path in ACTION}
_LEAVES = {
    HEADER: "messageType messageUUID label reply replyByDateTime mandatory legalNotification",
    f"{HEADER}/Sender": "senderID idType label",
    f"{HEADER}/Recipient": "recipientID idType",
    f"{HEADER}/ContentData": "",
    CASE: "caseID",
    FORWARD: "originalSender originalMessageDateTime",
    REPLY: "messageUUID caseID",
    "Message/MessageBody": "createdDateTime",
    **dict.fromkeys(FILE, "encodingFormat filename language"),
    **dict.fromkeys(ACTION, "label actionCode startDateTime endDateTime"),
    **dict.fromkeys(_RESERVATION, "description reservationUUID abstract location startDateTime endDateTime"),
    **dict.fromkeys(_ENTRY, "url"),
}
FIELDS: Final = {f"{path}/{leaf}" for path, leaves in _LEAVES.items() for leaf in leaves.split()}
REPEATED: Final = FILE | ACTION | {REPLY}  # may come many times: their fields are kept until the element ends
INNER: Final = tuple(f"{path}/" for path in REPEATED)
KNOWN: Final = {"Message", *ROLES, *_LEAVES, *FIELDS, *CONTENT}
