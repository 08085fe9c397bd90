"""`python -m proxyd`."""

from proxyd.cli import main

main()
