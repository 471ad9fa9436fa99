# SPDX-License-Identifier: Apache-2.0
"""Sessions of a Python driver that know the answers: client.py DRIVER HOST PORT SESSIONS SEED

Says on its output what happens to each session, as every client of the soak does:
    done SESSION COUNT     it lives, and has had so many answers
    lost SESSION REASON    its connection has ended, or could not be made
    wrong SESSION WHAT     an answer that is not the one
SIGTERM: ends behind the answers that are due."""
import contextlib
import hashlib
import io
import logging
import os
import random
import signal
import sys
import threading
import time

import psycopg
import psycopg2

THINK_S = 0.5  # at most, between two questions
ENDS_OF_A_CONNECTION = ("57P01", "57P02", "57P03", "08006", None)

stopping = threading.Event()


def say(*words):
    os.write(1, (" ".join(map(str, words)).replace("\n", " ")[:500] + "\n").encode())


class Wrong(Exception):
    """Not the answer."""


def expect(what, got, wanted):
    if got != wanted:
        raise Wrong(f"{what}: {str(got)[:150]!r} instead of {str(wanted)[:150]!r}")


def expect_error(module, run, sqlstate):
    try:
        run()
    except module.Error as error:
        found = sqlstate_of(error)
        if found in ENDS_OF_A_CONNECTION:
            raise
        expect("an error", found, sqlstate)
    else:
        raise Wrong(f"no error {sqlstate}")


def sqlstate_of(error):
    return error.pgcode if isinstance(error, psycopg2.Error) else error.sqlstate


