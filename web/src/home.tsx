// SPDX-License-Identifier: Apache-2.0
// Is anything wrong, since when, and what to do first: in sentences, before any chart.
import { useMemo } from "preact/hooks";
import { useApi, useNow } from "./api";
import { Spark, TimeChart, type Line } from "./chart";
import { count, duration, load, ms, percent, plural, seconds, span } from "./format";
import { address, type Place } from "./location";
import { RangePicker, rangeQuery, useRange } from "./range";
import { firstAction } from "./actions";
import type { Incident, Overview, RouteRow, StatementRow } from "./types";
import { Link, Loading, Problem, Term, Title } from "./ui";

export function Home({ place }: { place: Place }) {
  const range = useRange(place);
  const incidents = useApi<Incident[]>("/api/v1/incidents", "incidents");
  const overview = useApi<Overview>(`/api/v1/overview?${rangeQuery(range)}`);
  return (
    <>
      <div class="title-row">
        <Title text="Now" />
        <RangePicker range={range} />
      </div>
      {incidents.error && <Problem error={incidents.error} again={incidents.again} />}
      {incidents.data && (
        <Sentences incidents={incidents.data} overview={range.name === null ? null : overview.data} />
      )}
      {overview.error && overview.error.status !== 401 && (
        <Problem error={overview.error} again={overview.again} />
      )}
      {overview.data === null ? !overview.error && <Loading /> : <Charts data={overview.data} />}
    </>
  );
}

/** The mean of the last few points that anything is known of. */
function recently(values: (number | null)[]): number | null {
  const known = values.filter((v): v is number => v !== null).slice(-3);
  return known.length === 0 ? null : known.reduce((sum, v) => sum + v, 0) / known.length;
}

function Sentences({ incidents, overview }: { incidents: Incident[]; overview: Overview | null }) {
  const now = useNow(1);
  const active = incidents.filter((i) => i.state === "open" || i.state === "fixing");
  const recovered = incidents.filter((i) => i.state === "recovered");
  const requests = overview && recently(overview.requests);
  const figures =
    requests === null
      ? ""
      : `: ${count(requests)} requests/min, p95 ${duration(recently(overview!.p95_ms))}, database load ${load(recently(overview!.load))}`;
  return (
    <ul class="sentences">
      {active.length === 0 && (
        <li class="sentence good">
          <b>All quiet{figures}</b>
        </li>
      )}
      {active.map((incident) => (
        <li key={incident.id}>
          <Link to={address(`/incident/${incident.id}`)} class="sentence bad">
            <b>{incident.headline}</b>
            <span>
              for {span(now - (seconds(incident.onset_at) ?? now))}
              {incident.trend !== "" && `, ${incident.trend}`}
              {incident.acknowledged_at !== null && ", somebody is looking at it"}
            </span>
            <span class="then">
              p95 {duration(incident.latency.before.p95_ms)} → {duration(incident.latency.now.p95_ms)}
              {firstAction(incident) && (
                <>
                  {" "}
                  · first: <strong>{firstAction(incident)!.text}</strong>
                </>
              )}
            </span>
          </Link>
        </li>
      ))}
      {recovered.map((incident) => (
        <li key={incident.id}>
          <Link to={address(`/incident/${incident.id}`)} class="sentence good">
            <b>{incident.headline.replace("is slowing down", "has recovered")}</b>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Charts({ data }: { data: Overview }) {
  const marks = useMemo(() => ({ deploys: data.deploys, incidents: data.incidents }), [data]);
  const common = { times: data.times, step: data.step_s, marks };
  const lines = useMemo<Record<string, Line[]>>(
    () => ({
      requests: [{ label: "requests", values: data.requests, color: "--chart-1", fill: true }],
      latency: [
        { label: "p50", values: data.p50_ms, color: "--chart-1" },
        { label: "p95", values: data.p95_ms, color: "--chart-2" },
        { label: "p99", values: data.p99_ms, color: "--chart-3" },
      ],
      errors: [{ label: "errors", values: data.errors, color: "--fail", fill: true }],
      load: [{ label: "database load", values: data.load, color: "--chart-2", fill: true }],
    }),
    [data],
  );
  return (
    <>
      <div class="grid">
        <div class="card">
          <TimeChart title="Latency" {...common} lines={lines.latency!} format={duration} />
        </div>
        <div class="card">
          <TimeChart title="Database load" {...common} lines={lines.load!} format={load} />
        </div>
        <div class="card">
          <TimeChart title="Requests a minute" {...common} lines={lines.requests!} format={count} />
        </div>
        <div class="card">
          <TimeChart title="Errors a minute" {...common} lines={lines.errors!} format={load} />
        </div>
      </div>
      <Routes rows={data.routes} />
      <Statements rows={data.statements} />
    </>
  );
}

function Share({ share }: { share: number }) {
  return (
    <span class="share">
      <span class="meter" aria-hidden="true">
        <span style={{ width: `${Math.min(100, share * 100)}%` }} />
      </span>
      {percent(share)}
    </span>
  );
}

function Routes({ rows }: { rows: RouteRow[] }) {
  return (
    <section class="card scroll" aria-labelledby="routes">
      <h2 id="routes">
        Routes <small>by share of database time</small>
      </h2>
      {rows.length === 0 ? (
        <p class="muted">No request in this time.</p>
      ) : (
        <table class="list">
          <thead>
            <tr>
              <th scope="col">
                <Term word="route" />
              </th>
              <th scope="col" class="wide">
                <Term word="database load" />
              </th>
              <th scope="col">share</th>
              <th scope="col" class="n">requests</th>
              <th scope="col" class="n">
                <Term word="mean" /> ms
              </th>
              <th scope="col" class="n">errors</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.route}>
                <th scope="row">
                  <Link to={address("/route", { name: row.route })}>
                    {row.guessed && "~ "}
                    {row.route}
                  </Link>
                </th>
                <td class="wide">
                  <Spark values={row.load} label={`Database load of ${row.route} over time`} />
                </td>
                <td>
                  <Share share={row.share} />
                </td>
                <td class="n">{count(row.requests)}</td>
                <td class="n">{ms(row.mean_ms)}</td>
                <td class={row.errors > 0 ? "n fail" : "n"}>{count(row.errors)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Statements({ rows }: { rows: StatementRow[] }) {
  return (
    <section class="card scroll" aria-labelledby="queries">
      <h2 id="queries">
        Queries <small>by share of database time</small>
      </h2>
      {rows.length === 0 ? (
        <p class="muted">No query in this time.</p>
      ) : (
        <table class="list">
          <thead>
            <tr>
              <th scope="col">statement</th>
              <th scope="col" class="wide">
                <Term word="database load" />
              </th>
              <th scope="col">share</th>
              <th scope="col" class="n">calls</th>
              <th scope="col" class="n">
                <Term word="mean" /> ms
              </th>
              <th scope="col" class="n">rows a call</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.fingerprint + row.database}>
                <th scope="row">
                  <Link to={address("/query", { fingerprint: row.fingerprint })} title={row.statement}>
                    {row.short || row.statement || plural(row.calls, "call")}
                  </Link>
                </th>
                <td class="wide">
                  <Spark values={row.load} label={`Database load of ${row.short} over time`} />
                </td>
                <td>
                  <Share share={row.share} />
                </td>
                <td class="n">{count(row.calls)}</td>
                <td class="n">{ms(row.mean_ms)}</td>
                <td class="n">{row.calls > 0 ? ms(row.rows / row.calls) : "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
