/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/mailbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

void
mailbox_init(struct mailbox *m)
{
    pthread_condattr_t attr;
    memset(m, 0, sizeof(*m));
    pthread_mutex_init(&m->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&m->wake, &attr);
    pthread_condattr_destroy(&attr);
}

void
mailbox_fini(struct mailbox *m)
{
    struct letter letter;
    while (mailbox_take(m, &letter)) {
        free(letter.text);
    }
    pthread_mutex_destroy(&m->lock);
    pthread_cond_destroy(&m->wake);
}

int
mailbox_put(struct mailbox *m, const struct letter *letter, struct slice text)
{
    int r = -EAGAIN;
    pthread_mutex_lock(&m->lock);
    if (m->count < MAILBOX_MAX) {
        struct letter *slot = &m->letter[(m->first + m->count++) % MAILBOX_MAX];
        *slot = *letter;
        slot->len = text.len;
        slot->text = check_alloc(1, text.len + 1);
        if (text.len > 0) {
            memcpy(slot->text, text.ptr, text.len);
        }
        pthread_cond_signal(&m->wake);
        r = 0;
    }
    pthread_mutex_unlock(&m->lock);
    return r;
}

bool
mailbox_take(struct mailbox *m, struct letter *ret_letter)
{
    pthread_mutex_lock(&m->lock);
    bool any = m->count > 0;
    if (any) {
        *ret_letter = m->letter[m->first];
        m->first = (m->first + 1) % MAILBOX_MAX;
        m->count--;
    }
    pthread_mutex_unlock(&m->lock);
    return any;
}

void
mailbox_wait(struct mailbox *m, uint64_t until_ns)
{
    struct timespec t = {(time_t)(until_ns / NS_PER_S), (long)(until_ns % NS_PER_S)};
    pthread_mutex_lock(&m->lock);
    int r = 0;
    while (m->count == 0 && r == 0) {
        r = pthread_cond_timedwait(&m->wake, &m->lock, &t);
    }
    pthread_mutex_unlock(&m->lock);
}
