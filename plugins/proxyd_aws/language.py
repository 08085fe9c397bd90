"""Kendra, Lex, Comprehend, Rekognition, Fraud Detector."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
