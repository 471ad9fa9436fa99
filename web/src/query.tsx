// SPDX-License-Identifier: Apache-2.0
// One statement over time: what it is, what it costs, who calls it, and how the database does it.
import { useApi } from "./api";
import { HeatMap } from "./chart";
import { mean, type Values } from "./figures";
import { clock, count, duration, load, ms, percent, rate } from "./format";
import { address, type Place } from "./location";
import {
  Answered,
  latencyPanel,
  ListCard,
  loadPanel,
  Panels,
  ratePanel,
  useMarks,
  type Panel,
} from "./panels";
import { PlansCard } from "./plan";
import { RangePicker, rangeQuery, useRange } from "./range";
import type { Incident, QueryDetail } from "./types";
import { Copy, Evidence, Fact, Link, Route, Sql, Term, Title } from "./ui";

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

const sum = (values: Values) => values.reduce<number>((all, v) => all + (v ?? 0), 0);

function Facts({ data }: { data: QueryDetail }) {
  const calls = sum(data.calls);
  const errors = sum(data.errors);
  return (
    <dl class="facts">
      <Fact name="share of database time">
        <b>{percent(data.share)}</b>
      </Fact>
      <Fact name={<Term word="database load" />}>{load(mean(data.load))}</Fact>
      <Fact name="calls a minute">{rate(mean(data.calls))}</Fact>
      <Fact name={<Term word="mean">mean call</Term>}>
        {duration(calls > 0 ? (60_000 * sum(data.load)) / calls : null)}
      </Fact>
      <Fact name="rows a call">{rate(calls > 0 ? sum(data.rows) / calls : null)}</Fact>
      <Fact name="errors" warn={errors > 0}>
        {errors > 0 ? `${percent(errors / Math.max(calls, errors))} of its calls` : "none"}
      </Fact>
    </dl>
  );
}

const rowsPerCall = ({ rows, calls }: QueryDetail) =>
  rows.map((n, i) => (n != null && calls[i] ? n / calls[i]! : null));

const panels = (data: QueryDetail): Panel[] => [
  latencyPanel(data),
  loadPanel(data),
  ratePanel("Calls a minute", "calls", data.calls),
  ratePanel("Rows a call", "rows", rowsPerCall(data), "--chart-3"),
];

function Detail({ data }: { data: QueryDetail }) {
  const marks = useMarks(data);
  return (
    <>
      <Facts data={data} />
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
            cell: (row) => (
              <Link to={address("/route", { name: row.route })}>
                <Route name={row.route} />
              </Link>
            ),
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
