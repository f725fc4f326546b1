"""Where in a MeMo the fields stand that we read; every other element is ignored (DIGITAL-POST.md 1.3)."""

from typing import Final

from nemboks.domain.headline import Role

HEADER: Final = "Message/MessageHeader"
FORWARD: Final = f"{HEADER}/ForwardData"
REPLY: Final = f"{HEADER}/ReplyData"
ABOUT: Final = f"{HEADER}/ContentData"
CASE: Final = f"{ABOUT}/CaseID"
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
# Whom it is for and what it is about. The sender's AttentionData has the same numbers, of the sender's own house.
_FOR = f"{HEADER}/Recipient/AttentionData"
P_NUMBER: Final = tuple(f"{path}/ProductionUnit/productionUnitNumber" for path in (_FOR, ABOUT))
SE_NUMBER: Final = f"{_FOR}/SEnumber/seNumber"
KLE: Final = f"{ABOUT}/KLEdata/subjectKey"
_GRD = "https://data.gov.dk/model/core/"
_SPACES = {**dict.fromkeys((*P_NUMBER, SE_NUMBER), _GRD), KLE: "http://kle-online.dk/"}
REGISTERS: Final = frozenset(_SPACES)  # these may be repeated
OTHER_SPACES: Final = {path: space for leaf, space in _SPACES.items() for path in (leaf, leaf.rpartition("/")[0])}
_LEAVES = {
    HEADER: "messageType messageUUID label reply replyByDateTime mandatory legalNotification",
    f"{HEADER}/Sender": "senderID idType label",
    f"{HEADER}/Recipient": "recipientID idType",
    ABOUT: "",
    _FOR: "",
    CASE: "caseID",
    FORWARD: "originalSender originalMessageDateTime",
    REPLY: "messageUUID caseID",
    "Message/MessageBody": "createdDateTime",
    **dict.fromkeys(FILE, "encodingFormat filename language"),
    **dict.fromkeys(ACTION, "label actionCode startDateTime endDateTime"),
    **dict.fromkeys(_RESERVATION, "description reservationUUID abstract location startDateTime endDateTime"),
    **dict.fromkeys(_ENTRY, "url"),
}
FIELDS: Final = {f"{path}/{leaf}" for path, leaves in _LEAVES.items() for leaf in leaves.split()} | REGISTERS
REPEATED: Final = FILE | ACTION | {REPLY}  # may come many times: their fields are kept until the element ends
INNER: Final = tuple(f"{path}/" for path in REPEATED)
KNOWN: Final = {"Message", *ROLES, *_LEAVES, *FIELDS, *CONTENT, *OTHER_SPACES}
