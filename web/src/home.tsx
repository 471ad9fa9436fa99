// SPDX-License-Identifier: Apache-2.0
// Is anything wrong, since when, and what to do first: in sentences, before any chart.
import { useApi, useNow } from "./api";
import { Spark } from "./chart";
import { count, duration, load, ms, percent, seconds, span } from "./format";
import { address, type Place } from "./location";
import { Answered, latencyPanel, ListCard, Panels, type Panel } from "./panels";
import { RangePicker, rangeQuery, useRange } from "./range";
import { firstAction } from "./actions";
import type { Incident, Overview, RouteRow, StatementRow } from "./types";
import { Link, Problem, StatementLink, Term, Title } from "./ui";

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
      {overview.error?.status !== 401 && (
        <Answered answer={overview}>
          {(data) => (
            <>
              <Panels data={data} make={panels} />
              <Routes rows={data.routes} />
              <Statements rows={data.statements} />
            </>
          )}
        </Answered>
      )}
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

const panels = (data: Overview): Panel[] => [
  latencyPanel(data),
  {
    title: "Database load",
    format: load,
    lines: [{ label: "database load", values: data.load, color: "--chart-2", fill: true }],
  },
  {
    title: "Requests a minute",
    format: count,
    lines: [{ label: "requests", values: data.requests, color: "--chart-1", fill: true }],
  },
  {
    title: "Errors a minute",
    format: load,
    lines: [{ label: "errors", values: data.errors, color: "--fail", fill: true }],
  },
];

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

const LoadHead = () => <Term word="database load" />;
const MeanHead = () => (
  <>
    <Term word="mean" /> ms
  </>
);

function Routes({ rows }: { rows: RouteRow[] }) {
  return (
    <ListCard
      id="routes"
      title="Routes"
      note="by share of database time"
      rows={rows}
      keyOf={(row) => row.route}
      empty="No request in this time."
      columns={[
        {
          head: <Term word="route" />,
          cell: (row) => (
            <Link to={address("/route", { name: row.route })}>
              {row.route_basis === "queries" && "~ "}
              {row.route}
            </Link>
          ),
        },
        {
          head: <LoadHead />,
          wide: true,
          cell: (row) => <Spark values={row.load} label={`Database load of ${row.route} over time`} />,
        },
        { head: "share", cell: (row) => <Share share={row.share} /> },
        { head: "requests", n: true, cell: (row) => count(row.requests) },
        { head: <MeanHead />, n: true, cell: (row) => ms(row.mean_ms) },
        { head: "errors", n: true, wide: true, bad: (row) => row.errors > 0, cell: (row) => count(row.errors) },
      ]}
    />
  );
}

function Statements({ rows }: { rows: StatementRow[] }) {
  return (
    <ListCard
      id="queries"
      title="Queries"
      note="by share of database time"
      rows={rows}
      keyOf={(row) => row.fingerprint + row.database}
      empty="No query in this time."
      columns={[
        { head: "statement", cell: (row) => <StatementLink of={row} /> },
        {
          head: <LoadHead />,
          wide: true,
          cell: (row) => <Spark values={row.load} label={`Database load of ${row.short} over time`} />,
        },
        { head: "share", cell: (row) => <Share share={row.share} /> },
        { head: "calls", n: true, cell: (row) => count(row.calls) },
        { head: <MeanHead />, n: true, cell: (row) => ms(row.mean_ms) },
        { head: "rows a call", n: true, wide: true, cell: (row) => (row.calls > 0 ? ms(row.rows / row.calls) : "–") },
      ]}
    />
  );
}
