/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/prng.h"

#define NORMALS    65536u
#define EXP_STEPS  16u /* of one; up to CELL_FEW */
#define CELL_FEW   8
#define PHI_STEPS  2048u
#define PHI_MAX    4.5f
#define CELLS_MAX  96u
#define CELL_LN    0.2310491f /* a third of a power of two */
#define GRID_FROM  0
#define GRID_CELLS 92 /* 1 us to 27 minutes */
#define COLD_S     240
#define EXACT_MAX  40 /* so few calls are drawn one by one */
#define DAY_S      86400

struct statement {
    unsigned route;
    char fingerprint[20];
    float calls, ln_cost, sd_call, slow_share; /* a share of calls is 5 times as slow */
    float noise, phi, by_load;
    float ar, slow_ar; /* state */
    float day_level;
    float spike;
    unsigned spike_left;
    float rows;
};

struct route {
    char name[32];
    float per_min, swing, phase, app_ms, sd_call;
    float cold; /* what is left of a cold cache, ln */
    float error_share;
    unsigned burst_left;
    float burst;
};

struct world {
    struct world_config config;
    struct world_out out;
    struct prng prng;
    int64_t now_s;
    struct route route[WORLD_ROUTES_MAX];
    struct statement statement[WORLD_STATEMENTS_MAX];
    unsigned statement_count;
    float shared, surge, shock, capacity_ms, rho;
    unsigned surge_left, shock_left;
    struct fault fault[WORLD_FAULTS_MAX];
    unsigned fault_count, deploys;
    /* Tables. */
    float normal[NORMALS];
    float phi[PHI_STEPS + 2];
    float exp_of_minus[CELL_FEW * EXP_STEPS + 1];
    uint64_t bits; /* of a random number, for several */
    uint32_t upper[GRID_CELLS];
    float ln_upper[GRID_CELLS];
    struct reading_cell cell[CELLS_MAX];
    uint32_t count[GRID_CELLS];
};

static double
uniform(struct world *w)
{
    return (double)(prng_next(&w->prng) >> 11) * 0x1p-53;
}

static double
between(struct world *w, double from, double to)
{
    return from + (to - from) * uniform(w);
}

static double
log_between(struct world *w, double from, double to)
{
    return exp(between(w, log(from), log(to)));
}

static float
normal(struct world *w)
{
    return w->normal[prng_next(&w->prng) >> 48];
}

/* Heavy tails: Student's t with 3 degrees of freedom, scaled to a variance of one. */
static float
student(struct world *w)
{
    float a = normal(w), b = normal(w), c = normal(w);
    float t = normal(w) / sqrtf((a * a + b * b + c * c) / 3);
    return MAX(MIN(t, 12), -12) / 1.732f;
}

static double
poisson(struct world *w, double mean)
{
    if (mean > 30) {
        return MAX(round(mean + sqrt(mean) * normal(w)), 0);
    }
    double limit = exp(-mean), product = uniform(w);
    unsigned n = 0;
    for (; product > limit; n++) {
        product *= uniform(w);
    }
    return n;
}

/* Of a cell of many: by inversion, and by the normal law where the difference does not show. */
static uint32_t
count_of_cell(struct world *w, float mean)
{
    /* Three of 16 bits; the highest one marks the end. */
    w->bits >>= 16;
    w->bits = w->bits <= 0xffff ? prng_next(&w->prng) | 1ull << 63 : w->bits;
    if (mean > CELL_FEW) {
        float k = mean + sqrtf(mean) * w->normal[w->bits & (NORMALS - 1)] + 0.5f;
        return k > 0 ? (uint32_t)k : 0;
    }
    unsigned step = (unsigned)(mean * EXP_STEPS);
    float rest = mean - (float)step / EXP_STEPS;
    float u = ((float)(w->bits & 0xffff) + 0.5f) / 0x10000;
    float p = w->exp_of_minus[step] * (1 - rest + rest * rest / 2), below = p;
    uint32_t n = 0;
    while (u > below && n < 40) {
        p *= mean / (float)++n;
        below += p;
    }
    return n;
}

