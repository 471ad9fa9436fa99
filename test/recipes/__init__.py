# SPDX-License-Identifier: Apache-2.0
"""Faults planted in the real shop on a real PostgreSQL, and what slowburn makes of each.

    make recipes                              all, alone and in random pairs, each with its control
    make recipes ONLY=lock-holder,stampede    these alone
    make recipes SEED=7 PAIRS=6 CONTROLS=0    other pairs, more of them, no controls

    beside.py    what a fault needs beside the shop: jobs on its database, the carrier it asks
    world.py     the shop under load behind slowburn, and what may be done to it
    recipe.py    what a recipe says
    table.py     the recipes; a new one is an entry there
    verdict.py   an outcome against what was planted
    trial.py     one recipe, or a pair, from its first request to its verdict
    card.py      all verdicts as Markdown, with goals

Each module knows only those above it.
"""
