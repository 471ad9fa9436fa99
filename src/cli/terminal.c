/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/terminal.h"

#include <curses.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>

#include "base/check.h"

size_t
terminal_width(void)
{
    struct winsize size = {0};
    bool known = isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    return known ? size.ws_col : 0;
}

bool
terminal_can_draw(void)
{
    int why = 0;
    if (!isatty(STDOUT_FILENO) || setupterm(NULL, STDOUT_FILENO, &why) != OK) {
        return false;
    }
    const char *move = tigetstr("cup");
    bool can = move != NULL && move != (const char *)-1;
    del_curterm(cur_term);
    return can;
}

void
terminal_copy(const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = MIN(strlen(text), (size_t)TERMINAL_COPY_MAX);
    fputs("\033]52;c;", stdout);
    for (size_t i = 0; i < len; i += 3) {
        unsigned long group = (unsigned long)(unsigned char)text[i] << 16;
        group |= i + 1 < len ? (unsigned long)(unsigned char)text[i + 1] << 8 : 0;
        group |= i + 2 < len ? (unsigned long)(unsigned char)text[i + 2] : 0;
        char four[5] = {digits[group >> 18], digits[(group >> 12) & 63], digits[(group >> 6) & 63],
                        digits[group & 63], '\0'};
        four[3] = i + 2 < len ? four[3] : '=';
        four[2] = i + 1 < len ? four[2] : '=';
        fputs(four, stdout);
    }
    fputs("\a", stdout);
    fflush(stdout);
}
