/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/baseline/median.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define MANY      256u
#define RANK_BITS 11u

static void
swap(float *a, float *b)
{
    float t = *a;
    *a = *b;
    *b = t;
}

/* Hoare's selection: afterwards value[k] is in its place, smaller ones before it. */
static float
nth(float *value, int count, int k)
{
    int low = 0, high = count - 1;
    while (low < high) {
        float pivot = value[(low + high) / 2];
        int i = low, j = high;
        while (i <= j) {
            while (value[i] < pivot) {
                i++;
            }
            while (value[j] > pivot) {
                j--;
            }
            if (i <= j) {
                swap(&value[i++], &value[j--]);
            }
        }
        if (k <= j) {
            high = j;
        } else if (k >= i) {
            low = i;
        } else {
            break;
        }
    }
    return value[k];
}

static float
most_of(const float *value, int n)
{
    float most = value[0];
    for (int i = 1; i < n; i++) {
        most = value[i] > most ? value[i] : most;
    }
    return most;
}

/* A number that is larger where the float is: its sign, exponent and first digits. */
static unsigned
rank_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    bits ^= (bits >> 31) != 0 ? 0xffffffffu : 0x80000000u;
    return bits >> (32 - RANK_BITS);
}

/* Of many: those around the middle are found by counting, which nothing has to be guessed for. */
static float
median_of_many(float *value, unsigned count)
{
    uint32_t of_rank[1u << RANK_BITS] = {0};
    for (unsigned i = 0; i < count; i++) {
        of_rank[rank_of(value[i])]++;
    }
    unsigned k = count / 2, below = 0, rank = 0;
    for (; below + of_rank[rank] <= k; rank++) {
        below += of_rank[rank];
    }
    unsigned n = 0;
    float most_below = -INFINITY;
    for (unsigned i = 0; i < count; i++) {
        float v = value[i];
        unsigned r = rank_of(v);
        value[n] = v;
        n += r == rank ? 1 : 0;
        most_below = r < rank && v > most_below ? v : most_below;
    }
    float upper = nth(value, (int)n, (int)(k - below));
    if (count % 2 == 1) {
        return upper;
    }
    float lower = k > below ? most_of(value, (int)(k - below)) : most_below;
    return (lower + upper) / 2;
}

float
median_of(float *value, unsigned count)
{
    if (count == 0) {
        return 0;
    }
    if (count >= MANY) {
        return median_of_many(value, count);
    }
    int n = (int)count;
    float upper = nth(value, n, n / 2);
    return n % 2 == 1 ? upper : (most_of(value, n / 2) + upper) / 2;
}
