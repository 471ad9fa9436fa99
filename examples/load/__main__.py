# SPDX-License-Identifier: Apache-2.0
"""Sends the shop's traffic at a rate, and changes it on request.

    python3 -m examples.load 127.0.0.1:8000 --out results.jsonl --rate 1000 --seconds 60

With --control it takes one JSON object a line on standard input, and stops at its end:

    {"rate_per_min": 1500, "over_s": 10}
    {"shares": {"GET /api/orders": 18, "GET /api/me": 82}, "over_s": 60}
"""

import argparse
import asyncio
import json
import signal
import sys

from . import summary, traffic
from .generator import Generator, Plan


def arguments():
    parser = argparse.ArgumentParser(prog="load", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", metavar="HOST:PORT")
    parser.add_argument("--out", required=True, help="where the results go, JSON lines")
    parser.add_argument("--rate", type=float, default=1000.0, help="requests a minute (1000)")
    parser.add_argument("--seconds", type=float, help="how long; without it until stopped")
    parser.add_argument("--shares", type=json.loads, default=traffic.SHARES,
                        help="JSON, per cent of each route")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--control", action="store_true", help="take changes on standard input")
    return parser.parse_args()


async def take_changes(generator):
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        generator.change(**json.loads(line))
    generator.stop()


async def main():
    args = arguments()
    host, _, port = args.target.rpartition(":")
    with open(args.out, "w", encoding="ascii") as out:
        generator = Generator(host, int(port), Plan(args.rate, args.shares), args.seed, out)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, generator.stop)
        control = asyncio.ensure_future(take_changes(generator)) if args.control else None
        print("started", flush=True)
        await generator.run(args.seconds)
        if control:
            control.cancel()
    if not args.control:
        print("\n".join(summary.table(summary.Results(args.out).refresh())))


asyncio.run(main())
