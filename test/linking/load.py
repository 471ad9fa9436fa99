# SPDX-License-Identifier: Apache-2.0
"""Open-loop requests of mixed routes: arrivals are scheduled, whatever the answers take, so that on
average so many are in progress. Most connections are kept, some are closed after a request."""
import contextlib
import http.client
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

TIMEOUT_S = 30
CLOSED_SHARE = 0.1
USERS = 5000
WEIGHTS = {"GET /users/{id}": 25, "GET /users/{id}/orders": 20, "GET /users/{id}/settings": 15,
           "GET /users/{id}/report": 15, "GET /users/{id}/broken": 3, "POST /users/{id}/notes": 12,
           "POST /visits": 10}
FIRST_S = 3.0  # at a rate that is guessed; then what requests take is known


class Load:
    """Load(port, mode, concurrency, guess_s, seed).run(seconds); then sent, failed (no answer),
    errors (5xx) and late (seconds by which arrivals were)."""

    def __init__(self, port, mode, concurrency, guess_s, seed):
        self.port, self.mode, self.concurrency = port, mode, concurrency
        self.mean_s = guess_s
        self.rng = random.Random(seed)
        self.sent = self.failed = self.errors = 0
        self.took, self.late = [], []
        self._kept = threading.local()

    def run(self, seconds):
        with ThreadPoolExecutor(8 * self.concurrency + 8) as pool:
            began = due = time.monotonic()
            learned = len(self.took) >= 20
            while due < began + seconds:
                if (learned or due > began + FIRST_S) and len(self.took) >= 20:
                    recent = self.took[-400:]
                    self.mean_s = sum(recent) / len(recent)
                due += self.rng.expovariate(self.concurrency / self.mean_s)
                time.sleep(max(0.0, due - time.monotonic()))
                self.late.append(time.monotonic() - due)
                self.sent += 1
                pool.submit(self._one, *self._next())

    def _next(self):
        route = self.rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        number = self.rng.randint(1, USERS)
        who = number if self.mode == "values" else f"u-{number}"
        method, path = route.split(" ")
        body = json.dumps({"user": who}) if path == "/visits" else None
        return method, path.replace("{id}", str(who)), body, self.rng.random() < CLOSED_SHARE

    def _one(self, method, path, body, closes):
        began = time.monotonic()
        connection = getattr(self._kept, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
            self._kept.connection = connection
        try:
            headers = {"Content-Type": "application/json"} if body else {}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
            self.errors += answer.status >= 500
            self.took.append(time.monotonic() - began)
        except (OSError, http.client.HTTPException):
            self.failed += 1
            closes = True
        if closes:
            with contextlib.suppress(OSError):
                connection.close()
            self._kept.connection = None
