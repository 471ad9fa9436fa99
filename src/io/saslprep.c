/* SPDX-License-Identifier: Apache-2.0 */
#include "io/saslprep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <stringprep.h>

#define PROFILE_MAX 32 /* steps of a profile; SASLprep has 18 */

static bool
is_ascii(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] > 0x7f) {
            return false;
        }
    }
    return true;
}

/* libidn's steps without the normalization, which it would put before those that forbid. */
static void
profile_without_nfkc(Stringprep_profile ret_steps[PROFILE_MAX])
{
    unsigned count = 0;
    memset(ret_steps, 0, PROFILE_MAX * sizeof(*ret_steps));
    for (const Stringprep_profile *step = stringprep_saslprep;
         step->operation != 0 && count < PROFILE_MAX - 1; step++) {
        if (step->operation != STRINGPREP_NFKC) {
            ret_steps[count++] = *step;
        }
    }
}

/* From malloc. */
static void
wipe_and_free(void *memory, size_t size)
{
    if (memory != NULL) {
        explicit_bzero(memory, size);
        free(memory);
    }
}

static size_t
length(const uint32_t *codes)
{
    size_t count = 0;
    while (codes[count] != 0) {
        count++;
    }
    return count;
}

static int
normalize(const uint32_t *codes, size_t count, uint8_t *dst, size_t size, size_t *ret_len)
{
    size_t len = 0;
    uint32_t *normal = stringprep_ucs4_nfkc_normalize(codes, (ssize_t)count);
    char *text = normal == NULL ? NULL : stringprep_ucs4_to_utf8(normal, -1, NULL, &len);
    int err = text == NULL ? -ENOMEM : len > size ? -E2BIG : 0;
    if (err == 0) {
        memcpy(dst, text, len);
        *ret_len = len;
    }
    if (normal != NULL) {
        wipe_and_free(normal, length(normal) * sizeof(*normal));
    }
    wipe_and_free(text, len);
    return err;
}

int
saslprep(struct slice password, uint8_t *dst, size_t size, struct slice *ret_prepared)
{
    Stringprep_profile profile[PROFILE_MAX];
    size_t count = 0, len;
    int err = 0;
    *ret_prepared = password;
    if (is_ascii(password) || memchr(password.ptr, 0, password.len) != NULL) {
        return 0;
    }
    uint32_t *codes =
        stringprep_utf8_to_ucs4((const char *)password.ptr, (ssize_t)password.len, &count);
    if (codes == NULL) {
        return 0; /* no UTF-8 */
    }
    size_t room = (count + 1) * sizeof(*codes);
    profile_without_nfkc(profile);
    if (stringprep_4i(codes, &count, count + 1, STRINGPREP_NO_UNASSIGNED, profile) ==
            STRINGPREP_OK &&
        count > 0) {
        err = normalize(codes, count, dst, size, &len);
        *ret_prepared = err == 0 ? slice_of(dst, len) : password;
    }
    wipe_and_free(codes, room);
    return err;
}
