# SPDX-License-Identifier: Apache-2.0
"""Plays slowburn's reference incident on a real Laravel and a real PostgreSQL.

    processes.py    starts commands, and leaves none behind
    net.py          free ports, waiting until something listens
    postgres.py     a throw-away cluster, its CPU time, copies of the seeded database
    shop.py         the example shop: releases, deploys, PHP's workers
    daemon.py       slowburn itself, and its command line
    load.py         the load generator
    environment.py  all of these together, in one temporary folder
    calibrate.py    what a page of orders costs this machine
    story.py        make demo: the burn, the outage that it was heading for, the fixes
    corners.py      make corners: predicted savings against measured ones

Each module knows only those above it. The tests in test/peer use them as well.
"""
