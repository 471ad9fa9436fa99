/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/board.h"

#include <pthread.h>
#include <stdlib.h>

struct board {
    pthread_mutex_t lock;
    struct serve_text *texts[SERVE_DOCUMENT_COUNT];
    uint64_t versions[SERVE_DOCUMENT_COUNT];
};

struct board *
board_new(void)
{
    struct board *board = check_alloc(1, sizeof(*board));
    pthread_mutex_init(&board->lock, NULL);
    return board;
}

void
board_free(struct board **board_ptr)
{
    struct board *board = TAKE(*board_ptr);
    if (board == NULL) {
        return;
    }
    for (size_t i = 0; i < SERVE_DOCUMENT_COUNT; i++) {
        serve_text_free(&board->texts[i]);
    }
    pthread_mutex_destroy(&board->lock);
    free(board);
}

void
board_put(struct board *board, enum serve_document which, struct serve_text **text)
{
    assert(which < SERVE_DOCUMENT_COUNT);
    pthread_mutex_lock(&board->lock);
    struct serve_text *old = board->texts[which];
    bool same = old != NULL && slice_eq(serve_text_slice(old), serve_text_slice(*text));
    board->texts[which] = TAKE(*text);
    board->versions[which] += !same;
    pthread_mutex_unlock(&board->lock);
    serve_text_free(&old);
}

struct serve_text *
board_document(void *ctx, enum serve_document which)
{
    struct board *board = ctx;
    assert(which < SERVE_DOCUMENT_COUNT);
    pthread_mutex_lock(&board->lock);
    struct serve_text *text = board->texts[which];
    text = text == NULL ? NULL : serve_text_ref(text);
    pthread_mutex_unlock(&board->lock);
    return text;
}

uint64_t
board_version(void *ctx, enum serve_document which)
{
    struct board *board = ctx;
    assert(which < SERVE_DOCUMENT_COUNT);
    pthread_mutex_lock(&board->lock);
    uint64_t version = board->versions[which];
    pthread_mutex_unlock(&board->lock);
    return version;
}
