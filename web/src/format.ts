// SPDX-License-Identifier: Apache-2.0
// Numbers, durations and times as a person reads them. The same words as the terminal's page.

const NONE = "–";

/** So many digits behind the point, thousands apart: 1012.5 → "1,012.5". Intl would take as long as the rest of a page. */
export function fixed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/(?<!\.\d*)\B(?=(\d{3})+(?!\d))/g, ",");
}

export function count(n: number | null | undefined): string {
  return n == null ? NONE : fixed(Math.round(n), 0);
}

/** 338.04 → "338.0"; with sign, "+338.0" and a real minus. */
export function ms(value: number | null | undefined, sign = false): string {
  if (value == null || Number.isNaN(value)) return NONE;
  const text = fixed(Math.abs(value), Math.abs(value) >= 1000 ? 0 : 1);
  if (text === "0.0") return text;
  return (value < 0 ? "−" : sign ? "+" : "") + text;
}

/** 0.4 → "0.4 ms", 388.2 → "388 ms", 12000 → "12.0 s". */
export function duration(value: number | null | undefined): string {
  if (value == null) return NONE;
  if (value < 0.1 && value > 0) return `${value.toFixed(2)} ms`;
  if (value < 10) return `${value.toFixed(1)} ms`;
  if (value < 10_000) return `${count(value)} ms`;
  return `${(value / 1000).toFixed(1)} s`;
}

/** 200 → "3 m 20 s". */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} m ${s % 60} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} m`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

/** Its largest unit alone: 200 → "3 m". */
export const roughly = (seconds: number) => span(seconds).split(" ").slice(0, 2).join(" ");

export function load(value: number | null | undefined): string {
  return value == null ? NONE : value < 0.1 && value > 0 ? value.toFixed(2) : value.toFixed(1);
}

/** How often: 2 → "2", 0.35 → "0.4", 1012 → "1,012". */
export function rate(value: number | null | undefined): string {
  return value == null || value >= 10 || Number.isInteger(value) ? count(value) : load(value);
}

export function percent(share: number | null | undefined): string {
  if (share == null) return NONE;
  const p = share * 100;
  if (p > 0 && p < 0.05) return "< 0.1 %";
  return `${p === 0 || (p >= 9.95 && p < 99.5) || p === 100 ? p.toFixed(0) : p.toFixed(1)} %`;
}

export function bytes(n: number | null | undefined): string {
  if (n == null) return NONE;
  const units = ["B", "KB", "MB", "GB", "TB"];
  let i = 0;
  for (; n >= 1000 && i < units.length - 1; i++) n /= 1000;
  return `${i === 0 || n >= 10 ? n.toFixed(0) : n.toFixed(1)} ${units[i]}`;
}

const two = (n: number) => String(n).padStart(2, "0");

/** The local time of day, with the date before it when it is not today's. */
export function clock(at: string | number | null, now = Date.now()): string {
  if (at == null) return NONE;
  const d = new Date(typeof at === "number" ? at * 1000 : at);
  if (Number.isNaN(d.getTime())) return NONE;
  const time = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  const day = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  return d.toDateString() === new Date(now).toDateString() ? time : `${day} ${time}`;
}

/** Seconds since 1970. */
export function seconds(at: string | null | undefined): number | null {
  const t = at == null ? NaN : Date.parse(at);
  return Number.isNaN(t) ? null : t / 1000;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