static void
make_tables(struct world *w)
{
    struct prng prng = {
        7}; /* the same in every world: a table of quantiles, shuffled by its reader */
    for (unsigned i = 0; i < NORMALS; i += 2) {
        double u = ((double)(prng_next(&prng) >> 11) + 0.5) * 0x1p-53;
        double v = ((double)(prng_next(&prng) >> 11) + 0.5) * 0x1p-53;
        w->normal[i] = (float)(sqrt(-2 * log(u)) * cos(2 * M_PI * v));
        w->normal[i + 1] = (float)(sqrt(-2 * log(u)) * sin(2 * M_PI * v));
    }
    for (unsigned i = 0; i < ARRAY_LEN(w->exp_of_minus); i++) {
        w->exp_of_minus[i] = expf(-(float)i / EXP_STEPS);
    }
    for (unsigned i = 0; i < PHI_STEPS + 2; i++) {
        double x = -PHI_MAX + 2 * PHI_MAX * (double)i / PHI_STEPS;
        w->phi[i] = (float)(0.5 * erfc(-x / M_SQRT2));
    }
    for (unsigned i = 0; i < GRID_CELLS; i++) {
        w->upper[i] = (uint32_t)lround(exp2((double)(i + 1) / 3));
        w->upper[i] += i > 0 && w->upper[i] <= w->upper[i - 1] ? 1 : 0;
        w->ln_upper[i] = logf((float)w->upper[i]);
    }
}

static void
make_statement(struct world *w, unsigned r)
{
    struct statement *s = &w->statement[w->statement_count];
    snprintf(s->fingerprint, sizeof(s->fingerprint), "%016x", w->statement_count + 1);
    bool held = w->config.laws == WORLD_HELD_OUT;
    static const float noises[] = {0.02f, 0.03f, 0.03f, 0.05f, 0.08f};
    s->route = r;
    s->calls = (float)(uniform(w) < 0.5 ? 1 : between(w, 0.3, 3));
    s->ln_cost = (float)log(log_between(w, 300, 15000));
    s->sd_call = (float)between(w, 0.25, held ? 0.7 : 0.5);
    s->slow_share = held && uniform(w) < 0.4 ? 0.04f : 0;
    s->noise = noises[prng_below(&w->prng, ARRAY_LEN(noises))];
    s->phi = (float)between(w, 0.3, 0.8);
    s->by_load = (float)between(w, 0, 0.15);
    s->rows = (float)log_between(w, 1, 50);
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
    }
}

struct world *
world_new(const struct world_config *config, const struct world_out *out)
{
    struct world *w = check_alloc(1, sizeof(*w));
    w->config = *config;
    w->out = *out;
    /* Mixed: the states of one sequence lie that constant apart. */
    w->prng.state = prng_mix(prng_mix(config->seed) + config->laws);
    w->now_s = WORLD_EPOCH;
    make_tables(w);
    static const float rates[3] = {100, 1000, 30};
    double demand = 0;
    for (unsigned r = 0; r < config->routes; r++) {
        struct route *to = &w->route[r];
        snprintf(to->name, sizeof(to->name), "GET /r%02u/{id}", r);
        to->per_min = r < 3 ? rates[r] : (float)log_between(w, 8, 1500);
        to->swing = (float)between(w, 0.2, 0.6);
        to->phase = (float)between(w, -2, 2);
        to->app_ms = (float)log_between(w, 3, 40);
        to->sd_call = (float)between(w, 0.2, 0.5);
        to->error_share = (float)log_between(w, 1e-4, 3e-3);
        to->error_share = r < 3 ? 0.001f : to->error_share;
        for (unsigned k = 0; k < config->statements_each; k++) {
            make_statement(w, r);
            const struct statement *s = &w->statement[w->statement_count - 1];
            demand += to->per_min * s->calls * exp(s->ln_cost) / 1000;
        }
    }
    w->capacity_ms = (float)(demand / between(w, 0.25, 0.45)); /* a minute, at the mean */
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
    w->prng.state ^= seed * 0xd1342543de82ef95u;
}

