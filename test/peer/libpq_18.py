# SPDX-License-Identifier: Apache-2.0
"""One session of a libpq that is not the system's: libpq_18.py LIBRARY CONNINFO

A query, a statement that is prepared, and one that is cancelled in the way that is new in libpq 17,
encrypted like the session. Prints as JSON what came of it."""
import ctypes
import json
import sys
import threading
import time

pq = ctypes.CDLL(sys.argv[1])
for name in ("PQconnectdb", "PQexec", "PQprepare", "PQexecPrepared", "PQcancelCreate"):
    getattr(pq, name).restype = ctypes.c_void_p
for name in ("PQerrorMessage", "PQgetvalue", "PQresultErrorField"):
    getattr(pq, name).restype = ctypes.c_char_p

SQLSTATE = ord("C")
SLEEPING = (b"select count(*) from pg_stat_activity where state = 'active' and "
            b"query = 'select pg_sleep(60)'")


def value(result):
    return pq.PQgetvalue(ctypes.c_void_p(result), 0, 0).decode()


def cancel_when_it_sleeps(connection):
    """A cancel that came before would hit nothing."""
    other = ctypes.c_void_p(pq.PQconnectdb(sys.argv[2].encode()))
    while value(pq.PQexec(other, SLEEPING)) == "0":
        time.sleep(0.05)
    pq.PQfinish(other)
    request = ctypes.c_void_p(pq.PQcancelCreate(connection))
    answer["cancel"] = pq.PQcancelBlocking(request)
    pq.PQcancelFinish(request)


answer = {}
conn = ctypes.c_void_p(pq.PQconnectdb(sys.argv[2].encode()))
if pq.PQstatus(conn) != 0:
    answer["error"] = pq.PQerrorMessage(conn).decode()
else:
    answer["protocol"] = pq.PQfullProtocolVersion(conn)
    answer["tls"] = pq.PQsslInUse(conn)
    answer["value"] = value(pq.PQexec(conn, b"select 40 + 2"))
    pq.PQprepare(conn, b"s", b"select $1::int + 1", 1, None)
    values = (ctypes.c_char_p * 1)(b"41")
    answer["prepared"] = value(pq.PQexecPrepared(conn, b"s", 1, values, None, None, 0))
    thread = threading.Thread(target=cancel_when_it_sleeps, args=(conn,))
    thread.start()
    result = ctypes.c_void_p(pq.PQexec(conn, b"select pg_sleep(60)"))
    thread.join()
    answer["sqlstate"] = pq.PQresultErrorField(result, SQLSTATE).decode()
    answer["after"] = value(pq.PQexec(conn, b"select 'after'"))
    pq.PQfinish(conn)
print(json.dumps(answer))
