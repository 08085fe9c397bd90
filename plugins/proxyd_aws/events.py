"""EventBridge buses, rules, pipes, schedules."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
