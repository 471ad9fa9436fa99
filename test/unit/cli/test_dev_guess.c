/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dev_guess.h"

#include <stdlib.h>

#include "unit/unit.h"

static void
a_command_says_where_it_listens(void **state)
{
    static const struct {
        const char *words[6];
        uint16_t port;
    } cases[] = {
        {{"php", "artisan", "serve"}, 8000},
        {{"php", "artisan", "serve", "--port=8123"}, 8123},
        {{"php", "-S", "0.0.0.0:8080", "-t", "public"}, 8080},
        {{"python3", "manage.py", "runserver"}, 8000},
        {{"python3", "./manage.py", "runserver", "0.0.0.0:8001"}, 8001},
        {{"bin/rails", "server", "-p", "3001"}, 3001},
        {{"bundle", "exec", "rails", "s"}, 3000},
        {{"flask", "run"}, 5000},
        {{"uvicorn", "app:main", "--port", "9000"}, 9000},
        {{"gunicorn", "-b", "127.0.0.1:8002", "app"}, 8002},
        {{"gunicorn", "-b", "unix:/run/app.sock", "app"}, 8000},
        {{"./server"}, 0},
        {{"./server", "--port"}, 0},
        {{"./server", "--port", "many"}, 0},
    };
    unsetenv("PORT");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(dev_guess_port((char *const *)cases[i].words), cases[i].port);
    }
    setenv("PORT", "4000", 1);
    assert_int_equal(dev_guess_port((char *const *)cases[11].words), 4000);
    assert_int_equal(dev_guess_port((char *const *)cases[2].words),
                     8080); /* what is said goes before */
    unsetenv("PORT");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_command_says_where_it_listens)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
