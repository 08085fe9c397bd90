"""Targets that are kept live: looked at again and again, and shared by all who watch them."""
