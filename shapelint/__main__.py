"""`python -m shapelint`."""

import os
import sys


def run() -> None:
    """Run the command line, importing nothing from the current folder.

    `python -m` puts that folder first on the path, where anybody's torch.py could be; it stays there only if shapelint
    itself was found through it.
    """
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if sys.path[0] in ("", os.getcwd()) and home != os.getcwd():
        del sys.path[0]
    from shapelint.cli.start import main

    main()


run()
