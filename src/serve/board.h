/* SPDX-License-Identifier: Apache-2.0
 * serve/board.h - the newest text of each document: one thread puts, the serve thread takes.
 *
 * What serve_source.document wants, ready made: put from the judge, board_document as the source's
 * function with the board as ctx (or called by it). A short lock around a pointer; the texts
 * themselves are never copied. Any thread. */
#ifndef SERVE_BOARD_H
#define SERVE_BOARD_H

#include "serve/serve.h"

struct board;
struct board *board_new(void);
void board_free(struct board **board);

/* Takes the text; the one before it goes when its last reader is done. */
void board_put(struct board *board, enum serve_document which, struct serve_text **text);

/* A reference, or NULL when nothing was put yet. */
struct serve_text *board_document(void *board, enum serve_document which);

/* Grows whenever another text was put; putting the same text again changes nothing. */
uint64_t board_version(void *board, enum serve_document which);

#endif
