# SPDX-License-Identifier: Apache-2.0
"""The open-loop generator: draws arrivals from a seed, sends them on time, writes what came back.

Results are JSON lines, one a request, in order of completion:

    {"at": 12.345, "route": "GET /api/me", "ms": 18.2, "status": 200, "late_ms": 0.3}

`at` is the intended start in seconds since the generator's own, `ms` counts from there to the last
byte, `late_ms` is how much later than intended it was sent (the generator's own fault; it says how
far the figures can be trusted). `status` is the HTTP status, or a word where there is none:
"timeout" (the client gave up), "refused" (no connection), "broken" (half a reply), "shed" (more in
flight than the generator allows: never sent, never silently dropped either).
"""

import asyncio
import json
import random
import time

from . import http1, traffic

# High enough to stay open loop through an overload, and still a limit.
IN_FLIGHT_MAX = 4000


class Plan:
    """Rate and shares over time. Changing it starts a straight ramp from where it is just now."""

    def __init__(self, rate_per_min, shares):
        self._from = self._to = (rate_per_min, dict(shares))
        self._begin = self._end = 0.0

    def change(self, now, rate_per_min=None, shares=None, over_s=0.0):
        rate, mix = self.at(now)
        self._from = (rate, mix)
        self._to = (rate if rate_per_min is None else rate_per_min,
                    mix if shares is None else dict(shares))
        self._begin, self._end = now, now + over_s

    def at(self, now):
        """(requests a minute, {route: share}) at `now`."""
        if now >= self._end:
            return self._to
        if now <= self._begin:
            return self._from
        done = (now - self._begin) / (self._end - self._begin)
        rate = self._from[0] + (self._to[0] - self._from[0]) * done
        mix = {route: self._from[1].get(route, 0.0) * (1 - done) + share * done
               for route, share in self._to[1].items()}
        return rate, mix


class Generator:
    def __init__(self, host, port, plan, seed, out):
        self._host, self._port = host, port
        self._plan = plan
        self._rng = random.Random(seed)
        self._out = out
        self._in_flight = set()
        self._begin = time.monotonic()
        self._stopping = asyncio.Event()

    def now(self):
        return time.monotonic() - self._begin

    def change(self, **wanted):
        """Takes a new rate, new shares or both; see Plan.change."""
        self._plan.change(self.now(), **wanted)

    def stop(self):
        self._stopping.set()

    async def run(self, seconds=None):
        """Sends until stopped, or for so many seconds, then waits for what is still in flight."""
        at = 0.0
        while not self._stopping.is_set():
            rate, shares = self._plan.at(at)
            if rate <= 0.0:
                at = self.now() + 0.05
            else:
                at += self._rng.expovariate(rate / 60.0)
            if seconds is not None and at > seconds:
                break
            await self._sleep_until(at)
            if rate > 0.0 and not self._stopping.is_set():
                self._send(at, shares)
        while self._in_flight:
            await asyncio.wait(set(self._in_flight))

    async def _sleep_until(self, at):
        left = at - self.now()
        if left > 0:
            try:
                await asyncio.wait_for(self._stopping.wait(), left)
            except asyncio.TimeoutError:
                pass

    def _send(self, at, shares):
        route = self._rng.choices(list(shares), shares.values())[0]
        request = traffic.make(route, self._rng)
        if len(self._in_flight) >= IN_FLIGHT_MAX:
            self._write(at, route, "shed", 0.0)
            return
        task = asyncio.ensure_future(self._one(at, request))
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)

    async def _one(self, at, request):
        late_ms = (self.now() - at) * 1e3
        left = at + traffic.TIMEOUTS[request.route] - self.now()
        try:
            reply = await asyncio.wait_for(
                http1.exchange(self._host, self._port, request), max(left, 0.001))
            status = reply.status
        except asyncio.TimeoutError:
            status = "timeout"
        except http1.BadReply:
            status = "broken"
        except OSError:
            status = "refused"
        self._write(at, request.route, status, late_ms)

    def _write(self, at, route, status, late_ms):
        line = {"at": round(at, 4), "route": route, "ms": round((self.now() - at) * 1e3, 3),
                "status": status, "late_ms": round(late_ms, 3)}
        self._out.write(json.dumps(line) + "\n")
        self._out.flush()
