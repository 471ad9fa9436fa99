# SPDX-License-Identifier: Apache-2.0
"""Threads of a test that run until they are told to stop."""
import threading


class UntilTold:
    """class Load(UntilTold): ... super().__init__(self.client, self.client); with Load() as load:

    Each target runs in a thread of its own and looks at self.ends. Leaving sets it and waits."""

    def __init__(self, *targets):
        self.ends = threading.Event()
        self._threads = [threading.Thread(target=target) for target in targets]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        for thread in self._threads:
            thread.join()
