# SPDX-License-Identifier: Apache-2.0
"""Waiting for something that slowburn should say, with a limit, a progress line and no busy loop."""

import time
from datetime import datetime

from . import say
from .processes import Failed


def until(env, what, look, limit_s, progress=None, every_s=1.0):
    """Calls `look` until it answers something true, and answers that. Failed after `limit_s`."""
    end = time.monotonic() + limit_s
    try:
        while True:
            env.processes.check()
            found = look()
            if found:
                return found
            left = end - time.monotonic()
            if left <= 0:
                raise Failed(f"{what}: not within {limit_s:.0f} s")
            say.live(f"waiting for {what}{': ' + progress() if progress else ''}")
            time.sleep(min(every_s, left))
    finally:
        say.live_end()


def for_seconds(env, seconds, progress=None):
    """Lets time pass, and notices at once when something that was started has died."""
    end = time.monotonic() + seconds
    try:
        while (left := end - time.monotonic()) > 0:
            env.processes.check()
            say.live(f"{left:4.0f} s left{'; ' + progress() if progress else ''}")
            time.sleep(min(1.0, left))
    finally:
        say.live_end()


def wall(text):
    """Seconds since 1970 of one of slowburn's times ("2026-11-23T14:02:11.000Z")."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
