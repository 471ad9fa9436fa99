// SPDX-License-Identifier: Apache-2.0
import { useMemo } from "preact/hooks";
import { useApi } from "./api";
import { HeatMap, TimeChart, type Line } from "./chart";
import { clock, count, duration, load, ms, percent } from "./format";
import { address, type Place } from "./location";
import { RangePicker, rangeQuery, useRange } from "./range";
import type { RouteDetail, TraceHead } from "./types";
import { Link, Loading, Problem, Title } from "./ui";

export function RouteScreen({ place }: { place: Place }) {
  const name = place.query.get("name") ?? "";
  const range = useRange(place);
  const { data, error, again } = useApi<RouteDetail>(
    `/api/v1/route?name=${encodeURIComponent(name)}&${rangeQuery(range)}`,
  );
  return (
    <>
      <p class="eyebrow">
        Route{data?.guessed && ", guessed from its queries: no request was seen for them"}
      </p>
      <div class="title-row">
        <Title text={name} />
        <RangePicker range={range} />
      </div>
      {error && <Problem error={error} again={again} />}
      {data === null ? !error && <Loading /> : <Detail data={data} />}
      {data !== null && <Examples route={name} />}
    </>
  );
}

function Examples({ route }: { route: string }) {
  const { data } = useApi<TraceHead[]>("/api/v1/traces");
  const traces = (data ?? [])
    .filter((trace) => trace.route === route)
    .sort((a, b) => b.duration_ms - a.duration_ms)
    .slice(0, 10);
  if (traces.length === 0) return null;
  return (
    <section class="card scroll" aria-labelledby="examples">
      <h2 id="examples">
        Examples <small>kept of this half hour and of the one before</small>
      </h2>
      <table class="list">
        <thead>
          <tr>
            <th scope="col">at</th>
            <th scope="col" class="n">took</th>
            <th scope="col" class="n">database</th>
            <th scope="col" class="n">queries</th>
            <th scope="col">kept</th>
          </tr>
        </thead>
        <tbody>
          {traces.map((trace) => (
            <tr key={trace.trace_id}>
              <th scope="row">
                <Link to={address(`/trace/${trace.trace_id}`)}>{clock(trace.started_at)}</Link>
              </th>
              <td class="n">{duration(trace.duration_ms)}</td>
              <td class="n">{duration(trace.db_ms)}</td>
              <td class="n">{count(trace.queries)}</td>
              <td>{trace.kept}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Detail({ data }: { data: RouteDetail }) {
  const marks = useMemo(() => ({ deploys: data.deploys, incidents: data.incidents }), [data]);
  const common = { times: data.times, step: data.step_s, marks };
  const lines = useMemo<Record<string, Line[]>>(
    () => ({
      latency: [
        { label: "p50", values: data.p50_ms, color: "--chart-1" },
        { label: "p95", values: data.p95_ms, color: "--chart-2" },
        { label: "p99", values: data.p99_ms, color: "--chart-3" },
      ],
      parts: [
        { label: "all", values: data.mean_ms, color: "--chart-1" },
        { label: "in the database", values: data.db_ms, color: "--chart-2", fill: true },
      ],
      queries: [{ label: "queries", values: data.queries_per_request, color: "--chart-2", fill: true }],
      requests: [{ label: "requests", values: data.requests, color: "--chart-1", fill: true }],
    }),
    [data],
  );
  return (
    <>
      <div class="card">
        <HeatMap heat={data.heat} times={data.times} step={data.step_s} marks={marks} what="requests" />
      </div>
      <div class="grid">
        <div class="card">
          <TimeChart title="Latency" {...common} lines={lines.latency!} format={duration} />
        </div>
        <div class="card">
          <TimeChart title="Queries a request" {...common} lines={lines.queries!} format={load} />
        </div>
        <div class="card">
          <TimeChart title="Mean request" {...common} lines={lines.parts!} format={duration} />
        </div>
        <div class="card">
          <TimeChart title="Requests a minute" {...common} lines={lines.requests!} format={count} />
        </div>
      </div>
      <section class="card scroll" aria-labelledby="queries">
        <h2 id="queries">
          Its queries <small>by share of its database time</small>
        </h2>
        {data.statements.length === 0 ? (
          <p class="muted">No query was tied to it in this time.</p>
        ) : (
          <table class="list">
            <thead>
              <tr>
                <th scope="col">statement</th>
                <th scope="col" class="n">share</th>
                <th scope="col" class="n">calls</th>
                <th scope="col" class="n">mean ms</th>
                <th scope="col" class="n">total ms</th>
              </tr>
            </thead>
            <tbody>
              {data.statements.map((row) => (
                <tr key={row.fingerprint + row.database}>
                  <th scope="row">
                    <Link to={address("/query", { fingerprint: row.fingerprint })} title={row.statement}>
                      {row.short || row.statement}
                    </Link>
                  </th>
                  <td class="n">{percent(row.share)}</td>
                  <td class="n">{count(row.calls)}</td>
                  <td class="n">{row.calls > 0 ? ms(row.total_ms / row.calls) : "–"}</td>
                  <td class="n">{count(row.total_ms)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </>
  );
}
