// SPDX-License-Identifier: Apache-2.0
// One route over time: how long all of its requests took, what they asked, and what a deploy changed.
import { useState } from "preact/hooks";
import { useApi } from "./api";
import { HeatMap } from "./chart";
import { clock, count, duration, load, ms, percent, span } from "./format";
import { address, type Place } from "./location";
import { Answered, latencyPanel, ListCard, Panels, useMarks, type Panel } from "./panels";
import { RangePicker, rangeQuery, useRange } from "./range";
import type { RouteDetail, TraceHead } from "./types";
import { Link, StatementLink, Title } from "./ui";
import { ROUTE_BASIS } from "./words";

export function RouteScreen({ place }: { place: Place }) {
  const name = place.query.get("name") ?? "";
  const range = useRange(place);
  const answer = useApi<RouteDetail>(
    `/api/v1/route?name=${encodeURIComponent(name)}&${rangeQuery(range)}`,
  );
  return (
    <>
      <p class="eyebrow">
        Route{answer.data && `, named ${ROUTE_BASIS[answer.data.route_basis]}`}
      </p>
      <div class="title-row">
        <Title text={name} />
        <RangePicker range={range} />
      </div>
      <Answered answer={answer}>
        {(data) => (
          <>
            <Detail data={data} />
            <Examples route={name} />
          </>
        )}
      </Answered>
    </>
  );
}

function Examples({ route }: { route: string }) {
  const { data } = useApi<TraceHead[]>(`/api/v1/traces?route=${encodeURIComponent(route)}`);
  const traces = [...(data ?? [])].sort((a, b) => b.duration_ms - a.duration_ms).slice(0, 10);
  if (traces.length === 0) return null;
  return (
    <ListCard
      id="examples"
      title="Examples"
      note="kept of this half hour and of the one before"
      rows={traces}
      keyOf={(trace) => trace.trace_id}
      empty=""
      columns={[
        {
          head: "at",
          cell: (trace) => (
            <Link to={address(`/trace/${trace.trace_id}`)}>{clock(trace.started_at)}</Link>
          ),
        },
        { head: "took", n: true, cell: (trace) => duration(trace.duration_ms) },
        { head: "database", n: true, wide: true, cell: (trace) => duration(trace.db_ms) },
        { head: "queries", n: true, cell: (trace) => count(trace.queries) },
        { head: "kept", cell: (trace) => trace.kept },
      ]}
    />
  );
}

const panels = (data: RouteDetail): Panel[] => [
  latencyPanel(data),
  {
    title: "Queries a request",
    format: load,
    lines: [
      { label: "queries", values: data.queries_per_request, color: "--chart-2", fill: true },
    ],
  },
  {
    title: "Mean request",
    format: duration,
    lines: [
      { label: "all", values: data.mean_ms, color: "--chart-1" },
      { label: "in the database", values: data.db_ms, color: "--chart-2", fill: true },
    ],
  },
  {
    title: "Requests a minute",
    format: count,
    lines: [{ label: "requests", values: data.requests, color: "--chart-1", fill: true }],
  },
];

function Detail({ data }: { data: RouteDetail }) {
  const marks = useMarks(data);
  return (
    <>
      <div class="card">
        <HeatMap heat={data.heat} times={data.times} step={data.step_s} marks={marks} what="requests" />
      </div>
      <AroundDeploy data={data} />
      <Panels data={data} make={panels} />
      <ListCard
        id="queries"
        title="Its queries"
        note="by share of its database time"
        rows={data.statements}
        keyOf={(row) => row.fingerprint + row.database}
        empty="No query was tied to it in this time."
        columns={[
          { head: "statement", cell: (row) => <StatementLink of={row} /> },
          { head: "share", n: true, cell: (row) => percent(row.share) },
          { head: "calls", n: true, cell: (row) => count(row.calls) },
          {
            head: "mean ms",
            n: true,
            cell: (row) => (row.calls > 0 ? ms(row.total_ms / row.calls) : "–"),
          },
          { head: "total ms", n: true, wide: true, cell: (row) => count(row.total_ms) },
        ]}
      />
    </>
  );
}

// ---- before and after a deploy ----

/** Of the points from..until: a mean by requests, so that a busy minute counts for what it is. */
function meanOf(data: RouteDetail, values: (number | null)[], from: number, until: number): number | null {
  let sum = 0;
  let weight = 0;
  for (let i = from; i < until; i++) {
    const value = values[i];
    const requests = data.requests[i];
    if (value != null && requests) {
      sum += value * requests;
      weight += requests;
    }
  }
  return weight > 0 ? sum / weight : null;
}

function rateOf(values: (number | null)[], from: number, until: number): number | null {
  const known = values.slice(from, until).filter((v): v is number => v !== null);
  return known.length === 0 ? null : known.reduce((sum, v) => sum + v, 0) / known.length;
}

/** What a request was before the deploy and is after it, until the deploys on either side. */
function AroundDeploy({ data }: { data: RouteDetail }) {
  const deploys = [...data.deploys].sort((a, b) => a.at - b.at);
  const [picked, setPicked] = useState<number | null>(null);
  if (deploys.length === 0) return null;
  const which = picked !== null && picked < deploys.length ? picked : deploys.length - 1;
  const deploy = deploys[which]!;
  const point = (at: number) =>
    Math.max(0, Math.min(data.times.length, Math.ceil((at - data.from) / data.step_s)));
  const from = which > 0 ? point(deploys[which - 1]!.at) : 0;
  const at = point(deploy.at);
  const until = which + 1 < deploys.length ? point(deploys[which + 1]!.at) : data.times.length;
  const rows: [string, (number | null)[], (v: number | null) => string, typeof meanOf | null][] = [
    ["mean request, ms", data.mean_ms, ms, meanOf],
    ["in the database, ms", data.db_ms, ms, meanOf],
    ["queries a request", data.queries_per_request, ms, meanOf],
    ["p95 latency, ms (mean of its points)", data.p95_ms, ms, meanOf],
    ["requests a minute", data.requests, count, null],
    ["errors a minute", data.errors, load, null],
  ];
  return (
    <section class="card" aria-labelledby="deploy">
      <h2 id="deploy">
        Before and after deploy {deploy.name}{" "}
        <small>
          {clock(deploy.at)}, {span(Math.max(0, (until - at) * data.step_s))} after it
          {deploy.basis === "inferred" && ", inferred from new statements"}
        </small>
      </h2>
      {deploys.length > 1 && (
        <div class="ranges" role="group" aria-label="Deploy">
          {deploys.map((one, i) => (
            <button key={i} type="button" aria-pressed={i === which} onClick={() => setPicked(i)}>
              {one.name}
            </button>
          ))}
        </div>
      )}
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">a request</th>
            <th scope="col">before</th>
            <th scope="col">after</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, values, format, mean]) => {
            const of = (a: number, b: number) =>
              mean === null ? rateOf(values, a, b) : mean(data, values, a, b);
            return (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{format(of(from, at))}</td>
                <td>{format(of(at, until))}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
