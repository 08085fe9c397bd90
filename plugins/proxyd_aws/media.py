"""MediaConvert, MediaLive, MediaPackage, MediaStore."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
