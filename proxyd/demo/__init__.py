"""What `proxyd demo` and the tests run against: an AWS emulator with a believable estate in it.

`emulator` starts MiniStack and stops it without a trace. `estate` fills it, and is run by the
emulator's own interpreter: code that writes to AWS never gets into a process of proxyd's.
"""
