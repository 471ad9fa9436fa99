/* SPDX-License-Identifier: Apache-2.0 */
#include "app/party.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_FD      3
#define ARGUMENTS_MAX 24

void
party_init(struct party *p, enum channel_party who, const char *name)
{
    *p = (struct party){.who = who,
                        .name = name,
                        .pidfd = -1,
                        .start_at_ns = UINT64_MAX,
                        .attach_at_ns = UINT64_MAX};
}

bool
party_is_running(const struct party *p)
{
    return p->pid != 0;
}

/* Between fork and exec: only what is async-signal-safe. */
NORETURN static void
become(int fd, const char *program, const char *const *argv)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGINT, SIG_IGN); /* the terminal's Ctrl-C is for the supervisor */
    signal(SIGHUP, SIG_IGN);
    if (fd == CHILD_FD) {
        fcntl(fd, F_SETFD, 0);
    } else {
        dup2(fd, CHILD_FD);
    }
    syscall(SYS_close_range, CHILD_FD + 1, ~0u, 0);
    execv(program, (char *const *)(uintptr_t)argv);
    _exit(127);
}

static int
watch(struct party *p, int fd, pid_t pid, uint64_t now_ns)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0) {
        int r = -errno;
        close(fd);
        return r;
    }
    int r = channel_new(fd, &p->channel);
    if (r < 0) {
        close(fd);
        close(pidfd);
        return r;
    }
    p->pid = pid;
    p->pidfd = pidfd;
    p->started_ns = now_ns;
    p->start_at_ns = UINT64_MAX;
    p->greeted = false;
    p->ready = false;
    return 0;
}

int
party_start(struct party *p, const char *program, const char *const *argv, uint64_t now_ns,
            struct diag *diag)
{
    assert(!party_is_running(p));
    const char *whole[ARGUMENTS_MAX];
    size_t n = 0;
    for (; argv[n] != NULL; n++) {
        assert(n + 3 < ARGUMENTS_MAX);
        whole[n] = argv[n];
    }
    whole[n++] = "--channel-fd";
    whole[n++] = "3";
    whole[n] = NULL;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        return diag_set(diag, -errno, "%s: no socket pair: %s", p->name, strerror(errno));
    }
    pid_t pid = fork();
    if (pid < 0) {
        int r = -errno;
        close(ends[0]);
        close(ends[1]);
        return diag_set(diag, r, "%s cannot be started: %s", p->name, strerror(-r));
    }
    if (pid == 0) {
        become(ends[1], program, whole);
    }
    close(ends[1]);
    p->adopted = false;
    int r = watch(p, ends[0], pid, now_ns);
    if (r < 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return diag_set(diag, r, "%s cannot be watched: %s", p->name, strerror(-r));
    }
    return 0;
}

int
party_adopt(struct party *p, int fd, pid_t pid, uint64_t now_ns, struct diag *diag)
{
    assert(!party_is_running(p));
    int r = watch(p, fd, pid, now_ns);
    if (r < 0) {
        return diag_set(diag, r, "the running %s (process %d) cannot be watched: %s", p->name,
                        (int)pid, strerror(-r));
    }
    p->adopted = true;
    return 0;
}

int
party_inherit(struct party *p, pid_t pid, int pidfd, int channel_fd, struct diag *diag)
{
    assert(!party_is_running(p));
    int r = channel_fd < 0 ? 0 : channel_new(channel_fd, &p->channel);
    if (r < 0 || pid <= 0 || pidfd < 0) {
        return diag_set(diag, r < 0 ? r : -EINVAL, "%s (process %d) was not handed over", p->name,
                        (int)pid);
    }
    fcntl(pidfd, F_SETFD, FD_CLOEXEC);
    if (channel_fd >= 0) {
        fcntl(channel_fd, F_SETFD, FD_CLOEXEC);
    }
    p->pid = pid;
    p->pidfd = pidfd;
    p->greeted = true;
    p->start_at_ns = UINT64_MAX;
    return 0;
}

int
party_send(struct party *p, struct channel_message *message)
{
    message->to = p->who;
    int r = p->channel == NULL ? -EPIPE : channel_send(p->channel, message);
    p->lost += r < 0;
    return r;
}

int
party_send_text(struct party *p, unsigned type, uint32_t id, const char *text)
{
    struct channel_message m = {.type = (uint16_t)type,
                                .from = PARTY_SUPERVISOR,
                                .id = id,
                                .payload = slice_from_str(text)};
    return party_send(p, &m);
}

void
party_signal(const struct party *p, int signal)
{
    if (p->pidfd >= 0) {
        syscall(SYS_pidfd_send_signal, p->pidfd, signal, NULL, 0);
    }
}

static void
plan_restart(struct party *p, uint64_t now_ns)
{
    if (now_ns - p->started_ns >= PARTY_PROVEN_NS) {
        p->failures = 0;
    }
    uint64_t wait_ns = 0;
    if (p->failures > 0) {
        unsigned doublings = MIN(p->failures - 1, 10u);
        wait_ns = MIN(PARTY_BACKOFF_MIN_NS << doublings, PARTY_BACKOFF_MAX_NS);
    }
    p->failures++;
    p->restarts++;
    p->start_at_ns = now_ns + wait_ns;
}

void
party_ended(struct party *p, uint64_t now_ns, int *ret_status)
{
    int status = -1;
    if (p->adopted || waitpid(p->pid, &status, WNOHANG) != p->pid) {
        status = -1;
    }
    party_fini(p);
    plan_restart(p, now_ns);
    *ret_status = status;
}

void
party_fini(struct party *p)
{
    channel_free(&p->channel);
    if (p->pidfd >= 0) {
        close(p->pidfd);
    }
    p->pidfd = -1;
    p->pid = 0;
    p->greeted = false;
    p->ready = false;
    p->retired = false;
    p->attach_at_ns = UINT64_MAX;
}
