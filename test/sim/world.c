/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/chance.h"
#include "sim/grid.h"
#include "sim/result.h"
#include "sim/script.h"

#define COLD_S        240
#define TAIL_MOST     200
#define REPEATS       5 /* calls with other values that count as repeated: series/repeating.h */
#define REQUEST_BYTES 300
#define JSON_TIMES    2 /* a row's bytes in a response */
#define DAY_S         86400

struct statement {
    unsigned route;
    char fingerprint[20];
    float calls, ln_cost, sd_call, slow_share; /* a share of calls is 5 times as slow */
    float noise, phi, by_load;
    float ar, slow_ar; /* state */
    float day_level;
    float spike;
    unsigned spike_left;
    struct result result;
    struct script_statement script;
};

struct route {
    char name[32];
    float per_min, swing, phase, app_ms, sd_call;
    float cold; /* what is left of a cold cache, ln */
    float error_share;
    unsigned burst_left;
    float burst;
};

/* What is known of the minute that is over. */
struct window {
    struct reading reading;
    struct reading_cell cell[GRID_CELLS];
    float calls; /* a request, as they should be */
    float ms;    /* of a request */
    double requests, repeating;
    struct effect effect;
};

struct world {
    struct world_config config;
    struct world_out out;
    struct chance chance, amounts; /* of what calls return */
    struct script script;
    int64_t now_s;
    struct route route[WORLD_ROUTES_MAX];
    struct statement statement[WORLD_STATEMENTS_MAX];
    unsigned statement_count;
    float shared, surge, shock, capacity_ms, rho;
    unsigned surge_left, shock_left;
    struct fault fault[WORLD_FAULTS_MAX];
    unsigned fault_count, deploys;
    struct window window[WORLD_STATEMENTS_MAX]; /* of the statements, in this minute */
    struct chance_table table;
    struct grid grid;
};

static void
make_statement(struct world *w, unsigned r)
{
    struct statement *s = &w->statement[w->statement_count];
    snprintf(s->fingerprint, sizeof(s->fingerprint), "%016x", w->statement_count + 1);
    bool held = w->config.laws == WORLD_HELD_OUT;
    static const float noises[] = {0.02f, 0.03f, 0.03f, 0.05f, 0.08f};
    s->route = r;
    s->calls = (float)(chance_uniform(&w->chance) < 0.5 ? 1 : chance_between(&w->chance, 0.3, 3));
    s->ln_cost = (float)log(chance_log_between(&w->chance, 300, 15000));
    s->sd_call = (float)chance_between(&w->chance, 0.25, held ? 0.7 : 0.5);
    s->slow_share = held && chance_uniform(&w->chance) < 0.4 ? 0.04f : 0;
    s->noise = noises[prng_below(&w->chance.prng, ARRAY_LEN(noises))];
    s->phi = (float)chance_between(&w->chance, 0.3, 0.8);
    s->by_load = (float)chance_between(&w->chance, 0, 0.15);
    s->script.rows = (float)chance_log_between(&w->chance, 1, 50);
    result_init(&s->result, &w->amounts, held, s->script.rows);
    unsigned i = w->statement_count++;
    if (i % w->config.statements_each == 0 && i / w->config.statements_each < 3) {
        static const float special[3][4] = {
            {1, 0.30f, 0.03f, 0.5f}, {1, 0.30f, 0.02f, 0.5f}, {1, 0.45f, 0.08f, 0.8f}};
        const float *x = special[i / w->config.statements_each];
        s->calls = x[0];
        s->sd_call = x[1];
        s->noise = x[2];
        s->phi = x[3];
        s->ln_cost = logf(4000);
        s->slow_share = 0;
        result_init_typical(&s->result);
    }
}

