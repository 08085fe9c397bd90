"""Whether targets work, tried live: what `proxyd check` finds out, and what it says of it."""
