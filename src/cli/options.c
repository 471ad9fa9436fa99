/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "cli/cli.h"

enum {
    OPT_DATA = 1,
    OPT_ADMIN,
    OPT_JSON,
    OPT_SORT,
    OPT_LIMIT,
    OPT_ROUTE,
    OPT_SLOW,
    OPT_ONCE,
    OPT_FINGERPRINT,
    OPT_FOR,
    OPT_LEN,
    OPT_AFFECTS
};

static const struct option long_options[] = {
    {"data", required_argument, NULL, OPT_DATA},
    {"admin", required_argument, NULL, OPT_ADMIN},
    {"json", no_argument, NULL, OPT_JSON},
    {"sort", required_argument, NULL, OPT_SORT},
    {"limit", required_argument, NULL, OPT_LIMIT},
    {"route", required_argument, NULL, OPT_ROUTE},
    {"slow", no_argument, NULL, OPT_SLOW},
    {"once", no_argument, NULL, OPT_ONCE},
    {"fingerprint", required_argument, NULL, OPT_FINGERPRINT},
    {"for", required_argument, NULL, OPT_FOR},
    {"len", required_argument, NULL, OPT_LEN},
    {"affects", required_argument, NULL, OPT_AFFECTS},
    {NULL, 0, NULL, 0},
};

static int
usage(const char *verb, const char *what, const char *word)
{
    fprintf(stderr, "slowburn %s: %s%s%s; see 'slowburn %s --help'\n", verb, what,
            word[0] != '\0' ? " " : "", word, verb);
    return CLI_USAGE;
}

static bool
is_allowed(const char *allowed, const char *name)
{
    struct slice rest = slice_from_str(allowed);
    struct slice piece;
    while (slice_split(&rest, ',', &piece)) {
        if (slice_eq(piece, slice_from_str(name))) {
            return true;
        }
    }
    return false;
}

/* "2h" in seconds; 0: it is no such thing. */
static unsigned
parse_span(const char *text)
{
    static const struct {
        char unit;
        unsigned seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    struct slice all = slice_from_str(text);
    uint64_t n;
    if (all.len < 2 || slice_to_u64(slice_sub(all, 0, all.len - 1), &n) < 0 || n > 1000000) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (text[all.len - 1] == units[i].unit) {
            return (unsigned)n * units[i].seconds;
        }
    }
    return 0;
}

static int
parse_one(const char *verb, const char *allowed, int opt, struct options *o)
{
    static const char *const gated[] = {[OPT_JSON] = "json",
                                        [OPT_SORT] = "sort",
                                        [OPT_LIMIT] = "limit",
                                        [OPT_ROUTE] = "route",
                                        [OPT_SLOW] = "slow",
                                        [OPT_ONCE] = "once",
                                        [OPT_FINGERPRINT] = "fingerprint",
                                        [OPT_FOR] = "for",
                                        [OPT_LEN] = "len",
                                        [OPT_AFFECTS] = "affects"};
    if (opt > OPT_ADMIN && !is_allowed(allowed, gated[opt])) {
        return usage(verb, "it takes no option", gated[opt]);
    }
    uint64_t limit, length;
    switch (opt) {
    case OPT_DATA:
        o->data = optarg;
        return 0;
    case OPT_ADMIN:
        o->admin = optarg;
        return 0;
    case OPT_JSON:
        o->json = true;
        return 0;
    case OPT_SORT:
        o->sort = optarg;
        return 0;
    case OPT_ROUTE:
        o->route = optarg;
        return 0;
    case OPT_SLOW:
        o->slow = true;
        return 0;
    case OPT_ONCE:
        o->once = true;
        return 0;
    case OPT_FINGERPRINT:
        o->fingerprint = optarg;
        return 0;
    case OPT_FOR:
        o->seconds = parse_span(optarg);
        return o->seconds > 0 ? 0 : usage(verb, "--for wants 90s, 30m, 2h or 7d, not", optarg);
    case OPT_LEN:
        if (slice_to_u64(slice_from_str(optarg), &length) < 0 ||
            (length != 1 && length != 10 && length != 60)) {
            return usage(verb, "--len wants 1, 10 or 60 seconds, not", optarg);
        }
        o->length = (unsigned)length;
        return 0;
    case OPT_AFFECTS:
        if (o->affects_count == DEPLOY_AFFECTS_MAX) {
            return usage(verb, "one --affects too many:", optarg);
        }
        o->affects[o->affects_count++] = optarg;
        return 0;
    case OPT_LIMIT:
        if (slice_to_u64(slice_from_str(optarg), &limit) < 0 || limit == 0 || limit > 1000000) {
            return usage(verb, "--limit wants a number from 1 to 1000000, not", optarg);
        }
        o->limit = (unsigned)limit;
        return 0;
    default:
        return CLI_USAGE;
    }
}

int
options_parse(int argc, char **argv, const char *allowed, unsigned words_min, unsigned words_max,
              struct options *ret_options)
{
    struct options o = {0};
    int opt;
    optind = 1;
    opterr = 0;
    while ((opt = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        if (opt == ':') {
            return usage(argv[0], "a value is missing after", argv[optind - 1]);
        }
        if (opt == '?') {
            return usage(argv[0], "unknown option", argv[optind - 1]);
        }
        int r = parse_one(argv[0], allowed, opt, &o);
        if (r != 0) {
            return r;
        }
    }
    o.words = (const char *const *)argv + optind;
    o.word_count = (unsigned)(argc - optind);
    if (o.word_count < words_min) {
        return usage(argv[0], "an argument is missing", "");
    }
    if (o.word_count > words_max) {
        return usage(argv[0], "one argument too many:", o.words[words_max]);
    }
    *ret_options = o;
    return 0;
}

unsigned long
options_incident_id(const char *verb, const char *word)
{
    uint64_t id;
    if (slice_to_u64(slice_from_str(word), &id) < 0 || id == 0 || id > 0xffffffffu) {
        fprintf(stderr,
                "slowburn %s: '%s' is not an incident's number; "
                "'slowburn incidents' lists them\n",
                verb, word);
        return 0;
    }
    return (unsigned long)id;
}