struct world *
world_new(const struct world_config *config, const struct world_out *out)
{
    struct world *w = check_alloc(1, sizeof(*w));
    w->config = *config;
    w->out = *out;
    /* Mixed: the states of one sequence lie that constant apart. */
    w->chance.prng.state = prng_mix(prng_mix(config->seed) + config->laws);
    w->now_s = WORLD_EPOCH;
    chance_table_make(&w->table);
    w->chance.table = w->amounts.table = &w->table;
    w->amounts.prng.state = prng_mix(w->chance.prng.state);
    script_begin(&w->script, config->seed, &w->table);
    grid_init(&w->grid);
    static const float rates[3] = {100, 1000, 30};
    double demand = 0;
    for (unsigned r = 0; r < config->routes; r++) {
        struct route *to = &w->route[r];
        snprintf(to->name, sizeof(to->name), "GET /r%02u/{id}", r);
        to->per_min = r < 3 ? rates[r] : (float)chance_log_between(&w->chance, 8, 1500);
        to->swing = (float)chance_between(&w->chance, 0.2, 0.6);
        to->phase = (float)chance_between(&w->chance, -2, 2);
        to->app_ms = (float)chance_log_between(&w->chance, 3, 40);
        to->sd_call = (float)chance_between(&w->chance, 0.2, 0.5);
        to->error_share = (float)chance_log_between(&w->chance, 1e-4, 3e-3);
        to->error_share = r < 3 ? 0.001f : to->error_share;
        for (unsigned k = 0; k < config->statements_each; k++) {
            make_statement(w, r);
            const struct statement *s = &w->statement[w->statement_count - 1];
            demand += to->per_min * s->calls * exp(s->ln_cost) / 1000;
        }
    }
    w->capacity_ms =
        (float)(demand / chance_between(&w->chance, 0.25, 0.45)); /* a minute, at the mean */
    return w;
}

void
world_free(struct world **world)
{
    free(*world);
    *world = NULL;
}

void
world_fault(struct world *w, const struct fault *fault)
{
    if (w->fault_count < WORLD_FAULTS_MAX) {
        w->fault[w->fault_count++] = *fault;
    }
}

void
world_reseed(struct world *w, uint64_t seed)
{
    w->chance.prng.state ^= seed * 0xd1342543de82ef95u;
    w->amounts.prng.state ^= seed * 0xd1342543de82ef95u;
}

int64_t
world_now(const struct world *w)
{
    return w->now_s;
}

void
world_looks_for_cause(struct world *w, bool looks)
{
    w->script.is_asked = looks;
}

const char *
world_route(const struct world *w, unsigned statement)
{
    return w->route[w->statement[statement].route].name;
}

const char *
world_fingerprint(const struct world *w, unsigned statement)
{
    return w->statement[statement].fingerprint;
}

void
world_deploy(struct world *w, unsigned statement, const char *name)
{
    struct history_deploy d = {.at_s = w->now_s, .name = slice_from_str(name)};
    d.affects[d.affects_count++] = slice_from_str(world_route(w, statement));
    w->out.deploy(w->out.ctx, &d);
}

static float
traffic_of(struct world *w, const struct route *r)
{
    double hour = fmod((double)(w->now_s % DAY_S) / 3600, 24);
    unsigned day = (unsigned)((w->now_s / DAY_S + 4) % 7);
    double week = day == 0 || day == 6 ? 0.6 : 1;
    double wave = sin((hour - 9 + r->phase) * 2 * M_PI / 24);
    if (w->config.laws == WORLD_HELD_OUT) { /* two peaks a day, and a dip */
        wave = 0.7 * wave + 0.4 * sin((hour - 7 + r->phase) * 4 * M_PI / 24);
        week = day == 0 ? 0.5 : day == 6 ? 0.7 : 1;
    }
    return (float)(r->per_min * week * (1 + r->swing * wave) * (1 + w->surge));
}

