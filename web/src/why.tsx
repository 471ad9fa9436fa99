// SPDX-License-Identifier: Apache-2.0
// Causes with their evidence, opened in place.
import { useState } from "preact/hooks";
import { count, duration, ms, percent, plural, rate } from "./format";
import { address } from "./location";
import { PlanEvidence } from "./plan";
import type { Cause, Incident } from "./types";
import { Evidence, Link, Sql, Term } from "./ui";

export function Why({ incident }: { incident: Incident }) {
  return (
    <section class="card" aria-labelledby="why">
      <h2 id="why">Why</h2>
      {incident.causes.length === 0 && (
        <p>
          No single cause could be told.
          {incident.changes.length > 0 && " The figures above are measured all the same."}
        </p>
      )}
      {incident.causes.length > 0 && incident.cannot_tell === true && (
        <p class="unsure">
          Why cannot be told: what was found explains {percent(incident.explained ?? 0)} of the change.
        </p>
      )}
      <ol class="causes">
        {incident.causes.map((cause) => (
          <CauseItem key={cause.rank} cause={cause} incident={incident} />
        ))}
      </ol>
      {incident.notes.map((note, i) => (
        <p key={i} class="notes">
          {note}
        </p>
      ))}
    </section>
  );
}

/** Kinds that a plan says something about. */
const SHOWS_PLAN = ["missing-index", "slower"];

const BASIS: Record<string, string> = {
  plan: "The database’s own plan for this statement, asked for by the advisor, reads the table in full.",
  hypothetical: "With the index tried out hypothetically, the database’s own plan uses it.",
  values: "The values of these calls were compared with the rows that an earlier statement of the same request returned.",
  samples: "Seen in the advisor’s samples of what the database’s sessions wait for, about one a second.",
  counters: "Counted on the wire by slowburn, and in the database’s own table counters.",
};

/** What the detail says, with how it is known. */
function Proof({ cause }: { cause: Cause }) {
  const f = cause.figures ?? {};
  if (f.requests_looked_at !== undefined && f.requests_looked_at > 0) {
    return (
      <>
        In {count(f.requests_matched)} of {plural(f.requests_looked_at, "request")} that were looked at, the
        values of these calls are {f.values_of ? <code>{f.values_of}</code> : "one column"} of the rows that an
        earlier statement returned, one call for each row, in the order of the rows.
      </>
    );
  }
  if (f.answers !== undefined && f.calls !== undefined) {
    return (
      <>
        {plural(f.calls, "call")}, {plural(f.answers, "different answer")}: {percent(f.hit_rate)} of them got
        the answer of a call before. {BASIS[cause.basis] ?? ""}
      </>
    );
  }
  if (f.rows_read !== undefined) {
    return (
      <>
        {count(f.rows_read)} rows read to return {count(f.rows_returned)}. {BASIS[cause.basis] ?? ""}
      </>
    );
  }
  return (
    <>
      {cause.detail}. {BASIS[cause.basis] ?? ""}
    </>
  );
}

/** Who waits, and is waited for. */
function between(cause: Cause) {
  return cause.blocker?.chain?.slice(1, -1) ?? [];
}

function CauseItem({ cause, incident }: { cause: Cause; incident: Incident }) {
  const [open, setOpen] = useState(cause.rank === 1);
  const actions = incident.actions.filter((a) => a.cause === cause.rank);
  const change = incident.changes.find((c) => c.fingerprint !== null && c.fingerprint === cause.fingerprint);
  return (
    <li id={`cause-${cause.rank}`}>
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span class="rank" aria-hidden="true">
            {cause.rank}
          </span>
          <span class="cause-text">
            <b>
              <Term word={cause.kind}>{cause.kind.replace(/-/g, " ")}</Term>
            </b>{" "}
            <span class="short">{cause.short}</span>
            <span class="detail">{cause.detail}</span>
            {cause.advice !== undefined && <span class="detail">To do: {cause.advice}.</span>}
          </span>
          <Evidence grade={cause.evidence} basis={cause.basis} />
        </summary>
        <div class="evidence">
          {cause.statement !== "" && <Sql text={cause.statement} />}
          <dl class="pairs">
            {cause.tables.length > 0 && (
              <>
                <dt>table</dt>
                <dd>
                  <code>{cause.tables.join(", ")}</code>
                  {cause.columns.length > 0 && (
                    <>
                      {" "}
                      by <code>{cause.columns.join(", ")}</code>
                    </>
                  )}
                </dd>
              </>
            )}
            {cause.route && (
              <>
                <dt>route</dt>
                <dd>
                  <Link to={address("/route", { name: cause.route })}>{cause.route}</Link>
                </dd>
              </>
            )}
            {cause.blocker && (
              <>
                <dt>in the way</dt>
                <dd>
                  {cause.blocker.state === "not known" ? (
                    "who holds the lock"
                  ) : cause.blocker.holder === null ? (
                    "a statement that is not known"
                  ) : (
                    <Link to={address("/query", { fingerprint: cause.blocker.holder })}>
                      {cause.blocker.holder_short || cause.blocker.holder}
                    </Link>
                  )}
                  , {cause.blocker.state}
                </dd>
              </>
            )}
            {cause.blocker && between(cause).length > 0 && (
              <>
                <dt>in between</dt>
                <dd>
                  {between(cause).map((session, i) => (
                    <div key={i}>
                      {session.fingerprint === null ? (
                        "a statement that is not known"
                      ) : (
                        <Link to={address("/query", { fingerprint: session.fingerprint })}>
                          {session.short || session.fingerprint}
                        </Link>
                      )}
                      , waited for {duration(session.waited_ms)}
                    </div>
                  ))}
                </dd>
              </>
            )}
            <dt>evidence</dt>
            <dd>
              <Proof cause={cause} />
            </dd>
            {change?.calls_now != null && (
              <>
                <dt>calls a request</dt>
                <dd>
                  {rate(change.calls_before)} → {rate(change.calls_now)}
                  {change.per_call_now_ms != null && <> at {ms(change.per_call_now_ms)} ms each</>}
                </dd>
              </>
            )}
            {cause.saving_ms !== null && (
              <>
                <dt>
                  <Term word="saving">saving</Term>
                </dt>
                <dd>
                  {ms(cause.saving_ms)} ms of the mean request
                  {actions.length > 0 && <>, by action {actions.map((a) => a.id).join(" or ")}</>}
                </dd>
              </>
            )}
          </dl>
          {open && cause.fingerprint !== null && SHOWS_PLAN.includes(cause.kind) && (
            <PlanEvidence fingerprint={cause.fingerprint} />
          )}
          {cause.fingerprint !== null && (
            <p>
              <Link to={address("/query", { fingerprint: cause.fingerprint })}>
                This statement over time
              </Link>
            </p>
          )}
        </div>
      </details>
    </li>
  );
}
