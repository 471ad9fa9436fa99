/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_shape.h"

#include <stdio.h>

#include "base/prng.h"
#include "unit/unit.h"

static void
assert_same(const struct http_shape *a, const struct http_shape *b, const char *text)
{
    if (memcmp(&a->found, &b->found, sizeof(a->found)) != 0 || a->says_error != b->says_error) {
        fail_msg("%s: cut up it looks different", text);
    }
}

/* Whole, and byte by byte, and in random pieces. */
static struct response_shape
shape_of(const char *text)
{
    static struct prng prng = {.state = 7};
    const struct http_content json = {.type = RESPONSE_TYPE_JSON};
    struct slice s = slice_from_str(text);
    struct http_shape whole = {0};
    http_shape_feed(&whole, s);
    http_shape_end(&whole, &json);
    for (unsigned round = 0; round < 20; round++) {
        struct http_shape pieces = {0};
        for (size_t at = 0, n; at < s.len; at += n) {
            n = round == 0 ? 1 : 1 + prng_below(&prng, 9);
            http_shape_feed(&pieces, slice_sub(s, at, n));
        }
        http_shape_end(&pieces, &json);
        assert_same(&whole, &pieces, text);
    }
    return whole.found;
}

static bool
is_subset(uint64_t a, uint64_t of)
{
    return (a & ~of) == 0;
}

static void
what_a_body_is(void **state)
{
    static const struct {
        const char *text;
        enum response_body body;
        bool is_whole;
    } cases[] = {
        {"", RESPONSE_EMPTY, false},
        {" \r\n", RESPONSE_EMPTY, false},
        {"{}", RESPONSE_OBJECT, true},
        {" \n{\"a\":1}\n", RESPONSE_OBJECT, true},
        {"[]", RESPONSE_ARRAY, false},
        {"[1,2]", RESPONSE_ARRAY, false},
        {"[ {\"a\":1}, {\"a\":2", RESPONSE_ARRAY, true},
        {"<!DOCTYPE html><html>", RESPONSE_MARKUP, false},
        {"OK", RESPONSE_OTHER, false},
        {"\"text\"", RESPONSE_OTHER, false},
        {"null", RESPONSE_OTHER, false},
        {"\x1f\x8b\x08", RESPONSE_OTHER, false},
        {"{\"a\":1", RESPONSE_OBJECT, false},
        {"{\"a\":[{\"b\":{}}", RESPONSE_OBJECT, false},
        {"{\"a\":x}", RESPONSE_OBJECT, false},
        {"{\"a\" 1}", RESPONSE_OBJECT, false},
        {"{a:1}", RESPONSE_OBJECT, false},
        {"{]}", RESPONSE_OBJECT, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct response_shape s = shape_of(cases[i].text);
        if (s.body != cases[i].body || (s.root_is_whole != 0) != cases[i].is_whole) {
            fail_msg("%s: %u, %u", cases[i].text, s.body, s.root_is_whole);
        }
    }
}

static void
values_order_and_blanks_do_not_matter(void **state)
{
    static const char *const texts[] = {
        "{\"id\":1,\"name\":\"x\",\"paid\":true,\"tags\":[],\"of\":{\"id\":1}}",
        "{\"name\":\"a \\\"{[\\\\\",\"id\":-2.5e+3,\"tags\":[1,\"]\",[{}]],\"paid\":false,"
        "\"of\":{\"id\":7}}",
        " {\n \"of\" : { \"id\" : 0 } , \"paid\" : false , \"tags\" : [ \"}\\\"\" ] ,\n"
        " \"id\" : 0 , \"name\" : \"\" }\n",
    };
    struct response_shape first = shape_of(texts[0]);
    assert_true(first.root_is_whole == 1 && first.item_is_whole == 1 && first.root_names != 0);
    for (size_t i = 1; i < ARRAY_LEN(texts); i++) {
        struct response_shape s = shape_of(texts[i]);
        if (memcmp(&s, &first, sizeof(s)) != 0) {
            fail_msg("%s", texts[i]);
        }
    }
}

static void
a_member_that_is_missing(void **state)
{
    struct response_shape all = shape_of("{\"id\":1,\"total\":2,\"status\":\"x\"}");
    struct response_shape less = shape_of("{\"id\":1,\"status\":\"x\"}");
    assert_true(is_subset(less.root_names, all.root_names) && less.root_names != all.root_names);
    assert_true(is_subset(less.root_typed, all.root_typed) && less.root_typed != all.root_typed);
}

static void
a_member_of_another_type(void **state)
{
    static const char *const texts[] = {
        "{\"id\":1,\"total\":2.5}", "{\"id\":1,\"total\":\"2.5\"}", "{\"id\":1,\"total\":true}",
        "{\"id\":1,\"total\":[]}",  "{\"id\":1,\"total\":{}}",
    };
    struct response_shape of[ARRAY_LEN(texts)];
    struct response_shape null = shape_of("{\"id\":1,\"total\":null}");
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        of[i] = shape_of(texts[i]);
        assert_true(of[i].root_names == null.root_names);
        assert_true(is_subset(null.root_typed, of[i].root_typed));
        for (size_t k = 0; k < i; k++) {
            assert_true(of[i].root_typed != of[k].root_typed);
        }
    }
    assert_true(shape_of("{\"id\":null,\"total\":null}").root_typed == 0);
}

