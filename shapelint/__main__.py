"""`python -m shapelint`; `shapelint/__init__.py` takes the current folder off the path before this is imported."""

from shapelint.cli.start import main

main()
