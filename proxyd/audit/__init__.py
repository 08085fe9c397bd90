"""The audit trail: who asked for what, and what came of it; never what was found.

One way: a record (`records`) becomes an OCSF line (`ocsf`), which the chain seals (`chain`); the
trail (`trail`) hands it to every outlet (`outlet`), which has a thread for its sink (`sinks`).
`verify` reads such lines again.
"""
