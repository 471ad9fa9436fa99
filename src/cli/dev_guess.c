/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dev_guess.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/slice.h"

#define LARAVEL_CACHE "bootstrap/cache/config.php"

/* What is behind the last ':' of the word, or the word. */
static uint16_t
port_of(const char *word)
{
    const char *colon = strrchr(word, ':');
    uint64_t port;
    bool good = slice_to_u64(slice_from_str(colon == NULL ? word : colon + 1), &port) == 0 &&
                port > 0 && port < 65536;
    return good ? (uint16_t)port : 0;
}

/* One of the options that servers take their port by: "--port=8001", or "--port" and the next. */
static uint16_t
port_by_option(char *const *word)
{
    static const char *const options[] = {"--port", "-p", "-S", "--bind", "-b", "runserver"};
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        size_t len = strlen(options[i]);
        if (strncmp(word[0], options[i], len) != 0) {
            continue;
        }
        if (word[0][len] == '=') {
            return port_of(word[0] + len + 1);
        }
        if (word[0][len] == '\0' && word[1] != NULL) {
            return port_of(word[1]);
        }
    }
    return 0;
}

static bool
names(char *const *command, const char *what)
{
    for (; *command != NULL; command++) {
        const char *slash = strrchr(*command, '/');
        if (strcmp(slash == NULL ? *command : slash + 1, what) == 0) {
            return true;
        }
    }
    return false;
}

uint16_t
dev_guess_port(char *const *command)
{
    static const struct {
        const char *first, *second; /* both are among the words */
        uint16_t port;
    } servers[] = {
        {"artisan", "serve", 8000},     {"manage.py", "runserver", 8000},
        {"rails", "server", 3000},      {"rails", "s", 3000},
        {"flask", "run", 5000},         {"uvicorn", "uvicorn", 8000},
        {"gunicorn", "gunicorn", 8000},
    };
    for (char *const *word = command; *word != NULL; word++) {
        uint16_t port = port_by_option(word);
        if (port != 0) {
            return port;
        }
    }
    const char *env = getenv("PORT");
    if (env != NULL && port_of(env) != 0) {
        return port_of(env);
    }
    for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
        if (names(command, servers[i].first) && names(command, servers[i].second)) {
            return servers[i].port;
        }
    }
    return 0;
}

/* PHP's own answer; "" when it cannot be asked. */
static void
php_variables_order(char *const *command, char *dst, size_t size)
{
    char line[512];
    dst[0] = '\0';
    const char *name = strrchr(command[0], '/');
    if (strncmp(name == NULL ? command[0] : name + 1, "php", 3) != 0) {
        return;
    }
    for (char *const *word = command; *word != NULL; word++) { /* told on the command line */
        const char *given = strstr(*word, "variables_order=");
        if (given != NULL) {
            snprintf(dst, size, "%s", given + strlen("variables_order="));
            return;
        }
    }
    FILE *php = popen("php -r 'echo ini_get(\"variables_order\");' 2>/dev/null", "re");
    if (php != NULL && fgets(line, sizeof(line), php) != NULL) {
        snprintf(dst, size, "%.30s", line);
    }
    if (php != NULL) {
        pclose(php);
    }
}

void
dev_print_remedy(FILE *out, char *const *command, const struct dbenv *database, uint16_t port)
{
    char order[64];
    bool any = false;
    fprintf(out, "slowburn dev: requests are answered, but no query passes through slowburn: the\n"
                 "  application does not take its database from the environment.\n");
    if (access(LARAVEL_CACHE, F_OK) == 0) {
        fprintf(out, "  - Its configuration is cached (%s): php artisan config:clear\n",
                LARAVEL_CACHE);
        any = true;
    }
    php_variables_order(command, order, sizeof(order));
    if (order[0] != '\0' && strpbrk(order, "eE") == NULL) {
        fprintf(out,
                "  - PHP hides the environment from it (variables_order = %s): run it with\n"
                "    php -d variables_order=EGPCS\n",
                order);
        any = true;
    }
    if (database->is_socket) {
        fprintf(out,
                "  - It reaches the database by a socket (%s), perhaps named in its configuration\n"
                "    too: let it connect over TCP\n",
                database->upstream + strlen("unix:"));
        any = true;
    }
    fprintf(out, "  %s host 127.0.0.1 and port %u as its database's, and start it again.\n",
            any ? "Or set" : "Set", port);
}
