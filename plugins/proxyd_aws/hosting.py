"""Elastic Beanstalk, Amplify, GameLift, Image Builder."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