static void
shared_things(struct world *w)
{
    bool held = w->config.laws == WORLD_HELD_OUT;
    float phi = held ? 0.97f : 0.9f;
    w->shared =
        phi * w->shared + sqrtf(1 - phi * phi) * 0.02f *
                              (held ? chance_student(&w->chance) : chance_normal(&w->chance));
    if (w->surge_left > 0 && --w->surge_left == 0) {
        w->surge = 0;
    }
    if (w->surge_left == 0 && chance_uniform(&w->chance) < 1.0 / ((held ? 2.2 : 3) * 1440)) {
        bool small = held && chance_uniform(&w->chance) < 0.5;
        w->surge_left = held ? (small ? 90 : 25) : 45;
        w->surge = held ? (small ? 0.8f : 2.2f) : 1.5f;
    }
    if (w->shock_left > 0 && --w->shock_left == 0) {
        w->shock = 0;
    }
    if (w->shock_left == 0 && chance_uniform(&w->chance) < 1.0 / ((held ? 240 : 360))) {
        w->shock_left = 1 + (unsigned)prng_below(&w->chance.prng, held ? 6 : 8);
        w->shock = (float)log(chance_between(&w->chance, 1.2, held ? 5 : 3));
    }
    double deploy = (double)w->config.deploys_a_day / 1440;
    if (chance_uniform(&w->chance) < deploy) {
        unsigned s = (unsigned)prng_below(&w->chance.prng, w->statement_count);
        char name[32];
        snprintf(name, sizeof(name), "v%u", ++w->deploys);
        world_deploy(w, s, name);
        w->route[w->statement[s].route].cold =
            (float)log(chance_between(&w->chance, 1.3, held ? 3.5 : 2.5));
    }
}

/* ln of what a call costs more than ever, by its own noise. */
static float
noise_of(struct world *w, struct statement *s)
{
    bool held = w->config.laws == WORLD_HELD_OUT;
    float e = held ? chance_student(&w->chance) : chance_normal(&w->chance);
    s->ar = s->phi * s->ar + sqrtf(1 - s->phi * s->phi) * s->noise * e;
    float noise = s->ar;
    if (held) { /* and a slow part: hours */
        s->slow_ar = 0.995f * s->slow_ar +
                     sqrtf(1 - 0.995f * 0.995f) * 0.3f * s->noise * chance_normal(&w->chance);
        noise = 0.95f * noise + s->slow_ar;
    } else { /* a slow part as well, not as long */
        s->slow_ar = 0.99f * s->slow_ar +
                     sqrtf(1 - 0.99f * 0.99f) * 0.3f * s->noise * chance_normal(&w->chance);
        noise += s->slow_ar;
    }
    if (s->spike_left > 0 && --s->spike_left == 0) {
        s->spike = 0;
    }
    if (s->spike_left == 0 && chance_uniform(&w->chance) < 1.0 / (held ? 500 : 720)) {
        s->spike_left = 1 + (unsigned)prng_below(&w->chance.prng, held ? 6 : 8);
        s->spike = (float)log(chance_between(&w->chance, 2, held ? 8 : 5));
    }
    if (w->now_s % DAY_S == 0) {
        s->day_level = (held ? 0.004f : 0.003f) * chance_normal(&w->chance);
    }
    return noise + s->spike + s->day_level;
}

static struct effect
effects_on(const struct world *w, unsigned statement)
{
    struct effect e;
    effect_init(&e);
    for (unsigned i = 0; i < w->fault_count; i++) {
        const struct fault *f = &w->fault[i];
        if (f->statement == statement && f->onset_s < w->now_s + 60) {
            effect_add(&e, f, w->now_s + 60);
        }
    }
    return e;
}

/* Calls of so many requests, by how many each makes, and who of them repeats: as heavy tails have
 * it, of those behind the onset. */
static double
calls_with_tail(struct world *w, const struct effect *e, double requests, float calls,
                double *ret_repeating)
{
    double sum = 0, with_tail = floor(requests * (double)e->tail_part);
    for (unsigned i = 0; i < (unsigned)with_tail; i++) {
        double times = (double)e->tail_size * chance_pareto(&w->chance, (double)e->tail, TAIL_MOST);
        sum += round(times);
        *ret_repeating += times >= REPEATS ? 1 : 0;
    }
    return round(calls * (sum + requests - with_tail));
}

static double
calls_of(struct world *w, const struct effect *e, struct window *x)
{
    x->repeating = x->requests * MAX((double)e->repeating * 0.95, 0.01);
    if (e->stalls) {
        return 0;
    }
    return e->tail > 0 ? calls_with_tail(w, e, x->requests, x->calls, &x->repeating)
                       : chance_poisson(&w->chance, (float)x->requests * x->calls);
}

