# SPDX-License-Identifier: Apache-2.0
"""Starts commands in process groups of their own, and leaves none behind.

Ctrl-C reaches this process only, which then stops the others in order. If this process is killed
outright, a small watcher that does nothing else sees its pipe close and ends what is left.
"""

import os
import pwd
import signal
import subprocess
import time


class Failed(Exception):
    """Something that was started did not do what it should; the text says where to look."""


def unprivileged_user():
    """Whom servers that refuse root run as when we are root; None when we are not."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Failed("there is neither 'postgres' nor 'nobody' to run servers as that refuse root")


def as_user(user):
    """The front of a command line that runs it as `user`; nothing for None."""
    if user is None:
        return []
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups", "--"]


class Process:
    def __init__(self, name, popen, log, polite, harsh):
        self.name = name
        self.popen = popen
        self.log = log
        self.polite = polite
        self.harsh = harsh

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def check(self):
        if not self.alive():
            raise Failed(f"{self.name} ended with code {self.popen.returncode}; see {self.log}")

    def stop(self, patience_s=15.0):
        """Politely, then harshly, then the whole group: PHP's and slowburn's own children too."""
        for number, wait_s in ((self.polite, patience_s), (self.harsh, 5.0)):
            if self.alive():
                self.popen.send_signal(number)
                try:
                    self.popen.wait(wait_s)
                except subprocess.TimeoutExpired:
                    pass
        kill_group(self.popen.pid)
        self.popen.wait()
        _wait_for_group(self.popen.pid)


class Processes:
    def __init__(self):
        self._running = []
        self._watcher, self._to_watcher = _start_watcher()

    def start(self, name, argv, log, env=None, cwd=None, stdin=subprocess.DEVNULL,
              polite=signal.SIGTERM, harsh=signal.SIGKILL):
        """Runs argv with both outputs in the file `log`. `env` is added to this process's own."""
        with open(log, "ab") as out:
            popen = subprocess.Popen(argv, stdin=stdin, stdout=out, stderr=subprocess.STDOUT,
                                     env={**os.environ, **(env or {})}, cwd=cwd, process_group=0)
        os.write(self._to_watcher, b"+%d %d\n" % (popen.pid, harsh))
        process = Process(name, popen, log, polite, harsh)
        self._running.append(process)
        return process

    def stop(self, process):
        if process in self._running:
            process.stop()
            self._running.remove(process)
            os.write(self._to_watcher, b"-%d\n" % process.pid)

    def check(self):
        for process in self._running:
            process.check()

    def stop_all(self):
        """Last started, first stopped. An interrupt while stopping only hurries it."""
        while self._running:
            process = self._running[-1]
            try:
                self.stop(process)
            except KeyboardInterrupt:
                process.stop(patience_s=0.0)
        if self._to_watcher is not None:
            os.close(self._to_watcher)
            self._to_watcher = None
            os.waitpid(self._watcher, 0)


def kill_group(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _wait_for_group(group, limit_s=5.0):
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return
        time.sleep(0.01)


def _start_watcher():
    reading, writing = os.pipe()
    pid = os.fork()
    if pid != 0:
        os.close(reading)
        return pid, writing
    status = 1
    try:
        os.setsid()
        os.close(writing)
        _watch(reading)
        status = 0
    finally:
        os._exit(status)


def _watch(reading):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    running = {}
    with os.fdopen(reading, "r", encoding="ascii") as lines:
        for line in lines:
            fields = line[1:].split()
            if line[0] == "+":
                running[int(fields[0])] = int(fields[1])
            else:
                running.pop(int(fields[0]), None)
    for pid, harsh in running.items():
        try:
            os.kill(pid, harsh)
        except ProcessLookupError:
            pass
    if running:
        time.sleep(2.0)
    for pid in running:
        kill_group(pid)
