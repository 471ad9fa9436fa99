// SPDX-License-Identifier: Apache-2.0
// One request and its queries as they followed one another, repeats folded into one bar.
import { useApi } from "./api";
import { clock, count, duration, ms, percent, plural } from "./format";
import { address } from "./location";
import type { Incident, Trace, TraceStatement } from "./types";
import { Fact, Link, Loading, Problem, Term, Title } from "./ui";
import { ROUTE_BASIS } from "./words";

/** What ties a query to its request: beside each row, and in a sentence. */
const BASIS: Record<string, [short: string, long: string]> = {
  traceparent: ["by trace context", "its trace context, in a comment of the query"],
  values: ["by values", "values that flow between request and query"],
  contained: ["by time alone", "its time: no other request could contain it"],
  own_session: ["by connection", "its connection, which served nothing else"],
  affinity: ["by time and habit", "its time, and what this route usually asks"],
  own_burst: ["no request seen", "nothing: no request was seen for it"],
};

function tieOf({ basis, probability }: { basis: string | null; probability: number | null }): string {
  if (basis === null) return "";
  const sure = probability === null || probability >= 0.9995 ? "" : `, ${percent(probability)}`;
  return (BASIS[basis]?.[0] ?? basis) + sure;
}

export function TraceScreen({ id }: { id: string }) {
  const { data, error, again } = useApi<Trace>(`/api/v1/traces/${encodeURIComponent(id)}`);
  const incidents = useApi<Incident[]>("/api/v1/incidents", "incidents");
  return (
    <>
      <p class="eyebrow">
        Trace <code>{id}</code>
      </p>
      <Title text={data?.route ?? "Trace"} />
      {error && <Problem error={error} again={again} />}
      {data === null ? !error && <Loading /> : <Detail trace={data} incidents={incidents.data ?? []} />}
    </>
  );
}

/** What known fixes would take from this row: the largest share that an incident says of its statement. */
function savingOf(row: TraceStatement, incidents: Incident[]): number {
  let share = 0;
  for (const incident of incidents) {
    const now = incident.changes.find((change) => change.fingerprint === row.fingerprint)?.now_ms;
    for (const cause of incident.causes) {
      if (cause.fingerprint === row.fingerprint && cause.saving_ms !== null && now != null && now > 0) {
        share = Math.max(share, Math.min(1, cause.saving_ms / now));
      }
    }
  }
  return share * row.total_ms;
}

function Detail({ trace, incidents }: { trace: Trace; incidents: Incident[] }) {
  const savings = trace.statements.map((row) => savingOf(row, incidents));
  const saved = savings.reduce((sum, n) => sum + n, 0);
  const without = Math.max(0, trace.duration_ms - saved);
  const whole = Math.max(trace.duration_ms, ...trace.statements.map((row) => row.end_ms), 0.001);
  return (
    <>
      <dl class="facts">
        <Fact name="took">
          <b>{duration(trace.duration_ms)}</b>
        </Fact>
        <Fact name="in the database">
          {duration(trace.db_ms)} <small>{plural(trace.queries, "query", "queries")}</small>
        </Fact>
        <Fact name={<Term word="application" />}>{duration(trace.app_ms)}</Fact>
        <Fact name="at">{clock(trace.started_at)}</Fact>
        {trace.status !== null && (
          <Fact name="status">
            <span class={trace.failed ? "warned" : ""}>{trace.status}</span>
          </Fact>
        )}
      </dl>
      <p class="muted">
        Kept because it is {trace.kept === "random" ? "a random example" : trace.kept}.{" "}
        {trace.basis !== null && (
          <>
            What ties its queries to it, at the weakest: {BASIS[trace.basis]?.[1] ?? trace.basis}
            {trace.probability !== null && ` (${percent(trace.probability)} sure)`}.
          </>
        )}{" "}
        The route is named {ROUTE_BASIS[trace.route_basis]}.{" "}
        {trace.route_basis !== "queries" && (
          <Link to={address("/route", { name: trace.route })}>This route over time</Link>
        )}
      </p>
      <section class="card" aria-labelledby="waterfall">
        <h2 id="waterfall">
          In order{" "}
          <small>
            each bar from the first execution to the end of the last
            {saved > 0 && "; dashed: what goes with a fix"}
          </small>
        </h2>
        <ol class="waterfall">
          <li class="whole">
            <span class="name">
              <b>{trace.route}</b>
            </span>
            <span class="lane">
              <span class="span request" style={{ left: "0", width: `${(100 * trace.duration_ms) / whole}%` }} />
            </span>
            <span class="n">{ms(trace.duration_ms)} ms</span>
          </li>
          {trace.statements.map((row, i) => (
            <Row key={i} row={row} whole={whole} saving={savings[i]!} />
          ))}
          {saved > 0 && (
            <li>
              <span class="name">
                {trace.route} <small>without what has a fix</small>
              </span>
              <span class="lane">
                <span class="span request" style={{ left: "0", width: `${(100 * without) / whole}%` }} />
                <span
                  class="span ghost"
                  style={{
                    left: `${(100 * without) / whole}%`,
                    width: `${(100 * (trace.duration_ms - without)) / whole}%`,
                  }}
                />
              </span>
              <span class="n">{ms(without)} ms</span>
            </li>
          )}
        </ol>
        {trace.more_queries > 0 && (
          <p class="muted">
            and {plural(trace.more_queries, "more query", "more queries")}, {ms(trace.more_ms)} ms
          </p>
        )}
      </section>
    </>
  );
}

function Row({ row, whole, saving }: { row: TraceStatement; whole: number; saving: number }) {
  const left = (100 * row.start_ms) / whole;
  const width = (100 * (row.end_ms - row.start_ms)) / whole;
  const repeats = row.calls > 1;
  const remains = saving > 0 ? 1 - saving / row.total_ms : 1;
  return (
    <li>
      <span class="name">
        <Link to={address("/query", { fingerprint: row.fingerprint })} title={row.statement}>
          {row.short || row.statement || row.fingerprint}
        </Link>
        <small>
          {repeats && ` ×${count(row.calls)}`}
          {repeats &&
            row.distinct_values !== null &&
            `, ${plural(row.distinct_values, "different value")}`}
          <span class="tie">{tieOf(row)}</span>
        </small>
        {row.sqlstate && <span class="warned"> {row.sqlstate}</span>}
      </span>
      <span class="lane" title={`${ms(row.app_before_ms)} ms of application before it`}>
        <span
          class={repeats ? "span many" : "span"}
          style={{ left: `${left}%`, width: `${width * remains}%` }}
        />
        {saving > 0 && (
          <span
            class="span ghost"
            style={{ left: `${left + width * remains}%`, width: `${width * (1 - remains)}%` }}
          />
        )}
      </span>
      <span class="n">
        {ms(row.total_ms)} ms
        {saving > 0 && <small>{ms(row.total_ms - saving)} without this</small>}
      </span>
    </li>
  );
}
