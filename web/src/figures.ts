// SPDX-License-Identifier: Apache-2.0
// One figure of many points.

export type Values = (number | null)[];

/** A mean by weight, so that a busy minute counts for what it is. */
export function weighted(values: Values, weights: Values, from = 0, until = values.length): number | null {
  let sum = 0;
  let weight = 0;
  for (let i = from; i < until; i++) {
    const value = values[i];
    const w = weights[i];
    if (value != null && w) {
      sum += value * w;
      weight += w;
    }
  }
  return weight > 0 ? sum / weight : null;
}

/** The mean of what is known. */
export function mean(values: Values, from = 0, until = values.length): number | null {
  const known = values.slice(from, until).filter((v): v is number => v !== null);
  return known.length === 0 ? null : known.reduce((sum, v) => sum + v, 0) / known.length;
}
