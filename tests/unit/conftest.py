"""Hypothesis in this suite: the same examples in every run, and no database of failures."""

from hypothesis import settings

settings.register_profile("unit", derandomize=True, deadline=None, database=None, max_examples=200)
settings.load_profile("unit")
