"""Secrets are not written to logs, whoever writes and whatever the message: tokens, tickets, passwords in addresses."""

import logging
import re
from typing import Any

_SECRETS = (
    (re.compile(r"(twin_[a-z0-9]{12})_[A-Za-z0-9_-]{20,}"), r"\1_…"),
    (re.compile(r"(?i)(bearer\s+)[^\s'\",]+"), r"\1…"),
    (re.compile(r"(?i)((?:ticket|token|password|secret)=)[^\s&'\",]+"), r"\1…"),
    (re.compile(r"(\w+://[^\s/:@]*:)[^\s/@]+@"), r"\1…@"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), "…"),
)
"""Our tokens (their id stays), `Authorization`, queries, addresses with passwords, JWTs."""


def redacted(text: str) -> str:
    """The text without secrets."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def redact_logs() -> None:
    """From now on, in this process, for every logger."""
    make = logging.getLogRecordFactory()
    formatter = logging.Formatter()

    def made(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        record.msg, record.args = redacted(record.getMessage()), ()
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = redacted(formatter.formatException(record.exc_info))
        return record

    logging.setLogRecordFactory(made)
