/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/terminal.h"

#include <curses.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>

#include "base/base64.h"

#define PIECE 48u /* whole groups of three bytes, so that only the last one is padded */

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
    uint8_t coded[BASE64_ENCODED_LEN(PIECE)];
    struct slice rest = slice_sub(slice_from_str(text), 0, TERMINAL_COPY_MAX);
    fputs("\033]52;c;", stdout);
    for (; rest.len > 0; rest = slice_sub(rest, PIECE, rest.len)) {
        fwrite(coded, 1, base64_encode(slice_sub(rest, 0, PIECE), coded), stdout);
    }
    fputs("\a", stdout);
    fflush(stdout);
}
