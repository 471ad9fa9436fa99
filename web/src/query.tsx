// SPDX-License-Identifier: Apache-2.0
// One statement over time: what it is, what it costs, who calls it, and how the database does it.
import { useApi } from "./api";
import { HeatMap } from "./chart";
import { clock, count, load, ms, percent } from "./format";
import { address, type Place } from "./location";
import { Answered, latencyPanel, ListCard, Panels, useMarks, type Panel } from "./panels";
import { PlansCard } from "./plan";
import { RangePicker, rangeQuery, useRange } from "./range";
import type { Incident, QueryDetail } from "./types";
import { Copy, Evidence, Link, Sql, Term, Title } from "./ui";

export function QueryScreen({ place }: { place: Place }) {
  const fingerprint = place.query.get("fingerprint") ?? "";
  const range = useRange(place);
  const answer = useApi<QueryDetail>(
    `/api/v1/query?fingerprint=${encodeURIComponent(fingerprint)}&${rangeQuery(range)}`,
  );
  const { data } = answer;
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
      <Answered answer={answer}>{(found) => <Detail data={found} />}</Answered>
    </>
  );
}

const panels = (data: QueryDetail): Panel[] => [
  latencyPanel(data),
  {
    title: "Database load",
    format: load,
    lines: [{ label: "load", values: data.load, color: "--chart-2", fill: true }],
  },
  {
    title: "Calls a minute",
    format: count,
    lines: [{ label: "calls", values: data.calls, color: "--chart-1", fill: true }],
  },
  {
    title: "Rows a call",
    format: load,
    lines: [
      {
        label: "rows",
        color: "--chart-3",
        values: data.rows.map((rows, i) => {
          const calls = data.calls[i];
          return rows != null && calls ? rows / calls : null;
        }),
      },
    ],
  },
];

function Detail({ data }: { data: QueryDetail }) {
  const marks = useMarks(data);
  return (
    <>
      <section class="card" aria-label="Statement">
        <div class="copy-corner">
          <Sql text={data.statement} />
          <Copy text={data.statement} what="the statement" />
        </div>
      </section>
      <Findings fingerprint={data.fingerprint} />
      <Panels data={data} make={panels} />
      <PlansCard fingerprint={data.fingerprint} />
      <div class="card">
        <HeatMap heat={data.heat} times={data.times} step={data.step_s} marks={marks} what="calls" />
      </div>
      <ListCard
        id="callers"
        title="Who calls it"
        note="by share of its time"
        rows={data.routes}
        keyOf={(row) => row.route}
        empty="No route was seen to call it in this time."
        columns={[
          {
            head: "route",
            cell: (row) => <Link to={address("/route", { name: row.route })}>{row.route}</Link>,
          },
          { head: "share", n: true, cell: (row) => percent(row.share) },
          { head: "calls", n: true, cell: (row) => count(row.calls) },
          {
            head: "mean ms",
            n: true,
            cell: (row) => (row.calls > 0 ? ms(row.total_ms / row.calls) : "–"),
          },
        ]}
      />
    </>
  );
}

/** What incidents say about it. */
function Findings({ fingerprint }: { fingerprint: string }) {
  const { data: incidents } = useApi<Incident[]>("/api/v1/incidents", "incidents");
  const found = (incidents ?? []).flatMap((incident) =>
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
