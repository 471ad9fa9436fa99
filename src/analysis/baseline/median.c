/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/baseline/median.h"

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

float
median_of(float *value, unsigned count)
{
    if (count == 0) {
        return 0;
    }
    int n = (int)count;
    float upper = nth(value, n, n / 2);
    if (n % 2 == 1) {
        return upper;
    }
    float lower = value[0];
    for (int i = 1; i < n / 2; i++) {
        lower = value[i] > lower ? value[i] : lower;
    }
    return (lower + upper) / 2;
}
