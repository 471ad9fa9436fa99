/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/access.h"

/* "localhost", "127.0.0.1" or "[::1]", with a port or without. */
static bool
is_loopback_host(struct slice host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct slice name = slice_from_str(names[i]);
        struct slice rest = slice_sub(host, name.len, host.len);
        uint64_t port;
        if (slice_starts_with_ci(host, name) &&
            (rest.len == 0 ||
             (rest.ptr[0] == ':' && slice_to_u64(slice_sub(rest, 1, rest.len), &port) == 0))) {
            return true;
        }
    }
    return false;
}

static bool
has_token(const struct api_request *r, const struct token *token)
{
    struct slice given = http_head_value(r->head, r->bytes, SLICE_LIT("authorization"));
    return token != NULL && slice_starts_with_ci(given, SLICE_LIT("bearer ")) &&
           token_matches(token, slice_trim(slice_sub(given, 7, given.len)));
}

static struct slice
field(const struct api_request *r, const char *name)
{
    return http_head_value(r->head, r->bytes, slice_from_str(name));
}

/* Browsers say where a request comes from, and no page can make them lie. "same-site" is another
 * port of this host: another program. */
static bool
is_of_another_site(const struct api_request *r)
{
    struct slice site = field(r, "sec-fetch-site");
    struct slice origin = field(r, "origin");
    if (site.len > 0 && !slice_eq(site, SLICE_LIT("same-origin")) &&
        !slice_eq(site, SLICE_LIT("none"))) {
        return true;
    }
    if (origin.len == 0) {
        return false;
    }
    size_t scheme = slice_starts_with_ci(origin, SLICE_LIT("https://"))  ? 8
                    : slice_starts_with_ci(origin, SLICE_LIT("http://")) ? 7
                                                                         : 0;
    return scheme == 0 ||
           !slice_eq_ci(slice_sub(origin, scheme, origin.len), slice_trim(field(r, "host")));
}

unsigned
access_check(const struct api_request *r, const struct token *token, enum access_to to,
             const char **ret_why)
{
    if (r->peer == API_LOOPBACK && !is_loopback_host(field(r, "host"))) {
        *ret_why = "on TCP the Host must be localhost, 127.0.0.1 or [::1]";
        return 403;
    }
    if (to == ACCESS_FILES) {
        return 0;
    }
    if (is_of_another_site(r)) {
        *ret_why = "pages of other sites may not use this API";
        return 403;
    }
    bool needs_token = r->peer == API_REMOTE || (r->peer == API_LOOPBACK && to == ACCESS_CHANGE);
    if (needs_token && !has_token(r, token)) {
        *ret_why = "this needs the unix socket, or Authorization: Bearer with the token file";
        return 401;
    }
    return 0;
}