int64_t
world_now(const struct world *w)
{
    return w->now_s;
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

/* How far the fault has come by the end of this minute: share of the minute for what is sudden. */
static float
since(const struct world *w, const struct fault *f)
{
    double s = (double)(w->now_s + 60 - f->onset_s);
    return s <= 0 ? 0 : (float)s;
}

static float
part_of_minute(const struct world *w, const struct fault *f)
{
    return MIN(since(w, f) / 60, 1);
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
    w->shared = phi * w->shared + sqrtf(1 - phi * phi) * 0.02f * (held ? student(w) : normal(w));
    if (w->surge_left > 0 && --w->surge_left == 0) {
        w->surge = 0;
    }
    if (w->surge_left == 0 && uniform(w) < 1.0 / ((held ? 2.2 : 3) * 1440)) {
        bool small = held && uniform(w) < 0.5;
        w->surge_left = held ? (small ? 90 : 25) : 45;
        w->surge = held ? (small ? 0.8f : 2.2f) : 1.5f;
    }
    if (w->shock_left > 0 && --w->shock_left == 0) {
        w->shock = 0;
    }
    if (w->shock_left == 0 && uniform(w) < 1.0 / ((held ? 240 : 360))) {
        w->shock_left = 1 + (unsigned)prng_below(&w->prng, held ? 6 : 8);
        w->shock = (float)log(between(w, 1.2, held ? 5 : 3));
    }
    double deploy = (double)w->config.deploys_a_day / 1440;
    if (uniform(w) < deploy) {
        unsigned s = (unsigned)prng_below(&w->prng, w->statement_count);
        char name[32];
        snprintf(name, sizeof(name), "v%u", ++w->deploys);
        world_deploy(w, s, name);
        w->route[w->statement[s].route].cold = (float)log(between(w, 1.3, held ? 3.5 : 2.5));
    }
}

/* ln of what a call costs more than ever, by its own noise. */
static float
noise_of(struct world *w, struct statement *s)
{
    bool held = w->config.laws == WORLD_HELD_OUT;
    float e = held ? student(w) : normal(w);
    s->ar = s->phi * s->ar + sqrtf(1 - s->phi * s->phi) * s->noise * e;
    float noise = s->ar;
    if (held) { /* and a slow part: hours */
        s->slow_ar = 0.995f * s->slow_ar + sqrtf(1 - 0.995f * 0.995f) * 0.3f * s->noise * normal(w);
        noise = 0.95f * noise + s->slow_ar;
    } else { /* a slow part as well, not as long */
        s->slow_ar = 0.99f * s->slow_ar + sqrtf(1 - 0.99f * 0.99f) * 0.3f * s->noise * normal(w);
        noise += s->slow_ar;
    }
    if (s->spike_left > 0 && --s->spike_left == 0) {
        s->spike = 0;
    }
    if (s->spike_left == 0 && uniform(w) < 1.0 / (held ? 500 : 720)) {
        s->spike_left = 1 + (unsigned)prng_below(&w->prng, held ? 6 : 8);
        s->spike = (float)log(between(w, 2, held ? 8 : 5));
    }
    if (w->now_s % DAY_S == 0) {
        s->day_level = (held ? 0.004f : 0.003f) * normal(w);
    }
    return noise + s->spike + s->day_level;
}

/* What a fault does to one statement in this minute. */
struct effect {
    float ln_cost, calls, repeating, same, rows_read, lock_ms, errors;
    bool reads_all, other_plan, stalls;
    float stalled_s;
};

static void
apply(const struct world *w, const struct fault *f, const struct statement *s, struct effect *e)
{
    float part = part_of_minute(w, f), hours = since(w, f) / 3600;
    float size = (float)f->size;
    switch (f->kind) {
    case FAULT_STEP:
        e->ln_cost += part * logf(size);
        break;
    case FAULT_RAMP:
        e->ln_cost += logf(1 + size * hours);
        break;
    case FAULT_REPEATED:
        e->calls *= 1 + part * (size - 1);
        e->repeating = part;
        break;
    case FAULT_LOST_INDEX:
        e->ln_cost += part * logf(size);
        e->rows_read *= 1 + part * 1000;
        e->reads_all = true;
        break;
    case FAULT_LOST_CACHE:
        e->calls *= 1 + part * (size - 1);
        e->same = part;
        break;
    case FAULT_LOCK_HOLDER:
        e->lock_ms += part * size;
        break;
    case FAULT_GROWTH:
        e->ln_cost += logf(1 + size * hours);
        e->rows_read *= 1 + size * hours;
        break;
    case FAULT_PLAN_FLIP:
        e->ln_cost += part * logf(size);
        e->other_plan = true;
        break;
    case FAULT_ERRORS:
        e->errors *= 1 + part * (size - 1);
        break;
    case FAULT_STALL:
        e->stalls = true;
        e->stalled_s = since(w, f);
        break;
    case FAULT_KINDS:
        break;
    }
    (void)s;
}

static struct effect
effects_on(const struct world *w, unsigned statement)
{
    struct effect e = {.calls = 1, .rows_read = 1, .errors = 1};
    for (unsigned i = 0; i < w->fault_count; i++) {
        const struct fault *f = &w->fault[i];
        if (f->statement == statement && f->onset_s < w->now_s + 60) {
            apply(w, f, &w->statement[statement], &e);
        }
    }
    return e;
}

static float
phi(const struct world *w, float x)
{
    if (x <= -PHI_MAX || x >= PHI_MAX) {
        return x > 0 ? 1 : 0;
    }
    float at = (x + PHI_MAX) * (PHI_STEPS / (2 * PHI_MAX));
    unsigned i = (unsigned)at;
    return w->phi[i] + (at - (float)i) * (w->phi[i + 1] - w->phi[i]);
}

static unsigned
cell_of(float ln_us)
{
    int i = (int)ceilf(ln_us / CELL_LN) - 1;
    return (unsigned)MAX(MIN(i, GRID_CELLS - 1), 0);
}

/* n calls, lognormal, into w->count; returns the range that was touched. */
static void
spread(struct world *w, double n, float mean, float sd, unsigned *low, unsigned *high)
{
    if (n <= 0) {
        return;
    }
    if (n <= EXACT_MAX) {
        for (unsigned i = 0; i < (unsigned)n; i++) {
            unsigned c = cell_of(mean + sd * normal(w));
            w->count[c]++;
            *low = MIN(*low, c);
            *high = MAX(*high, c);
        }
        return;
    }
    unsigned from = cell_of(mean - 4 * sd), to = cell_of(mean + 4 * sd);
    float before = 0, inverse = 1 / sd;
    for (unsigned c = from; c <= to; c++) {
        float p = c == to ? 1 : phi(w, (w->ln_upper[c] - mean) * inverse);
        float expect = (float)n * (p - before);
        before = p;
        w->count[c] += expect > 1e-3f ? count_of_cell(w, expect) : 0;
    }
    *low = MIN(*low, from);
    *high = MAX(*high, to);
}

/* The cells into the reading; calls become their sum. */
static void
give_cells(struct world *w, unsigned low, unsigned high, struct reading *r)
{
    unsigned n = 0;
    double sum = 0;
    for (unsigned c = low; c <= high && c < GRID_CELLS; c++) {
        if (w->count[c] > 0) {
            w->cell[n++] = (struct reading_cell){w->upper[c], w->count[c]};
            sum += w->count[c];
            w->count[c] = 0;
        }
    }
    r->cell = w->cell;
    r->cell_count = n;
    r->calls = sum;
}

static void
fill_advisor(const struct world *w, const struct statement *s, const struct effect *e,
             struct reading *r)
{
    r->known |= READING_ROWS_READ | READING_LOCK | READING_PLAN;
    r->rows_read = r->rows * e->rows_read;
    r->lock_ms = r->calls * e->lock_ms;
    r->plan = e->reads_all    ? SLICE_LIT("Seq Scan")
              : e->other_plan ? SLICE_LIT("Nested Loop, Index Scan")
                              : SLICE_LIT("Index Scan");
    (void)w;
    (void)s;
}

/* Returns the mean milliseconds that it takes of a request. demand_ms: of a request, by work alone.
 */
static float
play_statement(struct world *w, unsigned i, float requests, float waiting, float load,
               float *ret_demand_ms)
{
    struct statement *s = &w->statement[i];
    struct effect e = effects_on(w, i);
    float per_request = s->calls * e.calls;
    float ln = s->ln_cost + noise_of(w, s) + w->shared + w->shock + w->route[s->route].cold +
               s->by_load * load + waiting + e.ln_cost;
    if (e.lock_ms > 0) {
        ln = logf(expf(ln) + 1000 * e.lock_ms);
    }
    double n = e.stalls ? 0 : poisson(w, requests * per_request);
    struct reading r = {
        .start_s = w->now_s,
        .length_s = 60,
        .route = slice_from_str(w->route[s->route].name),
        .fingerprint = slice_from_str(s->fingerprint),
        .known = READING_REQUESTS | READING_ROWS | READING_REPEATING | READING_SAME_VALUES |
                 READING_OLDEST,
        .requests = requests,
    };
    unsigned low = GRID_CELLS, high = 0;
    double slow = s->slow_share > 0 ? poisson(w, n * s->slow_share) : 0;
    spread(w, n - slow, ln, s->sd_call, &low, &high);
    spread(w, slow, ln + 1.6f, s->sd_call, &low, &high);
    give_cells(w, low, high, &r);
    r.rows = r.calls * s->rows;
    r.requests_repeating = requests * MAX(e.repeating * 0.95f, 0.01f);
    r.same_value_calls = r.calls * (0.05 + (e.same > 0 ? 0.9 * (1 - 1 / e.calls) : 0));
    r.oldest_ms = e.stalls ? 1000 * e.stalled_s : expf(ln + 2 * s->sd_call) / 1000;
    if (w->config.has_advisor) {
        fill_advisor(w, s, &e, &r);
    }
    if (r.calls > 0 || e.stalls) {
        w->out.reading(w->out.ctx, &r);
    }
    *ret_demand_ms = per_request * expf(s->ln_cost + e.ln_cost) / 1000;
    return per_request * expf(ln + s->sd_call * s->sd_call / 2) / 1000;
}

static void
play_route(struct world *w, unsigned i, double requests, float ms, float errors)
{
    struct route *r = &w->route[i];
    float app = r->app_ms * expf(0.05f * normal(w));
    struct reading out = {.start_s = w->now_s, .length_s = 60, .route = slice_from_str(r->name)};
    unsigned low = GRID_CELLS, high = 0;
    float ln = logf((app + ms) * 1000) - r->sd_call * r->sd_call / 2;
    spread(w, requests, ln, r->sd_call, &low, &high);
    give_cells(w, low, high, &out);
    if (r->burst_left > 0 && --r->burst_left == 0) {
        r->burst = 0;
    }
    if (r->burst_left == 0 && uniform(w) < 1.0 / (3 * 1440)) {
        r->burst_left = 1 + (unsigned)prng_below(&w->prng, 3);
        r->burst = (float)between(w, 5, 30);
    }
    double failed = poisson(w, out.calls * r->error_share * errors * (1 + r->burst));
    out.errors = MIN(failed, out.calls);
    out.known = READING_CLASSES;
    out.errors_by_class[ERROR_CLASS_SERVER] = out.errors;
    if (out.calls > 0) {
        w->out.reading(w->out.ctx, &out);
    }
    r->cold *= (float)exp(-60.0 / COLD_S);
}

void
world_minute(struct world *w)
{
    float requests[WORLD_ROUTES_MAX], usual = 0, now = 0, demand = 0, ms[WORLD_ROUTES_MAX] = {0};
    shared_things(w);
    for (unsigned r = 0; r < w->config.routes; r++) {
        requests[r] = (float)poisson(w, traffic_of(w, &w->route[r]));
        usual += w->route[r].per_min;
        now += requests[r];
    }
    /* An M/M/1's waiting, relative to the service time, behind the demand of the minute before. */
    float rho = MIN(w->rho, 0.93f);
    float waiting = logf(1 + 0.5f * rho / (1 - rho));
    for (unsigned i = 0; i < w->statement_count; i++) {
        const struct statement *s = &w->statement[i];
        float work = 0;
        ms[s->route] += play_statement(w, i, requests[s->route], waiting, now / usual - 1, &work);
        demand += requests[s->route] * work;
    }
    w->rho = 0.7f * w->rho + 0.3f * demand / w->capacity_ms;
    for (unsigned r = 0; r < w->config.routes; r++) {
        float errors = 1;
        for (unsigned i = 0; i < w->fault_count; i++) {
            if (w->statement[w->fault[i].statement].route == r &&
                w->fault[i].onset_s < w->now_s + 60) {
                struct effect e = effects_on(w, w->fault[i].statement);
                errors *= e.errors;
            }
        }
        play_route(w, r, requests[r], ms[r], errors);
    }
    w->now_s += 60;
}
