# SPDX-License-Identifier: Apache-2.0
"""Plays the reference incident; run from the top of the tree.

    python3 -m examples.demo story      make demo: the whole story; leaves build/demo/
    python3 -m examples.demo corners    make corners: predicted savings against measured ones
    python3 -m examples.demo direct     the same burn without slowburn

Ends with 0 when everything that must be true was, 1 when something was not, 2 when it could not run.
"""

import argparse
import os
import signal
import sys

from . import control, corners, story
from .daemon import ROOT
from .processes import Failed

FOLDERS = {"story": "demo", "corners": "corners", "direct": "direct"}


def arguments():
    parser = argparse.ArgumentParser(prog="demo", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=sorted(FOLDERS), default="story")
    parser.add_argument("--binary", help="slowburn; build/src/slowburn or $SLOWBURN_BINARY if not given")
    parser.add_argument("--out", metavar="DIR", help="where the results go: build/demo and so on")
    parser.add_argument("--keep", action="store_true", help="leave the story running at its end")
    return parser.parse_args()


def interrupted(_number, _frame):
    raise KeyboardInterrupt


def main():
    args = arguments()
    out = os.path.abspath(args.out or os.path.join(ROOT, "build", FOLDERS[args.what]))
    if args.binary:
        os.environ["SLOWBURN_BINARY"] = args.binary
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    try:
        if args.what == "story":
            good = story.play(out, args.keep)
        elif args.what == "corners":
            good = corners.play(out)
        else:
            good = control.play(out)
    except KeyboardInterrupt:
        print("\ninterrupted; everything is stopped", file=sys.stderr)
        return 130
    except Failed as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 2
    return 0 if good else 1


sys.exit(main())