static void
what_the_item_is(void **state)
{
    struct response_shape in_list =
        shape_of("{\"data\":[{\"id\":1,\"x\":\"a\"},{\"other\":1}],\"n\":1}");
    struct response_shape alone = shape_of("{\"data\":{\"id\":1,\"x\":\"a\"},\"n\":1}");
    struct response_shape root = shape_of("[{\"id\":1,\"x\":\"a\"},{\"other\":1}]");
    assert_true(in_list.root_is_whole == 1 && in_list.item_is_whole == 1);
    assert_true(in_list.item_names == alone.item_names && in_list.item_typed == alone.item_typed);
    assert_true(in_list.item_of == alone.item_of && in_list.root_names == alone.root_names);
    assert_true(in_list.root_typed != alone.root_typed); /* a list, and none */
    assert_true(root.root_names == in_list.item_names && root.root_typed == in_list.item_typed);
    assert_true(root.item_names == 0 && root.item_is_whole == 0);

    /* A list before a member, the first list before others. */
    struct response_shape meta =
        shape_of("{\"meta\":{\"page\":1},\"data\":[{\"id\":1,\"x\":\"a\"}],"
                 "\"more\":[{\"z\":1}]}");
    assert_true(meta.item_names == in_list.item_names && meta.item_of == in_list.item_of);
    /* One that is empty is none: what is seen then is under another member. */
    struct response_shape empty = shape_of("{\"data\":[],\"meta\":{\"page\":1}}");
    assert_true(empty.item_is_whole == 1 && empty.item_of != in_list.item_of);
    assert_true(shape_of("{\"data\":[ ],\"meta\":{ }}").item_is_whole == 0);
    assert_true(shape_of("{\"data\":[1,{\"id\":1}]}").item_is_whole == 0);
    /* Seen to its end, though the body was not. */
    struct response_shape cut = shape_of("{\"data\":[{\"id\":1,\"x\":\"a\"},{\"id\":2,");
    assert_true(cut.item_is_whole == 1 && cut.root_is_whole == 0);
    assert_true(cut.item_names == in_list.item_names);
    assert_true(shape_of("{\"data\":[{\"id\":1,\"x\"").item_is_whole == 0);
}

static void
only_the_beginning_is_looked_at(void **state)
{
    char text[HTTP_SHAPE_MAX + 64];
    int pad = (int)HTTP_SHAPE_MAX - (int)strlen("{\"a\":\"\"}");
    snprintf(text, sizeof(text), "{\"a\":\"%0*d\"}", pad, 0);
    assert_int_equal(shape_of(text).root_is_whole, 1);
    snprintf(text, sizeof(text), "{\"a\":\"%0*d\"}", pad + 1, 0);
    assert_int_equal(shape_of(text).root_is_whole, 0);
    snprintf(text, sizeof(text), "{\"a\":\"%0*d\",\"error\":1}", pad, 0);
    struct http_shape late = {0};
    http_shape_feed(&late, slice_from_str(text));
    assert_false(late.says_error);
    memset(text, '[', sizeof(text) - 1);
    memcpy(text, "{\"a\":", 5);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(shape_of(text).root_is_whole, 0);
    memset(text, ' ', sizeof(text) - 1);
    assert_int_equal(shape_of(text).body, RESPONSE_OTHER);
}

