// SPDX-License-Identifier: Apache-2.0
// The address is the state: which screen, of what, over which time. Everything can be shared.
import { useEffect, useState } from "preact/hooks";

export const RANGES: Record<string, { seconds: number; label: string }> = {
  "1h": { seconds: 3600, label: "1 hour" },
  "6h": { seconds: 6 * 3600, label: "6 hours" },
  "24h": { seconds: 86_400, label: "24 hours" },
  "7d": { seconds: 7 * 86_400, label: "7 days" },
  "30d": { seconds: 30 * 86_400, label: "30 days" },
};
const DEFAULT_RANGE = "1h";

export interface Place {
  path: string;
  query: URLSearchParams;
}

export interface Range {
  /** One of RANGES, which moves with the clock, or null: fixed. */
  name: string | null;
  from: number;
  to: number;
}

const listeners = new Set<() => void>();
const tell = () => listeners.forEach((listener) => listener());
window.addEventListener("popstate", tell);

export function here(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const listener = () => setPlace(here());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return place;
}

export function navigate(to: string): void {
  if (to === location.pathname + location.search) return;
  history.pushState(null, "", to);
  scrollTo(0, 0);
  tell();
}

/** Another range on the same screen. */
export function setRange(members: Record<string, string>): void {
  const { path, query } = here();
  for (const name of ["range", "from", "to"]) query.delete(name);
  for (const [name, value] of Object.entries(members)) query.set(name, value);
  history.pushState(null, "", `${path}?${query}`);
  tell();
}

/** A link within the console keeps the range that is looked at, unless it has one of its own. */
export function address(
  path: string,
  members: Record<string, string> = {},
  range?: { from: number; to: number },
): string {
  const query = new URLSearchParams(members);
  if (range !== undefined) {
    query.set("from", String(range.from));
    query.set("to", String(range.to));
    return `${path}?${query}`;
  }
  const current = here().query;
  for (const name of ["range", "from", "to"]) {
    const value = current.get(name);
    if (value !== null) query.set(name, value);
  }
  if (!query.has("from") && !query.has("range")) query.set("range", DEFAULT_RANGE);
  return `${path}?${query}`;
}

/** The range of the address. One that moves is cut to whole steps, so that equal questions meet. */
export function rangeOf(place: Place, now: number): Range {
  const from = Number(place.query.get("from"));
  const to = Number(place.query.get("to"));
  if (Number.isSafeInteger(from) && Number.isSafeInteger(to) && from > 0 && to > from) {
    return { name: null, from, to };
  }
  const wanted = place.query.get("range") ?? DEFAULT_RANGE;
  const name = wanted in RANGES ? wanted : DEFAULT_RANGE;
  const length = RANGES[name]!.seconds;
  const step = Math.max(10, length / 360);
  const end = Math.floor(now / step) * step;
  return { name, from: end - length, to: end };
}