static void
spread_calls(struct world *w, const struct statement *s, const struct effect *e, double n, float ln,
             struct window *x)
{
    double slow = s->slow_share > 0 ? chance_poisson(&w->chance, n * s->slow_share) : 0;
    double part = e->part > 0 ? MIN(chance_poisson(&w->chance, n * e->part), n - slow) : 0;
    grid_add(&w->grid, &w->chance, n - slow - part, ln, s->sd_call);
    grid_add(&w->grid, &w->chance, slow, ln + 1.6f, s->sd_call);
    grid_add(&w->grid, &w->chance, part, ln + e->part_ln, s->sd_call);
    grid_take(&w->grid, x->cell, &x->reading);
}

static void
fail_calls(struct world *w, const struct effect *e, struct reading *r)
{
    double failed = e->failing > 0 ? chance_poisson(&w->chance, r->calls * e->failing) : 0;
    if (failed > 0) {
        r->known |= READING_CLASSES;
        r->errors = r->errors_by_class[e->failing_class] = MIN(failed, r->calls);
    }
}

static void
fill_amounts(struct world *w, struct statement *s, const struct effect *e, struct reading *r)
{
    bool held = w->config.laws == WORLD_HELD_OUT;
    r->rows =
        result_rows(&s->result, &w->amounts, held, w->now_s, w->now_s - WORLD_EPOCH, r->calls);
    r->rows *= (double)e->rows;
    r->bytes = result_bytes(&s->result, &w->amounts, r->calls, r->rows);
}

/* What its calls did in the minute. */
static void
play_statement(struct world *w, unsigned i, float requests, float waiting, float load)
{
    struct statement *s = &w->statement[i];
    struct window *x = &w->window[i];
    struct effect e = effects_on(w, i);
    struct reading *r = &x->reading;
    float ln = s->ln_cost + noise_of(w, s) + w->shared + w->shock + w->route[s->route].cold +
               s->by_load * load + waiting + e.ln_cost;
    if (e.lock_ms > 0) {
        ln = logf(expf(ln) + 1000 * e.lock_ms);
    }
    x->effect = e;
    x->requests = requests;
    x->calls = s->calls * e.calls;
    *r = (struct reading){
        .start_s = w->now_s,
        .length_s = 60,
        .fingerprint = slice_from_str(s->fingerprint),
        .known = READING_ROWS | READING_BYTES | READING_SAME_VALUES,
    };
    spread_calls(w, s, &e, calls_of(w, &e, x), ln, x);
    fill_amounts(w, s, &e, r);
    r->same_value_calls = r->calls * (0.05 + (e.same > 0 ? 0.9 * (1 - 1 / e.calls) : 0));
    fail_calls(w, &e, r);
    if (e.stalled_s > 0) {
        r->known |= READING_OLDEST;
        r->oldest_ms = 1000 * e.stalled_s;
    }
    float calls = e.tail > 0 && requests > 0 ? (float)r->calls / requests : x->calls;
    float part = 1 + e.part * (expf(e.part_ln) - 1);
    x->calls = calls;
    x->ms = calls * part * expf(ln + s->sd_call * s->sd_call / 2) / 1000;
}

/* Milliseconds of a request that are work, and no waiting. */
static float
work_of(const struct world *w, unsigned i)
{
    const struct effect *e = &w->window[i].effect;
    float part = 1 + e->part * (expf(e->part_ln) - 1);
    return w->window[i].calls * part * expf(w->statement[i].ln_cost + e->ln_cost) / 1000;
}

/* What its statements did to a route's requests in the minute. */
struct of_route {
    float requests, ms, errors, failing;
    double bytes;
};

