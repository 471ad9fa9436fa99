# SPDX-License-Identifier: Apache-2.0
"""make recipes: plants faults in the real shop, and prints what slowburn made of each. Exit 0 when
the goals of the card are met, 1 when not, 2 when it could not run."""
import argparse
import itertools
import json
import os
import random
import shutil
import signal
import sys

from examples.demo import say
from examples.demo.processes import Failed
from test.recipes import card
from test.recipes.table import BY_NAME, RECIPES
from test.recipes.trial import Trial, steady


def arguments():
    parser = argparse.ArgumentParser(prog="make recipes")
    parser.add_argument("--binary", required=True)
    parser.add_argument("--only", default="", help="names, with commas between them; a+b is a pair")
    parser.add_argument("--seed", type=int, default=1, help="draws the pairs, and the traffic")
    parser.add_argument("--pairs", type=int, help="so many random pairs; 3, or 0 with --only")
    parser.add_argument("--controls", type=int, default=1, help="0: none")
    parser.add_argument("--out", required=True, help="folder for logs and documents, emptied first")
    parser.add_argument("--json", required=True, help="where the card goes as JSON")
    return parser.parse_args()


def may_meet(one, other):
    return other.name not in one.not_with and one.name not in other.not_with


def chosen(args):
    """Lists of recipes, one or two each."""
    if args.only:
        return [[BY_NAME[name] for name in names.split("+")] for names in args.only.split(",")]
    return [[recipe] for recipe in RECIPES]


def pairs(args):
    count = args.pairs if args.pairs is not None else (0 if args.only else 3)
    possible = [list(pair) for pair in itertools.combinations(RECIPES, 2) if may_meet(*pair)]
    return random.Random(args.seed).sample(possible, min(count, len(possible)))


def one(recipes, seed, folder, control=False):
    def attempt(number):
        return Trial(recipes, seed, f"{folder}.{number}" if number else folder).play(control)
    return steady(attempt)


def play(args, faults, controls):
    """Fills both lists, so that what was played is there when somebody ends it early."""
    say.step(f"seed {args.seed}")
    for number, recipes in enumerate(chosen(args) + pairs(args)):
        folder = os.path.join(args.out, "+".join(recipe.name for recipe in recipes))
        seed = args.seed * 1000 + number
        say.step("; ".join(f"{recipe.name}: {recipe.what}" for recipe in recipes))
        if args.controls:
            controls.append(one(recipes, seed, folder + ".control", control=True))
            if not controls[-1].exact:
                print("control: " + card.control_row(controls[-1]), flush=True)
        faults.append(one(recipes, seed, folder))
        print(card.row(faults[-1]), flush=True)


def main():
    args = arguments()
    unknown = [n for n in args.only.replace("+", ",").split(",") if n and n not in BY_NAME]
    if unknown:
        print(f"no recipe {', '.join(unknown)}; there are {', '.join(BY_NAME)}", file=sys.stderr)
        return 2
    os.environ["SLOWBURN_BINARY"] = os.path.abspath(args.binary)
    args.out = os.path.abspath(args.out)
    shutil.rmtree(args.out, ignore_errors=True)
    os.makedirs(args.out)
    faults, controls = [], []
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    try:
        play(args, faults, controls)
    except Failed as error:
        print(f"recipes: {error}", file=sys.stderr)
        return 2
    finally:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(card.document(args.seed, faults, controls), file, indent=1)
    print("\n" + card.page(args.seed, faults, controls))
    return 0 if card.are_met(faults, controls) else 1


if __name__ == "__main__":
    sys.exit(main())