class Psycopg2:
    """Simple queries."""
    module = psycopg2

    def __init__(self, host, port, rng):
        self.rng = rng
        self.connection = psycopg2.connect(host=host, port=port, user="postgres",
                                           dbname="postgres", sslmode="disable")
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()

    def ask(self, sql, *values):
        self.cursor.execute(sql, values)
        return self.cursor.fetchall()

    def sum(self, mark):
        a, b = self.rng.randrange(10000), self.rng.randrange(10000)
        expect("a sum", self.ask("select %s + %s, %s", a, b, mark), [(a + b, mark)])

    def rows(self, mark):
        count = self.rng.randrange(200)
        wanted = [(g, hashlib.md5(f"{mark}{g}".encode()).hexdigest())
                  for g in range(1, count + 1)]
        expect("rows", self.ask("select g, md5(%s || g) from generate_series(1, %s) g", mark,
                                count), wanted)

    def wide(self, mark):
        count = self.rng.randrange(20000)
        expect("a wide row", self.ask("select repeat(%s, %s)", mark, count), [(mark * count,)])

    def error(self, mark):
        expect_error(self.module, lambda: self.ask("select 1 / %s, %s", 0, mark), "22012")

    def transaction(self, mark):
        self.cursor.execute("begin")
        count = self.rng.randrange(1, 5)
        for i in range(count):
            self.cursor.execute("insert into kept values (%s, %s)", (mark, i))
        expect("what was inserted", self.ask("select count(*), sum(n) from kept where mark = %s",
                                             mark), [(count, count * (count - 1) // 2)])
        self.cursor.execute("rollback")

    def several(self, mark):
        expect("the last of several", self.ask("select 1; select 2, %s", mark), [(2, mark)])

    def copy(self, mark):
        """Both ways."""
        count = self.rng.randrange(500)
        lines = "".join(f"{mark}\t{i}\n" for i in range(count))
        self.cursor.execute("begin")
        self.copy_in("copy kept from stdin", lines)
        got = self.copy_out(f"copy (select mark, n from kept where mark = '{mark}' order by n) "
                            "to stdout")
        expect("a copy", got, lines)
        self.cursor.execute("rollback")

    def copy_in(self, sql, lines):
        self.cursor.copy_expert(sql, io.StringIO(lines))

    def copy_out(self, sql):
        out = io.StringIO()
        self.cursor.copy_expert(sql, out)
        return out.getvalue()

    def cancelled(self, mark):
        """A cancel that comes too early finds nothing to cancel: then it has slept."""
        if self.rng.randrange(10) != 0:
            return
        timer = threading.Timer(0.3, self.cancel)
        timer.start()
        try:
            # void, which is no text where the result is binary
            expect("sleep", self.ask("select pg_sleep(10)::text, %s", mark), [("", mark)])
        except self.module.Error as error:
            if sqlstate_of(error) != "57014":
                raise
        finally:
            timer.join()

    def cancel(self):
        with contextlib.suppress(self.module.Error):
            self.connection.cancel()

    def questions(self):
        return [self.sum, self.rows, self.wide, self.error, self.transaction, self.several,
                self.copy, self.cancelled]

    def close(self):
        self.connection.close()


class Psycopg(Psycopg2):
    """The extended protocol, with statements that it prepares; and pipelines."""
    module = psycopg

    def __init__(self, host, port, rng):
        self.rng = rng
        self.connection = psycopg.connect(host=host, port=port, user="postgres",
                                          dbname="postgres", sslmode="disable", autocommit=True,
                                          prepare_threshold=2)
        self.cursor = self.connection.cursor()

    def ask(self, sql, *values):
        types = {int: "%s::int", str: "%s::text"}
        parts = sql.split("%s")
        text = parts[0] + "".join(types[type(v)] + p for v, p in zip(values, parts[1:]))
        return self.cursor.execute(text, values, binary=self.rng.randrange(2) == 0).fetchall()

    def several(self, mark):
        expect("a cursor", self.ask("select %s", mark), [(mark,)])

    def copy_in(self, sql, lines):
        with self.cursor.copy(sql) as copy:
            copy.write(lines)

    def copy_out(self, sql):
        with self.cursor.copy(sql) as copy:
            return b"".join(bytes(piece) for piece in copy).decode()

    def pipeline(self, mark):
        """A statement among them may fail: those before it have their answers, those behind none.
        Not prepared: psycopg takes what an aborted pipeline was to prepare for prepared."""
        count = self.rng.randrange(1, 12)
        bad = self.rng.randrange(3 * count)
        cursors = []

        def run():
            with self.connection.pipeline():
                for i in range(count):
                    cursors.append(self.connection.cursor())
                    cursors[-1].execute("select %s::int, %s::text, 1 / %s::int",
                                        (i, mark, 0 if i == bad else 1), prepare=False)
        if bad < count:
            expect_error(psycopg, run, "22012")
        else:
            run()
        for i, cursor in enumerate(cursors[:bad]):
            expect(f"number {i} of a pipeline", cursor.fetchall(), [(i, mark, 1)])

    def questions(self):
        return [self.sum, self.rows, self.wide, self.error, self.transaction, self.several,
                self.copy, self.pipeline, self.pipeline, self.cancelled]


DRIVERS = {"psycopg2": Psycopg2, "psycopg": Psycopg}


def play(driver, host, port, number, rng):
    """One session, connecting again whenever its connection ends, until it is to stop."""
    count, said, session = 0, 0.0, None
    while not stopping.is_set():
        mark = f"{os.getpid()}.{number}.{count}"
        try:
            if session is None:
                session = DRIVERS[driver](host, port, rng)
            rng.choice(session.questions())(mark)
            count += 1
            if time.monotonic() - said > 1:
                said = time.monotonic()
                say("done", number, count)
            if rng.randrange(40) == 0:
                session.close()
                session = None
        except Wrong as wrong:
            say("wrong", number, wrong)
            return
        except (psycopg.Error, psycopg2.Error) as error:
            if sqlstate_of(error) not in ENDS_OF_A_CONNECTION:
                say("wrong", number, sqlstate_of(error), error)
                return
            say("lost", number, error)
            session = None
        stopping.wait(rng.random() * THINK_S)
    if session is not None:
        session.close()


def main():
    driver, host, port, sessions, seed = *sys.argv[1:3], *map(int, sys.argv[3:6])
    logging.disable()  # psycopg's own word on pipelines that end in an error
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    threads = [threading.Thread(target=play, args=(driver, host, port, i, random.Random(seed + i)))
               for i in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
