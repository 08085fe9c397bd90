"""Service meshes. There are none: AWS ended App Mesh on 2026-09-30."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
