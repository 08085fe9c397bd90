"""The tools that people use, each in its own environment, on one emulated account."""