static void
play_route(struct world *w, unsigned i, struct of_route *of)
{
    struct route *r = &w->route[i];
    float app = r->app_ms * expf(0.05f * chance_normal(&w->chance));
    struct reading out = {.start_s = w->now_s,
                          .length_s = 60,
                          .route = slice_from_str(r->name),
                          .known = READING_BYTES};
    struct reading_cell cell[GRID_CELLS];
    float ln = logf((app + of->ms) * 1000) - r->sd_call * r->sd_call / 2;
    grid_add(&w->grid, &w->chance, of->requests, ln, r->sd_call);
    grid_take(&w->grid, cell, &out);
    if (r->burst_left > 0 && --r->burst_left == 0) {
        r->burst = 0;
    }
    if (r->burst_left == 0 && chance_uniform(&w->chance) < 1.0 / (3 * 1440)) {
        r->burst_left = 1 + (unsigned)prng_below(&w->chance.prng, 3);
        r->burst = (float)chance_between(&w->chance, 5, 30);
    }
    float share = r->error_share * of->errors * (1 + r->burst) + of->failing;
    double failed = MIN(chance_poisson(&w->chance, out.calls * share), out.calls);
    out.bytes = out.calls * REQUEST_BYTES + JSON_TIMES * of->bytes;
    if (failed > 0) {
        out.known |= READING_CLASSES;
        out.errors = out.errors_by_class[ERROR_CLASS_SERVER] = failed;
    }
    if (out.calls > 0) {
        w->out.reading(w->out.ctx, &out);
    }
    r->cold *= (float)exp(-60.0 / COLD_S);
    of->ms += app;
}

/* A statement has a histogram, and what is in flight; within its route it has sums, and is counted
 * by the requests: series/series.h. */
static void
emit_statements(struct world *w, const struct of_route *of)
{
    for (unsigned i = 0; i < w->statement_count; i++) {
        struct statement *s = &w->statement[i];
        struct window *x = &w->window[i];
        if (w->config.has_advisor) {
            script_tell(&w->script, &s->script, i, &x->effect, x->ms, of[s->route].ms, &x->reading);
        }
        if (x->reading.calls > 0 || x->reading.oldest_ms > 0) {
            w->out.reading(w->out.ctx, &x->reading);
        }
    }
    for (unsigned i = 0; i < w->statement_count; i++) {
        struct window *x = &w->window[i];
        struct reading r = x->reading;
        r.route = slice_from_str(w->route[w->statement[i].route].name);
        r.known = (r.known | READING_REQUESTS | READING_REPEATING) & ~(uint32_t)READING_OLDEST;
        r.requests = x->requests;
        r.requests_repeating = x->repeating;
        r.oldest_ms = 0;
        r.cell = NULL;
        r.cell_count = 0;
        if (r.calls > 0) {
            w->out.reading(w->out.ctx, &r);
        }
    }
}

/* Waiting as in an M/M/1, relative to the service time, behind the demand of the minute before. */
static float
waiting_of(const struct world *w)
{
    float rho = MIN(w->rho, 0.93f);
    return logf(1 + 0.5f * rho / (1 - rho));
}

void
world_minute(struct world *w)
{
    struct of_route of[WORLD_ROUTES_MAX];
    float usual = 0, now = 0, demand = 0;
    shared_things(w);
    script_minute(&w->script);
    for (unsigned r = 0; r < w->config.routes; r++) {
        float requests = (float)chance_poisson(&w->chance, traffic_of(w, &w->route[r]));
        of[r] = (struct of_route){.requests = requests, .errors = 1};
        usual += w->route[r].per_min;
        now += requests;
    }
    float waiting = waiting_of(w), load = now / usual - 1;
    for (unsigned i = 0; i < w->statement_count; i++) {
        struct of_route *r = &of[w->statement[i].route];
        const struct window *x = &w->window[i];
        play_statement(w, i, r->requests, waiting, load);
        r->ms += x->ms;
        r->bytes += x->reading.bytes;
        r->errors *= x->effect.errors;
        r->failing += x->effect.failing * MIN(x->calls, 1);
        demand += r->requests * work_of(w, i);
    }
    w->rho = 0.7f * w->rho + 0.3f * demand / w->capacity_ms;
    for (unsigned r = 0; r < w->config.routes; r++) {
        play_route(w, r, &of[r]);
    }
    emit_statements(w, of);
    w->now_s += 60;
}
