/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/baseline/kendall.h"

#include <math.h>

double
kendall_z(const double *v, unsigned n)
{
    double s = 0;
    for (unsigned i = 0; i < n; i++) {
        for (unsigned k = i + 1; k < n; k++) {
            s += v[k] > v[i] ? 1 : v[k] < v[i] ? -1 : 0;
        }
    }
    double variance = n * (n - 1.0) * (2.0 * n + 5.0) / 18.0;
    return n < 3 || s == 0 ? 0 : (s - (s > 0 ? 1 : -1)) / sqrt(variance);
}
