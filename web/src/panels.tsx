// SPDX-License-Identifier: Apache-2.0
// What the screens over time are made of: an answer that is waited for, charts side by side, lists.
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import type { Answer } from "./api";
import { TimeChart, type Line, type Marks } from "./chart";
import type { Values } from "./figures";
import { duration, load, rate } from "./format";
import type { Quantiles, Series } from "./types";
import { Loading, Problem } from "./ui";

/** What has come, or why it has not. What was shown stays while it is asked for again. */
export function Answered<T>({
  answer: { data, error, again },
  children,
}: {
  answer: Answer<T>;
  children: (data: T) => ComponentChildren;
}) {
  return (
    <>
      {error && <Problem error={error} again={again} />}
      {data === null ? !error && <Loading /> : children(data)}
    </>
  );
}

export interface Panel {
  title: string;
  lines: Line[];
  format: (value: number | null | undefined) => string;
  /** Of the figures at the axis. */
  unit?: "ms";
}

export const latencyPanel = (data: Quantiles): Panel => ({
  title: "Latency",
  format: duration,
  unit: "ms",
  lines: [
    { label: "p50", values: data.p50_ms, color: "--chart-1" },
    { label: "p95", values: data.p95_ms, color: "--chart-2" },
    { label: "p99", values: data.p99_ms, color: "--chart-3" },
  ],
});

export const loadPanel = (data: { load: Values }): Panel => ({
  title: "Database load",
  format: load,
  lines: [{ label: "database load", values: data.load, color: "--chart-2", fill: true }],
});

/** A mean request, and what of it was in the database. */
export const meanPanel = (data: { mean_ms: Values; db_ms: Values }): Panel => ({
  title: "Mean request",
  format: duration,
  unit: "ms",
  lines: [
    { label: "all", values: data.mean_ms, color: "--chart-1" },
    { label: "in the database", values: data.db_ms, color: "--chart-2", fill: true },
  ],
});

/** How often something happened; `label` in the plural. */
export const ratePanel = (title: string, label: string, values: Values, color = "--chart-1"): Panel => ({
  title,
  format: rate,
  lines: [{ label, values, color, fill: true }],
});

export function useMarks({ deploys, incidents }: Marks): Marks {
  return useMemo(() => ({ deploys, incidents }), [deploys, incidents]);
}

/** `make` must be the same function each time. */
export function Panels<T extends Series & Marks>({
  data,
  make,
  isFixed = false,
}: {
  data: T;
  make: (data: T) => Panel[];
  /** The screen has one range; no other is picked by dragging. */
  isFixed?: boolean;
}) {
  const panels = useMemo(() => make(data), [data]);
  const marks = useMarks(data);
  return (
    <div class="grid">
      {panels.map((panel) => (
        <div key={panel.title} class="card">
          <TimeChart {...panel} times={data.times} step={data.step_s} marks={marks} isFixed={isFixed} />
        </div>
      ))}
    </div>
  );
}

export interface Column<T> {
  head: ComponentChildren;
  cell: (row: T) => ComponentChildren;
  /** Of numbers, to the right. */
  n?: boolean;
  /** Left out where there is little room. */
  wide?: boolean;
  bad?: (row: T) => boolean;
}

/** A card with a table. The first column names the row. */
export function ListCard<T>({
  id,
  title,
  note,
  rows,
  keyOf,
  columns,
  empty,
  isLong = false,
}: {
  id: string;
  title: string;
  note?: string;
  rows: T[];
  keyOf: (row: T) => string;
  columns: Column<T>[];
  empty: string;
  isLong?: boolean;
}) {
  const look = (column: Column<T>, row?: T) =>
    [
      column.n && "n",
      column.wide && "wide",
      row !== undefined && column.bad?.(row) && "fail",
    ]
      .filter(Boolean)
      .join(" ");
  return (
    <section class={`card scroll list-card${isLong ? " long" : ""}`} aria-labelledby={id}>
      <h2 id={id}>
        {title} {note && <small>{note}</small>}
      </h2>
      {rows.length === 0 ? (
        <p class="muted">{empty}</p>
      ) : (
        <table class="list">
          <thead>
            <tr>
              {columns.map((column, i) => (
                <th key={i} scope="col" class={look(column)}>
                  {column.head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={keyOf(row)}>
                {columns.map((column, i) =>
                  i === 0 ? (
                    <th key={i} scope="row">
                      {column.cell(row)}
                    </th>
                  ) : (
                    <td key={i} class={look(column, row)}>
                      {column.cell(row)}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
