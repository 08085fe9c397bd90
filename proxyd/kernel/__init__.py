"""What the Linux kernel is asked for: `calls`, `landlock`, `seccomp`; `escapes` tries them."""
