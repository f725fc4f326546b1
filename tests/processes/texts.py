"""Configuration of the torture's servers, as texts.

Dovecot and Postfix are honest where it matters: a letter is committed to Postfix' queue before the 250 and to the
Maildir before LMTP's. Three things are not as on a usual server, so that a run does not wait: nothing is fsynced by
Dovecot (processes are killed, not the power), what Postfix put off is tried again after a second, and a mailbox that is
full puts LMTP off instead of bouncing, for the refusal belongs to RCPT (quota-status).
"""

import json
from collections.abc import Mapping
from typing import Any

OPERATOR = "drift@drift.example"
_BOTH = """
base_dir = {base}/run
state_dir = {base}/state
instance_name = nemboks-torture
log_path = /dev/stderr
listen = 127.0.0.1
ssl = required
ssl_cert = <{certificates}/server.pem
ssl_key = <{certificates}/server.key
ssl_min_protocol = TLSv1.2
auth_failure_delay = 0
mail_location = maildir:{base}/mail/%u
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 1
mail_fsync = never
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={base}/mail/%u
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
"""
UPSTREAM = f"""
protocols = imap
{_BOTH}
mail_max_userip_connections = 50
mail_plugins = $mail_plugins notify mail_log
plugin {{{{
  mail_log_events = expunge
  mail_log_fields = uid box msgid
}}}}
"""
BOXES = f"""
protocols = imap lmtp
{_BOTH}
mail_plugins = $mail_plugins quota
quota_full_tempfail = yes
service lmtp {{{{
  unix_listener {{base}}/lmtp {{{{
    mode = 0666
  }}}}
}}}}
service quota-status {{{{
  executable = quota-status -p postfix
  inet_listener {{{{
    address = 127.0.0.1
    port = {{quota_port}}
  }}}}
}}}}
protocol lmtp {{{{
  postmaster_address = postmaster@drift.example
}}}}
plugin {{{{
  quota = count:User quota
  quota_rule = {{quota}}
  quota_grace = 0
  quota_vsizes = yes
  quota_status_success = DUNNO
  quota_status_nouser = DUNNO
  quota_status_overquota = "552 5.2.2 Mailbox is full"
}}}}
"""
# No log of its own: on a busy machine postlogd can wait for room in its own socket, and all of Postfix waits for it.
POSTFIX = """\
maillog_file =
virtual_mailbox_domains = {domains}
virtual_transport = lmtp:unix:{lmtp}
message_size_limit = 20000000
enable_long_queue_ids = yes
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_client_connection_count_limit = 0
in_flow_delay = 0
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
transport_retry_time = 1s
bounce_queue_lifetime = 5d
notify_classes =
smtpd_policy_service_timeout = 20s
smtpd_policy_service_default_action = 451 4.3.5 the policy service is away
smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{policy},
    check_policy_service inet:127.0.0.1:{quota}
smtpd_end_of_data_restrictions = check_policy_service inet:127.0.0.1:{policy}
"""


def table(heading: str, values: Mapping[str, Any]) -> str:
    """One table of TOML: a JSON string, number, boolean or list of those is also a TOML one."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join([heading, *lines] if heading else lines) + "\n"
