# SPDX-License-Identifier: Apache-2.0
"""The example shop: releases made from the tree and its patches, deploys, PHP's workers."""

import os
import shutil
import subprocess

from . import net
from .postgres import DATABASE, OWNER, SHOP
from .processes import Failed

WORKERS = 8

# What each release is made of: the tree is v1, the rest are the patches in laravel-shop/changes.
V1 = ()
V1B = ("v1b",)
V2 = ("v2",)
EAGER = "fix-eager-load"
CACHED = "fix-cache-settings"
INDEX_SQL = os.path.join(SHOP, "changes", "fix-index.sql")
INDEX_NAME = "items_order_id_index"


class Shop:
    def __init__(self, processes, folder, port, logs):
        self._processes = processes
        self._folder = os.path.join(folder, "shop")
        self._log = os.path.join(logs, "php.log")
        self._current = os.path.join(self._folder, "current")
        self._storage = os.path.join(self._folder, "storage")
        self._process = None
        self.port = port
        for path in ("releases", "storage/framework/cache/data", "storage/framework/views",
                     "storage/logs"):
            os.makedirs(os.path.join(self._folder, path))

    def release(self, patches):
        """The folder of the release with these patches, made when it is first asked for."""
        path = os.path.join(self._folder, "releases", "+".join(("v1", *patches)))
        if not os.path.exists(path):
            shutil.copytree(SHOP, path + ".new", ignore=shutil.ignore_patterns("changes"))
            for name in patches:
                self._patch(path + ".new", name)
            os.rename(path + ".new", path)
        return path

    def _patch(self, folder, name):
        with open(os.path.join(SHOP, "changes", name + ".patch"), "rb") as diff:
            done = subprocess.run(["patch", "-s", "-p1", "--no-backup-if-mismatch", "-d", folder],
                                  stdin=diff, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"{name}.patch does not apply: {done.stdout}{done.stderr}")

    def deploy(self, patches):
        """Takes effect with the next request. A deploy also empties the application's cache."""
        path = self.release(patches)
        shutil.rmtree(os.path.join(self._storage, "framework/cache/data"), ignore_errors=True)
        with open(self._current + ".new", "w", encoding="utf-8") as file:
            file.write(path)
        os.rename(self._current + ".new", self._current)

    def start(self, database_port, password, page_size, repeatable=False, settings=None):
        """PHP's own server with several workers. `repeatable` freezes the clock and seeds the rest;
        settings: more of the shop's environment."""
        env = {"PHP_CLI_SERVER_WORKERS": str(WORKERS), "SHOP_CURRENT": self._current,
               "SHOP_STORAGE": self._storage, "SHOP_PAGE_SIZE": str(page_size),
               "DB_HOST": net.HOST, "DB_PORT": str(database_port), "DB_DATABASE": DATABASE,
               "DB_USERNAME": OWNER, "DB_PASSWORD": password,
               **(settings or {})}
        if repeatable:
            env.update(SHOP_NOW="2026-06-30 12:00:00", SHOP_SEED="repeatable")
        # A release never changes, so opcache may look for changes as seldom as it likes.
        self._process = self._processes.start(
            "PHP", ["php", "-d", "opcache.enable_cli=1", "-d", "display_errors=0",
                    "-S", f"{net.HOST}:{self.port}", "-t", os.path.join(SHOP, "public"),
                    os.path.join(SHOP, "server.php")], self._log, env=env)
        net.wait_for_port(self.port, self._process)

    def stop(self):
        self._processes.stop(self._process)

    @property
    def pid(self):
        return self._process.pid

    def own_log(self):
        """Laravel's log, where it wrote one: an error of the application."""
        return os.path.join(self._storage, "logs", "laravel.log")
