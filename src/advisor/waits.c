/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/waits.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advisor/database.h"
#include "advisor/login.h"
#include "base/clock.h"

#define SAMPLE_MAX_NS (5 * NS_PER_S) /* that one stands for */

struct proc {
    char name[32];
    int parent;
    uint64_t ticks;          /* user and system */
    uint64_t children_ticks; /* of children that were waited for */
};

/* /proc/PID/stat: pid (name) state ppid ... utime(14) stime cutime cstime */
static bool
read_proc(int pid, struct proc *ret_proc)
{
    char path[64];
    char line[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    size_t n = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[n] = '\0';
    char *open = strchr(line, '(');
    char *close = strrchr(line, ')');
    unsigned long long t[4];
    int parent;
    if (open == NULL || close == NULL || close < open ||
        sscanf(close + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu",
               &parent, &t[0], &t[1], &t[2], &t[3]) != 5) {
        return false;
    }
    struct proc p = {.parent = parent, .ticks = t[0] + t[1], .children_ticks = t[2] + t[3]};
    snprintf(p.name, sizeof(p.name), "%.*s", (int)(close - open - 1), open + 1);
    *ret_proc = p;
    return true;
}

/* A process of that number here need not be the server's: its title says whose session it is. */
static bool
is_our_backend(int pid, const char *user, const char *database)
{
    char path[64];
    char title[512];
    struct proc p;
    snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
    FILE *file =
        read_proc(pid, &p) && strncmp(p.name, "postgres", 8) == 0 ? fopen(path, "r") : NULL;
    if (file == NULL) {
        return false;
    }
    size_t n = fread(title, 1, sizeof(title) - 1, file);
    fclose(file);
    title[n] = '\0';
    char wanted[160];
    snprintf(wanted, sizeof(wanted), "%s %s ", user, database);
    return strstr(title, wanted) != NULL;
}

static uint64_t
server_ticks(int postmaster)
{
    struct proc p;
    if (!read_proc(postmaster, &p)) {
        return 0;
    }
    uint64_t sum = p.ticks + p.children_ticks;
    DIR *dir = opendir("/proc");
    for (struct dirent *e = dir == NULL ? NULL : readdir(dir); e != NULL; e = readdir(dir)) {
        if (isdigit((unsigned char)e->d_name[0]) && read_proc(atoi(e->d_name), &p) &&
            p.parent == postmaster) {
            sum += p.ticks + p.children_ticks;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return sum;
}

static void
find_server(struct login *s, uint64_t now_ns)
{
    struct waits *w = &s->waits;
    int backend = PQbackendPID(s->conn);
    struct proc p;
    if (w->backend == backend) {
        return;
    }
    w->backend = backend;
    bool ours = is_our_backend(backend, PQuser(s->conn), PQdb(s->conn)) && read_proc(backend, &p);
    int postmaster = ours ? p.parent : 0;
    if (postmaster != w->postmaster) {
        w->postmaster = postmaster;
        w->cpu_ticks = postmaster == 0 ? 0 : server_ticks(postmaster);
        w->since_ns = now_ns;
    }
}

void
waits_sample(struct login *s, uint64_t now_ns)
{
    if (login_open(s, now_ns) != 0) {
        return;
    }
    struct waits *w = &s->waits;
    find_server(s, now_ns);
    AUTO_RESULT PGresult *r = login_query(
        s,
        "SELECT count(*) FILTER (WHERE state = 'active'),"
        " count(*) FILTER (WHERE state = 'active' AND wait_event_type = 'Lock'),"
        " count(*) FILTER (WHERE state = 'active' AND wait_event_type = 'IO'),"
        " count(*) FILTER (WHERE state LIKE 'idle in transaction%')"
        " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'",
        0, NULL, NULL);
    if (r == NULL) {
        return;
    }
    /* A sample stands for the time since the one before, within reason. */
    uint64_t stands_for_ns = w->sampled_ns == 0 ? NS_PER_S : now_ns - w->sampled_ns;
    w->sampled_ns = now_ns;
    w->samples++;
    w->active += strtoull(PQgetvalue(r, 0, 0), NULL, 10);
    uint64_t lock_waits = strtoull(PQgetvalue(r, 0, 1), NULL, 10);
    w->lock_waits += lock_waits;
    w->io_waits += strtoull(PQgetvalue(r, 0, 2), NULL, 10);
    w->idle_in_transaction += strtoull(PQgetvalue(r, 0, 3), NULL, 10);
    if (lock_waits > 0) {
        blocks_sample(s, &w->blocks, clock_ns_to_ms(MIN(stands_for_ns, SAMPLE_MAX_NS)));
    }
}

void
waits_take(struct login *s, uint64_t now_ns, json_t *answer)
{
    struct waits *w = &s->waits;
    json_t *cpu = json_null();
    if (w->postmaster != 0 && now_ns > w->since_ns) {
        uint64_t ticks = server_ticks(w->postmaster);
        double seconds = (double)(now_ns - w->since_ns) / 1e9;
        if (ticks >= w->cpu_ticks && ticks > 0) {
            cpu =
                json_real((double)(ticks - w->cpu_ticks) / (double)sysconf(_SC_CLK_TCK) / seconds);
        }
        w->cpu_ticks = ticks;
        w->since_ns = now_ns;
    }
    json_object_set_new(answer, "samples", json_integer((json_int_t)w->samples));
    json_object_set_new(answer, "active", json_integer((json_int_t)w->active));
    json_object_set_new(answer, "lock_waits", json_integer((json_int_t)w->lock_waits));
    json_object_set_new(answer, "io_waits", json_integer((json_int_t)w->io_waits));
    json_object_set_new(answer, "idle_in_transaction",
                        json_integer((json_int_t)w->idle_in_transaction));
    json_object_set_new(answer, "server_cpu", cpu);
    json_object_set_new(answer, "database", database_counters(s));
    blocks_take(&w->blocks, answer);
    w->samples = w->active = w->lock_waits = w->io_waits = w->idle_in_transaction = 0;
}
