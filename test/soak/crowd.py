# SPDX-License-Identifier: Apache-2.0
"""The clients of the soak: processes of several drivers, their kills, and what they say."""
import collections
import os
import random
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))

# driver: (share of the sessions, sessions of one process)
DRIVERS = {"psycopg2": (0.3, 6), "psycopg": (0.35, 6), "node": (0.22, 11), "php": (0.13, 1)}


class Client:
    """One process; `heard` is when each of its sessions has last said something."""

    def __init__(self, driver, sessions, place, seed, modules, log):
        self.driver = driver
        self.sessions = sessions
        self.counts = collections.Counter()
        self.heard = {number: time.monotonic() for number in range(sessions)}
        commands = {
            "php": ["php", f"{HERE}/client.php", *place, seed],
            "node": ["node", f"{HERE}/client.js", *place, sessions],
        }
        python = [sys.executable, "-m", "test.soak.client", driver, *place, sessions, seed]
        self.process = subprocess.Popen([str(word) for word in commands.get(driver, python)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                        stderr=log, start_new_session=True,
                                        env={**os.environ, "NODE_PATH": modules or ""})


class Crowd:
    """modules: the folder for node-postgres, or None: without."""

    def __init__(self, sessions, host, port, seed, modules, log):
        self.place = host, port
        self.log = log  # what the drivers themselves have to say
        self.modules = modules
        self.rng = random.Random(seed)
        self.answers = collections.Counter()
        self.wrong = []
        self.lost = []  # (time, driver, reason)
        self.clients = []
        self.kills = 0
        self.readers = []
        self.lock = threading.Lock()
        for driver, (share, each) in DRIVERS.items():
            left = round(sessions * share)
            if driver == "node" and modules is None:
                driver, each = "psycopg2", DRIVERS["psycopg2"][1]
            while left > 0:
                self.add(driver, min(each, left))
                left -= each

    def add(self, driver, sessions):
        client = Client(driver, sessions, self.place, self.rng.randrange(1 << 30), self.modules,
                        self.log)
        self.clients.append(client)
        thread = threading.Thread(target=self.listen, args=(client,), daemon=True)
        thread.start()
        self.readers.append(thread)

    def listen(self, client):
        for line in client.process.stdout:
            what, number, text = line.rstrip("\n").split(" ", 2)
            number = int(number)
            with self.lock:
                client.heard[number] = time.monotonic()
                if what == "done":
                    self.answers[client.driver] += int(text) - client.counts[number]
                    client.counts[number] = int(text)
                elif what == "lost":
                    self.lost.append((time.monotonic(), client.driver, text))
                else:
                    self.wrong.append(f"{client.driver}: {text}")

    def kill_one(self):
        """And another of its kind takes its place."""
        client = self.rng.choice(self.clients)
        client.process.kill()
        client.process.wait()
        self.clients.remove(client)
        self.add(client.driver, client.sessions)
        self.kills += 1

    def ended(self):
        """Processes that have ended on their own, which none should."""
        return [c for c in self.clients if c.process.poll() is not None]

    def silent(self, seconds):
        """Sessions that have said nothing for so long."""
        now = time.monotonic()
        with self.lock:
            return [f"{c.driver} {c.process.pid}, session {number}: nothing for {now - at:.0f} s"
                    for c in self.clients for number, at in c.heard.items() if now - at > seconds]

    def stop(self, seconds):
        """Asks all to end behind the answers that are due, again and again: PHP forgets a signal
        that comes while it throws. Returns those that did not."""
        deadline = time.monotonic() + seconds
        left = self.clients
        while left and time.monotonic() < deadline:
            for client in left:
                client.process.send_signal(signal.SIGTERM)
            time.sleep(1)
            left = [c for c in left if c.process.poll() is None]
        return [f"{c.driver} {c.process.pid} does not end" for c in left]

    def kill_all(self):
        for client in self.clients:
            client.process.kill()
            client.process.wait()
