# SPDX-License-Identifier: Apache-2.0
"""Open-loop load on a generated application: arrivals are scheduled, whatever the answers take."""
import hashlib
import http.client
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

CONCURRENCY_MAX = 48
TIMEOUT_S = 20


class Load:
    """with Load(app, port, per_second): ... ; then .sent and .failed."""

    def __init__(self, app, port, per_second):
        self.app, self.port, self.interval = app, port, 1.0 / per_second
        self.rng = random.Random(app["seed"] + 1)
        self.sent = self.failed = 0
        self.late = []  # seconds by which each arrival came too late, not counting the answers
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._arrivals, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    def _key(self, number):
        if self.app["key_type"] == "uuid":
            digest = hashlib.md5(str(number).encode()).hexdigest()
            return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:]))
        return f"k{number}" if self.app["key_type"] == "text" else str(number)

    def _next(self):
        owner = self.rng.randint(1, self.app["owners"])
        token = "token-" + hashlib.md5(str(owner).encode()).hexdigest()
        entity = self.app["names"]["parent"].lower()
        number = self._key(self.rng.randint(1, self.app["parents"]))
        share = self.rng.random()
        if share < 0.55:
            return "GET", f"/{entity}", token
        return ("GET" if share < 0.85 else "POST"), f"/{entity}/{number}", token

    def _arrivals(self):
        with ThreadPoolExecutor(CONCURRENCY_MAX) as pool:
            due = time.monotonic()
            while not self.stopping.is_set():
                due += self.interval * self.rng.expovariate(1.0)
                self.stopping.wait(max(0.0, due - time.monotonic()))
                self.late.append(time.monotonic() - due)
                pool.submit(self._one, *self._next())

    def _one(self, method, path, token):
        self.sent += 1
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, headers={"Authorization": "Bearer " + token})
            if connection.getresponse().status != 200:
                self.failed += 1
        except OSError:
            self.failed += 1
        finally:
            connection.close()
