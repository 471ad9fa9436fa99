// SPDX-License-Identifier: Apache-2.0
// Is anything wrong, since when, and what to do first: in sentences, before any chart.
import { useMemo } from "preact/hooks";
import { useApi, useNow } from "./api";
import { Spark } from "./chart";
import { mean, type Values } from "./figures";
import { count, duration, load, ms, percent, seconds, span } from "./format";
import { address, type Place } from "./location";
import { Answered, latencyPanel, ListCard, loadPanel, Panels, ratePanel, type Panel } from "./panels";
import { RangePicker, rangeQuery, useRange } from "./range";
import { firstOf } from "./actions";
import type { Incident, Overview, RouteRow, StatementRow } from "./types";
import { Link, Problem, Route, StatementLink, Term, Title } from "./ui";

export function Home({ place }: { place: Place }) {
  const range = useRange(place);
  const incidents = useApi<Incident[]>("/api/v1/incidents", "incidents");
  const overview = useApi<Overview>(`/api/v1/overview?${rangeQuery(range)}`);
  // Not once more when incidents come.
  const over = useMemo(() => overview.data && <Over data={overview.data} />, [overview.data, place]);
  const bothAgain = () => {
    incidents.again();
    overview.again();
  };
  return (
    <>
      <div class="title-row">
        <Title text="Now" />
        <RangePicker range={range} />
      </div>
      {incidents.error && !overview.error && <Problem error={incidents.error} again={incidents.again} />}
      {incidents.data && (
        <Sentences incidents={incidents.data} overview={range.name === null ? null : overview.data} />
      )}
      <Answered answer={{ ...overview, again: bothAgain }}>
        {() => over}
      </Answered>
    </>
  );
}

function Over({ data }: { data: Overview }) {
  return (
    <>
      <Panels data={data} make={panels} />
      <Routes rows={data.routes} />
      <Statements rows={data.statements} />
    </>
  );
}

/** The mean of the last few points that anything is known of. */
const recently = (values: Values) => mean(values.filter((v) => v !== null).slice(-3));

function Sentences({ incidents, overview }: { incidents: Incident[]; overview: Overview | null }) {
  const now = useNow(1);
  const active = incidents.filter((i) => i.state === "open" || i.state === "fixing");
  const recovered = incidents.filter((i) => i.state === "recovered");
  const isIdle =
    overview !== null && [...overview.requests, ...overview.queries].every((value) => !value);
  const requests = overview && recently(overview.requests);
  const figures =
    requests === null
      ? ""
      : `: ${count(requests)} requests/min, p95 ${duration(recently(overview!.p95_ms))}, database load ${load(recently(overview!.load))}`;
  return (
    <ul class="sentences">
      {active.length === 0 && (
        <li class={`sentence ${isIdle ? "unsure" : "good"}`}>
          <b>
            {isIdle
              ? "No incident is open; nothing has come through slowburn in this time"
              : `All quiet${figures}`}
          </b>
        </li>
      )}
      {active.map((incident) => (
        <li key={incident.id}>
          <Link to={address(`/incident/${incident.id}`)} class="sentence bad">
            <b>{incident.headline}</b>
            <span>
              for {span(now - (seconds(incident.onset_at) ?? now))}
              {incident.state === "fixing" && ", a fix is being measured"}
              {incident.trend !== "" && `, ${incident.trend}`}
              {incident.acknowledged_at !== null && ", somebody is looking at it"}
            </span>
            <span class="then">
              p95 {duration(incident.latency.before.p95_ms)} → {duration(incident.latency.now.p95_ms)}
              <Because incident={incident} />
              {firstOf(incident) && (
                <>
                  {" "}
                  · first: <strong>{firstOf(incident)}</strong>
                </>
              )}
            </span>
          </Link>
        </li>
      ))}
      {recovered.map((incident) => (
        <li key={incident.id}>
          <Link to={address(`/incident/${incident.id}`)} class="sentence good">
            <b>{incident.headline}</b>
            <span>
              and has recovered, {span(now - (seconds(incident.recovered_at) ?? now))} ago
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** Its first cause, and how that is known. */
function Because({ incident: { causes } }: { incident: Incident }) {
  const [cause] = causes;
  if (cause === undefined) return null;
  return (
    <>
      {" "}
      · because of{" "}
      <strong>
        {cause.kind.replace(/-/g, " ")}
        {cause.short !== "" && `, ${cause.short}`}
      </strong>{" "}
      ({cause.evidence}
      {causes.length > 1 && `, and ${causes.length - 1} more`})
    </>
  );
}

const panels = (data: Overview): Panel[] => [
  latencyPanel(data),
  loadPanel(data),
  ratePanel("Requests a minute", "requests", data.requests),
  ratePanel("Errors a minute", "errors", data.errors, "--fail"),
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
      isLong
      columns={[
        {
          head: <Term word="route" />,
          cell: (row) => (
            <Link to={address("/route", { name: row.route })}>
              {row.route_basis === "queries" && "~ "}
              <Route name={row.route} />
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
      isLong
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
