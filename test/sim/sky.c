/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/card.h"

static void
on_reading(void *ctx, const struct reading *r)
{
    struct sky *s = ctx;
    s->windows++;
    if (s->emits) {
        buf_reset(&s->line);
        history_write(r, &s->line);
        fwrite(s->line.data, 1, s->line.len, stdout);
    } else {
        monitor_reading(s->monitor, r);
    }
}

static void
on_deploy(void *ctx, const struct history_deploy *d)
{
    struct sky *s = ctx;
    if (s->emits) {
        buf_reset(&s->line);
        history_write_deploy(d, &s->line);
        fwrite(s->line.data, 1, s->line.len, stdout);
    } else {
        monitor_deploy(s->monitor, d);
    }
}

/* While one is open the daemon asks for plans. SIM_SHOW=1: what the charts knew when it opened. */
static void
on_changed(void *ctx, const struct episode *e)
{
    struct sky *s = ctx;
    const struct track *t = e->member[0];
    s->open += e->state == EPISODE_OPEN ? 1 : -1;
    world_looks_for_cause(s->world, s->open > 0);
    if (e->state == EPISODE_OPEN && getenv("SIM_SHOW") != NULL) {
        fprintf(stderr,
                "day %.2f %s %s: s %.4f v1 %.4f 1/n %.4f scale %.2f drift %.0f %.0f %.0f %.0f "
                "shift %.0f "
                "shape %.0f per_s %.3f before %.6f now %.6f onset %.0f min ago, last",
                (double)(e->opened_s - WORLD_EPOCH) / 86400, lane_name(e->lane), e->subject,
                (double)t->noise.s, (double)t->noise.v1, (double)t->noise.inverse_n,
                (double)t->noise.scale[0], (double)t->drift.g[0], (double)t->drift.g[1],
                (double)t->drift.g[2], (double)t->drift.g[3], (double)t->shift.f,
                (double)t->shape.f, (double)t->now.per_s, e->before, e->now,
                (double)(e->opened_s - e->onset_s) / 60);
        for (unsigned i = 0; i < CONFIRM_WINDOWS; i++) {
            fprintf(stderr, " %.3f", (double)t->last[i]);
        }
        fprintf(stderr, "\n");
    }
}

void
sky_begin(struct sky *s, const struct world_config *config)
{
    struct world_out out = {.ctx = s, .reading = on_reading, .deploy = on_deploy};
    struct monitor_config mc = {0};
    struct monitor_out mo = {.ctx = s, .changed = on_changed};
    s->world = world_new(config, &out);
    s->monitor = monitor_new(&mc, &mo);
    buf_init(&s->line, HISTORY_LINE_MAX);
}

void
sky_end(struct sky *s)
{
    world_free(&s->world);
    monitor_free(&s->monitor);
    buf_fini(&s->line);
}

void
sky_minutes(struct sky *s, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        world_minute(s->world);
    }
}