/* Its item all the same, if that is among the first. */
static void
of_a_long_body_less_is_looked_at(void **state)
{
    static char text[2 * HTTP_SHAPE_MAX];
    int len = snprintf(text, sizeof(text), "{\"data\":[{\"id\":1},\"%0*d\"],\"error\":1}",
                       (int)HTTP_SHAPE_MAX_LONG, 0);
    for (unsigned is_known = 0; is_known < 2; is_known++) {
        struct http_shape s = {0};
        http_shape_begin(&s, is_known ? HTTP_SHAPE_MAX + 1 : UINT64_MAX, 0);
        http_shape_feed(&s, slice_of(text, (size_t)len));
        assert_true(s.found.item_is_whole == 1 && s.found.body == RESPONSE_OBJECT);
        assert_int_equal(s.found.root_is_whole, is_known ? 0 : 1);
        assert_int_equal(s.says_error, is_known ? 0 : 1);
    }
}

static void
long_names_are_cut(void **state)
{
    char a[256], b[256];
    snprintf(a, sizeof(a), "{\"%0*d\":1}", (int)HTTP_SHAPE_NAME, 7);
    snprintf(b, sizeof(b), "{\"%0*dx\":1}", (int)HTTP_SHAPE_NAME, 7);
    assert_true(shape_of(a).root_names == shape_of(b).root_names);
    assert_true(shape_of(a).root_is_whole == 1 && shape_of(b).root_is_whole == 1);
}

/* Another installation has other bits for the same names. */
static void
names_are_hashed_with_a_secret(void **state)
{
    struct http_shape s[2] = {0};
    for (unsigned i = 0; i < 2; i++) {
        http_shape_begin(&s[i], UINT64_MAX, 17 + i);
        http_shape_feed(&s[i], SLICE_LIT("{\"id\":1,\"total\":2,\"items\":[{\"id\":1}]}"));
    }
    assert_true(s[0].found.root_names != s[1].found.root_names);
    assert_true(s[0].found.root_typed != s[1].found.root_typed);
    assert_true(s[0].found.item_of != s[1].found.item_of);
}

static void
what_is_compressed_says_nothing(void **state)
{
    const struct http_content gzip = {.type = RESPONSE_TYPE_JSON, .is_encoded = true};
    struct http_shape s = {0};
    http_shape_end(&s, &gzip);
    assert_int_equal(s.found.body, RESPONSE_UNSEEN);
}

static void
errors_are_told_however_they_are_cut(void **state)
{
    static const char *const texts[] = {
        "{\"error\":\"no such order\"}", "{\"errors\": [ {\"message\": \"x\"} ] }",
        "{\"success\": false, \"data\": []}", "{\"status\":\"ERROR\"}", "{\"error\": 17 }"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct http_shape pieces = {0};
        struct slice s = slice_from_str(texts[i]);
        for (size_t k = 0; k < s.len; k++) {
            http_shape_feed(&pieces, slice_sub(s, k, 1));
        }
        assert_true(pieces.says_error);
        (void)shape_of(texts[i]); /* in all other pieces the same */
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_body_is),
        cmocka_unit_test(values_order_and_blanks_do_not_matter),
        cmocka_unit_test(a_member_that_is_missing),
        cmocka_unit_test(a_member_of_another_type),
        cmocka_unit_test(what_the_item_is),
        cmocka_unit_test(only_the_beginning_is_looked_at),
        cmocka_unit_test(of_a_long_body_less_is_looked_at),
        cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(names_are_hashed_with_a_secret),
        cmocka_unit_test(what_is_compressed_says_nothing),
        cmocka_unit_test(errors_are_told_however_they_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
