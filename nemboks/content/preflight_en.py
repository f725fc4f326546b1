"""What a preflight found, in English: in everyday words, and what to do next. Names in braces are a finding's facts."""

from collections.abc import Mapping
from typing import Final

_IT: Final = "Send the line with the technical message to your IT supplier"
_it: Final = _IT.replace("Send", "send")

ENGLISH: Final[Mapping[str, tuple[str, str]]] = {
    "server_unknown": (
        "The mail server {server} is not in the settings.",
        "Write it under [servers] in the settings, or give the address another mail server.",
    ),
    "look_alike": (
        "The address's domain has signs that look like other letters.",
        "Compare the address sign by sign with the one that the company itself wrote before you use it.",
    ),
    "dns_failed": (
        "The look-up of names (DNS) for {server} does not answer just now.",
        f"Try again in an hour. If it still happens, {_it}.",
    ),
    "no_domain": (
        "The domain {server} does not exist.",
        "See whether the address is spelt right and the domain is paid for; otherwise correct the address.",
    ),
    "null_mx": (
        "The domain {server} itself says that it takes no mail.",
        "Use an address at another domain, or have the domain's owner set up mail.",
    ),
    "mx_is_us": (
        "Mail to {server} would come back to ourselves.",
        f"The domain's MX record must lead to the company's mail server, not to Nemboks. {_IT}.",
    ),
    "no_mail_server": (
        "The domain {server} has no mail server.",
        "See whether the address is spelt right; otherwise the domain's owner must set up mail.",
    ),
    "no_address": (
        "The mail server {server} has a name but no address on the net.",
        f"The domain's MX record is wrong. {_IT}.",
    ),
    "private_address": (
        "The mail server {server} leads into a private network, and we do not send there.",
        f"The server's name needs a public address. {_IT}.",
    ),
    "mx": ("Mail to {domain} goes to {servers}.", ""),
    "mx_changed": (
        "Mail to {domain} now goes to {servers}; before, it went to {was}.",
        f"If it was not you who changed the mail server, {_it} at once.",
    ),
    "mx_implicit": (
        "The domain {domain} names no mail server, so mail goes to the domain itself.",
        f"Ask for an MX record, so that nobody doubts who receives. {_IT}.",
    ),
    "mta_sts": ("The domain {domain} demands safe delivery of mail (MTA-STS).", ""),
    "mta_sts_unfetched": (
        "The domain {domain} has rules for safe mail (MTA-STS), but they cannot be fetched.",
        f"Post is still delivered, but less protected. {_IT}.",
    ),
    "mta_sts_unnamed": (
        "The domain's own rules for safe mail (MTA-STS) do not name {server}, so we may not send there.",
        f"The domain's MTA-STS rules and its MX record must name the same servers. {_IT}.",
    ),
    "level_fell": (
        "The mail server {server} proves less of itself than before, and then we do not send.",
        "Ask the company's IT supplier whether that is on purpose. Only then: `nemboks address relax`.",
    ),
    "unreachable": (
        "The mail server {server} cannot be reached.",
        f"If it is down, we try again by ourselves. If it lasts, {_it}.",
    ),
    "greeting_refused": (
        "The mail server {server} will not talk to us.",
        f"The server must allow mail from Nemboks. {_IT}.",
    ),
    "no_starttls": (
        "The mail server {server} offers no safe encryption. We do not send letters unprotected.",
        f"The server must offer STARTTLS. {_IT}.",
    ),
    "tls_old": (
        "The mail server {server} only knows old encryption that is no longer safe.",
        f"The server must know TLS 1.2 or newer. {_IT}.",
    ),
    "tls_failed": (
        "No safe connection can be made to the mail server {server}.",
        f"The server's TLS must be put in order. {_IT}.",
    ),
    "tls": ("The connection to {server} is safe ({version}).", ""),
    "certificate_name": (
        "The mail server's certificate was issued for another name than {server}.",
        f"The certificate must be for the server's name, or the settings must use the certificate's. {_IT}.",
    ),
    "certificate_expired": (
        "The certificate of the mail server {server} has expired.",
        f"The certificate must be renewed. {_IT}.",
    ),
    "certificate_unknown": (
        "The certificate of the mail server {server} was issued by somebody we do not know.",
        f"Use a certificate of a public issuer, or name your own by ca_file. {_IT}.",
    ),
    "certificate_refused": (
        "The certificate of the mail server {server} cannot be accepted.",
        f"The certificate must be valid today and for the server's name. {_IT}.",
    ),
    "smime": ("Mails to {address} are encrypted; the certificate is good for another {days} days.", ""),
    "smime_ends": (
        "The certificate that mails to {address} are encrypted to expires in {days} days.",
        "Get a new one and write it under certificate_file in the settings; after that nothing is sent unencrypted.",
    ),
    "smime_unusable": (
        "Mails to {address} cannot be encrypted, so they are not sent.",
        "Get a valid certificate for mail (RSA) and write it under certificate_file in the settings.",
    ),
    "certificate_ends": (
        "The certificate of the mail server {server} expires in {days} days.",
        f"The certificate must be renewed before that. {_IT}.",
    ),
    "dane_mismatch": (
        "The mail server {server} shows another certificate than the one that the domain published (DANE).",
        f"The TLSA record and the certificate must fit together. {_IT}.",
    ),
    "login_refused": (
        "The mail server {server} refuses our user name or password.",
        "Correct them under [servers] in the settings, and start Nemboks again.",
    ),
    "login_failed": (
        "The mail server {server} cannot log us in just now.",
        f"Try again in an hour. If it still happens, {_it}.",
    ),
    "size": ("The mail server {server} takes mails of up to {limit}.", ""),
    "size_small": (
        "The mail server {server} only takes mails of up to {limit}. Larger letters are split or stay in Digital Post.",
        f"Raise the limit to 25 MB or more if possible. {_IT}.",
    ),
    "size_unknown": ("The mail server {server} does not say how large the mails are that it takes.", ""),
    "offers": ("The mail server {server} said what it can do.", ""),
    "relay_trusted": (
        "The relay {server} is believed on its word: a letter that it loses is lost.",
        "Delete relay_trusted_by from the settings if letters should rather be confirmed by the company's own side.",
    ),
    "no_dsn": (
        "The relay {server} cannot report whether a letter arrived.",
        "Give us a place to look for the letter ([landings]), or use the company's own mail server.",
    ),
    "sender_refused": (
        "The mail server {server} wants no mail from our address.",
        f"The server must allow mail from Nemboks. {_IT}.",
    ),
    "recipient_taken": ("The mail server {server} takes mail to {address}.", ""),
    "recipient_later": (
        "The mail server {server} told us to ask for {address} again later. Many servers do so the first time.",
        "Try again in a quarter of an hour.",
    ),
    "recipient_full": (
        "The inbox {address} is full.",
        "Make room in it.",
    ),
    "recipient_unknown": (
        "The mail server {server} does not know {address}.",
        "See whether the address is spelt right, or create it on the mail server.",
    ),
    "recipient_refused": (
        "The mail server {server} refuses our mail to {address}.",
        f"The server must allow mail from Nemboks to the address. {_IT}.",
    ),
    "own_dns_failed": (
        "The look-up of names (DNS) for our own domain {domain} does not answer just now.",
        "Try again in an hour.",
    ),
    "spf_missing": (
        "The domain {domain} does not say who may send its mail (SPF), so our mails may end as junk.",
        "Publish an SPF record; `nemboks address own` shows it.",
    ),
    "spf_several": (
        "The domain {domain} has several SPF records, and then none of them counts.",
        "Make one of them.",
    ),
    "spf_open": (
        "The domain's SPF record lets everybody send mail in the name of {domain}.",
        "Let the record end with -all.",
    ),
    "spf": ("The domain {domain} says who may send its mail (SPF).", ""),
    "dkim_off": (
        "Our mails are not signed (DKIM) by us.",
        "Set sender.dkim_selector and sender.dkim_key_file, unless the mail server itself signs.",
    ),
    "dkim_missing": (
        "The key of our signature (DKIM) is not published at {name}.",
        "Publish the record that `nemboks address own` shows.",
    ),
    "dkim_other": (
        "At {name} lies another key than the one that we sign with (DKIM).",
        "Let the record that `nemboks address own` shows be the only one.",
    ),
    "dkim": ("The key of our signature (DKIM) is published at {name}.", ""),
    "dmarc_missing": (
        "It does not stand at {name} what is to become of false mail in our name (DMARC).",
        "Publish the record that `nemboks address own` shows.",
    ),
    "dmarc_none": (
        "The record at {name} lets false mail in our name through (DMARC).",
        "Change to p=quarantine or p=reject when your own mails pass the test.",
    ),
    "dmarc": ("False mail in our name is stopped (DMARC at {name}).", ""),
    "returns_no_mx": (
        "The domain {domain} takes no mail, so letters that come back do not reach us.",
        "Give the domain an MX record that leads to the server under [returns].",
    ),
}
