/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE         27
#define SEQUENCE_MS    25 /* within which the rest of an arrow key comes */
#define SEQUENCE_BYTES 8

/* What ends or stops a process that does not look for it. */
static const int ends[] = {SIGABRT, SIGBUS,  SIGFPE,  SIGILL, SIGSEGV,
                           SIGINT,  SIGQUIT, SIGTERM, SIGHUP, SIGTSTP};

/* The terminal as it was; what a signal handler needs has to be here. */
static int terminal = -1;
static struct termios before, raw;
static volatile sig_atomic_t is_raw;

static void
restore(void)
{
    if (is_raw != 0) {
        is_raw = 0;
        (void)tcsetattr(terminal, TCSANOW, &before);
    }
}

static bool
is_in_front(int fd)
{
    return tcgetpgrp(fd) == getpgrp();
}

static void
set_raw(void)
{
    if (is_raw == 0 && terminal >= 0 && is_in_front(terminal) &&
        tcsetattr(terminal, TCSANOW, &raw) == 0) {
        is_raw = 1;
    }
}

static void
on_end(int number)
{
    int err = errno;
    restore();
    (void)signal(number, SIG_DFL);
    (void)raise(number); /* it is held back until this handler is left */
    errno = err;
}

static void
on_go_on(int number)
{
    int err = errno;
    struct sigaction stops = {.sa_handler = on_end, .sa_flags = SA_RESTART};
    (void)sigaction(SIGTSTP, &stops, NULL);
    set_raw();
    errno = err;
}

static void
catch_signals(void)
{
    struct sigaction a = {.sa_handler = on_end, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        (void)sigaction(ends[i], &a, NULL);
    }
    a.sa_handler = on_go_on;
    (void)sigaction(SIGCONT, &a, NULL);
}

/* Standard input becomes one on which nothing ever comes, not even its end. */
static bool
silence_input(void)
{
    int ends_of[2];
    if (pipe2(ends_of, O_CLOEXEC) != 0) {
        return false;
    }
    bool good = dup2(ends_of[0], STDIN_FILENO) == STDIN_FILENO;
    close(ends_of[0]); /* the other end stays open as long as this process */
    return good;
}

bool
keys_open(void)
{
    static bool was_opened;
    if (was_opened || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
        !is_in_front(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0) {
        return false;
    }
    int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if (fd < 0 || !silence_input()) {
        close(fd);
        return false;
    }
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    terminal = fd;
    was_opened = true;
    catch_signals();
    (void)atexit(restore);
    set_raw();
    return true;
}

/* One byte, or KEYS_NONE, or KEYS_GONE. */
static int
next_byte(int wait_ms)
{
    struct pollfd p = {.fd = terminal, .events = POLLIN};
    unsigned char c;
    if (poll(&p, 1, wait_ms) <= 0) {
        return KEYS_NONE;
    }
    if (!is_in_front(terminal)) { /* whoever is reads it; to read here would stop us */
        (void)poll(NULL, 0, wait_ms);
        return KEYS_NONE;
    }
    ssize_t n = read(terminal, &c, 1);
    if (n == 1) {
        return c;
    }
    return n < 0 && (errno == EINTR || errno == EAGAIN) ? KEYS_NONE : KEYS_GONE;
}

/* "\033[A" and its like; an escape alone is a key, too. */
static int
sequence(void)
{
    int c = next_byte(SEQUENCE_MS);
    if (c != '[' && c != 'O') {
        return KEYS_OTHER;
    }
    for (unsigned i = 0; i < SEQUENCE_BYTES; i++) {
        c = next_byte(SEQUENCE_MS);
        if (c < '0' || c > '?') { /* parameters go on */
            break;
        }
    }
    return c == 'A' ? KEYS_UP : c == 'B' ? KEYS_DOWN : KEYS_OTHER;
}

int
keys_next(int wait_ms)
{
    int c = terminal < 0 ? KEYS_GONE : next_byte(wait_ms);
    switch (c) {
    case KEYS_NONE:
    case KEYS_GONE:
        return c;
    case ESCAPE:
        return sequence();
    case '\r':
        return KEYS_ENTER;
    case 127:
        return KEYS_BACKSPACE;
    default:
        return c;
    }
}

void
keys_close(void)
{
    restore();
    if (terminal >= 0) {
        close(terminal);
        terminal = -1;
    }
}
