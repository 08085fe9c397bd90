"""Records as OCSF events, version 1.6.0 (https://schema.ocsf.io/1.6.0/classes).

What a scan is and does is API Activity (6003), logins are Authentication (3002), and what happens
to the daemon is Application Lifecycle (6002). What OCSF has no word for is in `unmapped`, which is
the last member of every line: the seal goes there.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec

from proxyd import __version__
from proxyd.audit import records
from proxyd.audit.records import Record

VERSION = "1.6.0"

_API, _AUTHENTICATION, _LIFECYCLE = 6003, 3002, 6002
_READ, _DELETE = 2, 4
_LOGON, _LOGOFF = 1, 2
_START, _STOP, _UPDATE, _OTHER = 3, 4, 8, 99
_INFORMATIONAL, _MEDIUM, _HIGH = 1, 3, 4
_SUCCESS, _FAILURE = 1, 2

_FAILED = frozenset({"error", "slow", "revoked", "audit_unavailable", "internal"})
"""Outcomes of a stream that nobody wanted."""

_MAPPED = frozenset({"principal", "address", "ms", "count", "account", "partition", "outcome"})
"""Fields that OCSF has a place for, in every record that has them."""


class Place(msgspec.Struct, frozen=True):
    """Where a record stands in the trail: in which run of the daemon, and as which of its lines."""

    run: str
    sequence: int
    at: datetime


def line(record: Record, place: Place) -> bytes:
    """Write a record as one line of ASCII, without its end and without a seal."""
    text = json.dumps(event(record, place), separators=(",", ":"))
    return text.replace("\x7f", "\\u007f").encode("ascii")


def event(record: Record, place: Place) -> dict[str, Any]:
    """Write a record as OCSF has it."""
    fields = msgspec.to_builtins(record)
    written = _written(record)
    kind, activity = written.pop("class_uid"), written.pop("activity_id")
    return {
        "class_uid": kind,
        "category_uid": kind // 1000,
        "activity_id": activity,
        "type_uid": kind * 100 + activity,
        "severity_id": written.pop("severity_id", _INFORMATIONAL),
        "status_id": written.pop("status_id", _SUCCESS),
        "time": round(place.at.timestamp() * 1000),
        "metadata": _metadata(record, place, written.pop("metadata", {})),
        **written,
        **_measures(record, place),
        "unmapped": {
            "run": place.run,
            **{k: v for k, v in fields.items() if k not in _MAPPED and v is not None},
        },
    }


def _metadata(record: Record, place: Place, more: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": VERSION,
        "product": {"name": "proxyd", "vendor_name": "proxyd", "version": __version__},
        "log_name": "audit",
        "event_code": record.CODE,
        "sequence": place.sequence,
        "uid": f"{place.run}.{place.sequence}",
        **more,
    }


def _measures(record: Record, place: Place) -> dict[str, Any]:
    """Write how long it took and how many there were."""
    measures: dict[str, Any] = {}
    ms = getattr(record, "ms", None)
    if ms is not None:
        end = round(place.at.timestamp() * 1000)
        measures |= {"duration": ms, "start_time": end - ms, "end_time": end}
    if isinstance(record, records.Refused):
        measures["count"] = record.count
    return measures


def _written(record: Record) -> dict[str, Any]:
    """Write what is of this kind of record only."""
    match record:
        case records.Scan():
            return _scan(record)
        case records.StreamEndRequested():
            return _api("EndStream", _DELETE, record.principal, record.address) | {
                "metadata": {"correlation_uid": record.stream}
            }
        case records.LoginRefused():
            return _login_refused(record)
        case records.RequestRefused():
            written = _api("Request", _READ, record.principal, record.address)
            return written | _refused(record.reason)
        case records.SessionStarted() | records.SessionEnded():
            return _session(record)
        case _:
            return _lifecycle(record)


def _scan(record: records.Scan) -> dict[str, Any]:
    written = _api("Scan", _READ, record.principal, record.address)
    written["api"]["request"] = {"uid": record.scan}
    written["metadata"] = {"correlation_uid": record.stream, "profiles": ["cloud"]}
    written["cloud"] = {
        "provider": "AWS",
        "cloud_partition": record.partition,
        "account": {"uid": record.account, "name": record.target},
    }
    match record:
        case records.ScanRefused():
            written |= _refused(record.outcome)
        case records.ScanEnded():
            bad = record.outcome in _FAILED
            written["status_code"] = record.outcome
            written["status_id"] = _FAILURE if bad else _SUCCESS
    return written


def _api(operation: str, activity: int, principal: str | None, address: str) -> dict[str, Any]:
    actor = {"user": {"name": principal}} if principal else {"app_name": "unknown"}
    return {
        "class_uid": _API,
        "activity_id": activity,
        "actor": actor,
        "api": {"operation": operation, "service": {"name": "proxyd"}},
        "src_endpoint": _endpoint(address),
    }


def _endpoint(address: str) -> dict[str, str]:
    return {"ip": address} if set(address) & set(".:") else {"name": address}


def _refused(reason: str) -> dict[str, Any]:
    return {"severity_id": _MEDIUM, "status_id": _FAILURE, "status_code": reason}


def _login_refused(record: records.LoginRefused) -> dict[str, Any]:
    return {
        "class_uid": _AUTHENTICATION,
        "activity_id": _LOGON,
        "user": {"name": record.principal or "unknown"},
        "src_endpoint": _endpoint(record.address),
        "service": {"name": "proxyd"},
        **_refused(record.reason),
    }


def _session(record: records.SessionStarted | records.SessionEnded) -> dict[str, Any]:
    started = isinstance(record, records.SessionStarted)
    written: dict[str, Any] = {
        "class_uid": _AUTHENTICATION,
        "activity_id": _LOGON if started else _LOGOFF,
        "user": {"name": record.principal},
        "service": {"name": "proxyd"},
    }
    if isinstance(record, records.SessionStarted):
        written["src_endpoint"] = _endpoint(record.address)
    else:
        written["status_code"] = record.outcome
    return written


_ACTIVITIES = {
    records.ServiceStarted: (_START, _INFORMATIONAL, _SUCCESS),
    records.ServiceStopped: (_STOP, _INFORMATIONAL, _SUCCESS),
    records.ConfigurationTaken: (_UPDATE, _INFORMATIONAL, _SUCCESS),
    records.ConfigurationRefused: (_UPDATE, _MEDIUM, _FAILURE),
    records.AccountsChanged: (_UPDATE, _INFORMATIONAL, _SUCCESS),
    records.Heartbeat: (_OTHER, _INFORMATIONAL, _SUCCESS),
    records.SinkFailed: (_OTHER, _HIGH, _FAILURE),
    records.SinkRecovered: (_OTHER, _INFORMATIONAL, _SUCCESS),
}


def _lifecycle(record: Record) -> dict[str, Any]:
    activity, severity, status = _ACTIVITIES[type(record)]
    written: dict[str, Any] = {
        "class_uid": _LIFECYCLE,
        "activity_id": activity,
        "severity_id": severity,
        "status_id": status,
        "app": {"name": "proxyd", "vendor_name": "proxyd", "version": __version__},
    }
    if activity == _OTHER:
        written["activity_name"] = record.CODE
    return written
