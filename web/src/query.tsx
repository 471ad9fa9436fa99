// SPDX-License-Identifier: Apache-2.0
import { useMemo } from "preact/hooks";
import { useApi } from "./api";
import { HeatMap, TimeChart, type Line } from "./chart";
import { clock, count, duration, load, ms, percent } from "./format";
import { address, type Place } from "./location";
import { RangePicker, rangeQuery, useRange } from "./range";
import type { Incident, QueryDetail } from "./types";
import { Copy, Evidence, Link, Loading, Problem, Sql, Term, Title } from "./ui";

export function QueryScreen({ place }: { place: Place }) {
  const fingerprint = place.query.get("fingerprint") ?? "";
  const range = useRange(place);
  const { data, error, again } = useApi<QueryDetail>(
    `/api/v1/query?fingerprint=${encodeURIComponent(fingerprint)}&${rangeQuery(range)}`,
  );
  const incidents = useApi<Incident[]>("/api/v1/incidents", "incidents");
  return (
    <>
      <p class="eyebrow">
        Query · <Term word="fingerprint" /> <code>{fingerprint}</code>
        {data?.database && <> · database {data.database}</>}
        {data?.first_seen != null && <> · first seen {clock(data.first_seen)}</>}
      </p>
      <div class="title-row">
        <Title text={data?.short || "Query"} />
        <RangePicker range={range} />
      </div>
      {error && <Problem error={error} again={again} />}
      {data === null ? !error && <Loading /> : <Detail data={data} />}
      {data !== null && incidents.data && (
        <Findings incidents={incidents.data} fingerprint={fingerprint} />
      )}
    </>
  );
}

function Detail({ data }: { data: QueryDetail }) {
  const marks = useMemo(() => ({ deploys: data.deploys, incidents: data.incidents }), [data]);
  const common = { times: data.times, step: data.step_s, marks };
  const lines = useMemo<Record<string, Line[]>>(
    () => ({
      latency: [
        { label: "p50", values: data.p50_ms, color: "--chart-1" },
        { label: "p95", values: data.p95_ms, color: "--chart-2" },
        { label: "p99", values: data.p99_ms, color: "--chart-3" },
      ],
      load: [{ label: "load", values: data.load, color: "--chart-2", fill: true }],
      calls: [{ label: "calls", values: data.calls, color: "--chart-1", fill: true }],
      rows: [
        {
          label: "rows",
          values: data.rows.map((rows, i) => {
            const calls = data.calls[i];
            return rows != null && calls ? rows / calls : null;
          }),
          color: "--chart-3",
        },
      ],
    }),
    [data],
  );
  return (
    <>
      <section class="card" aria-label="Statement">
        <div class="copy-corner">
          <Sql text={data.statement} />
          <Copy text={data.statement} what="the statement" />
        </div>
      </section>
      <div class="grid">
        <div class="card">
          <TimeChart title="Latency" {...common} lines={lines.latency!} format={duration} />
        </div>
        <div class="card">
          <TimeChart title="Database load" {...common} lines={lines.load!} format={load} />
        </div>
        <div class="card">
          <TimeChart title="Calls a minute" {...common} lines={lines.calls!} format={count} />
        </div>
        <div class="card">
          <TimeChart title="Rows a call" {...common} lines={lines.rows!} format={load} />
        </div>
      </div>
      <div class="card">
        <HeatMap heat={data.heat} times={data.times} step={data.step_s} marks={marks} what="calls" />
      </div>
      <section class="card scroll" aria-labelledby="callers">
        <h2 id="callers">Who calls it</h2>
        {data.routes.length === 0 ? (
          <p class="muted">No route was seen to call it in this time.</p>
        ) : (
          <table class="list">
            <thead>
              <tr>
                <th scope="col">route</th>
                <th scope="col" class="n">share</th>
                <th scope="col" class="n">calls</th>
                <th scope="col" class="n">mean ms</th>
              </tr>
            </thead>
            <tbody>
              {data.routes.map((row) => (
                <tr key={row.route}>
                  <th scope="row">
                    <Link to={address("/route", { name: row.route })}>{row.route}</Link>
                  </th>
                  <td class="n">{percent(row.share)}</td>
                  <td class="n">{count(row.calls)}</td>
                  <td class="n">{row.calls > 0 ? ms(row.total_ms / row.calls) : "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </>
  );
}

/** What incidents say about it, with the index verdict among it. */
function Findings({ incidents, fingerprint }: { incidents: Incident[]; fingerprint: string }) {
  const found = incidents.flatMap((incident) =>
    incident.causes
      .filter((cause) => cause.fingerprint === fingerprint)
      .map((cause) => ({ incident, cause })),
  );
  if (found.length === 0) return null;
  return (
    <section class="card" aria-labelledby="findings">
      <h2 id="findings">Findings</h2>
      <ul class="findings">
        {found.map(({ incident, cause }) => (
          <li key={`${incident.id}-${cause.rank}`}>
            <b>
              <Term word={cause.kind}>{cause.kind.replace(/-/g, " ")}</Term>
            </b>{" "}
            {cause.detail} <Evidence grade={cause.evidence} basis={cause.basis} />{" "}
            <Link to={address(`/incident/${incident.id}`)}>incident {incident.id}</Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
