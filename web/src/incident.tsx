// SPDX-License-Identifier: Apache-2.0
// The page for someone on call at 3 a.m.: what, since when, why, and what to do first.
import { useState } from "preact/hooks";
import { inOrder } from "./actions";
import { ApiError, getText, useApi, useNow } from "./api";
import { clock, count, duration, load, ms, percent, plural, seconds, span } from "./format";
import { Handling } from "./handling";
import { Legend } from "./legend";
import { address } from "./location";
import { PlanEvidence } from "./plan";
import { type Action, type Cause, type Change, type Incident, isOver } from "./types";
import { Copy, Evidence, Link, Loading, Problem, Sql, Term, Title } from "./ui";

export function IncidentScreen({ id }: { id: string }) {
  const { data, error, again } = useApi<Incident>(
    `/api/v1/incidents/${encodeURIComponent(id)}`,
    "incidents",
  );
  if (data === null) {
    return (
      <>
        <Title text={`Incident ${id}`} />
        {error ? <Problem error={error} again={again} /> : <Loading />}
      </>
    );
  }
  return (
    <article class="incident">
      <Head incident={data} again={again} />
      <DoFirst incident={data} />
      <Changes incident={data} />
      <Why incident={data} />
      <Rest incident={data} />
      <Timeline incident={data} />
      <Postmortem incident={data} />
      <Legend />
    </article>
  );
}

// ---- the head: what, since when, how bad ----

function Head({ incident, again }: { incident: Incident; again: () => void }) {
  const now = useNow(1);
  const opened = seconds(incident.opened_at);
  const until = isOver(incident)
    ? (seconds(incident.closed_at) ?? seconds(incident.updated_at) ?? now)
    : now;
  const lasted = opened === null ? "" : span(until - opened);
  const deploy = incident.deploy;
  return (
    <header class="incident-head">
      <p class="eyebrow">
        <span class={`pill ${incident.state}`}>{incident.state}</span> Incident {incident.id}
        {incident.acknowledged_at !== null && (
          <> · acknowledged {clock(incident.acknowledged_at)}</>
        )}
        {incident.muted_until && <> · muted until {clock(incident.muted_until)}</>}
        {incident.announced_at === null && !incident.muted_until && !isOver(incident) && (
          <> · not announced yet: it may pass by itself</>
        )}
      </p>
      <Title text={incident.headline} />
      <p class="since">
        {isOver(incident) ? `It lasted ${lasted}` : `Open ${lasted}`}, since{" "}
        <time dateTime={incident.onset_at}>{clock(incident.onset_at)}</time>
        {!isOver(incident) && incident.trend !== "" && (
          <>
            , <strong class={incident.trend === "getting worse" ? "worse" : ""}>{incident.trend}</strong>
          </>
        )}
        .{" "}
        {deploy === null
          ? "No deploy was found that it began with."
          : `First seen ${deploy.onset_after_s === null ? "with" : `${span(deploy.onset_after_s)} after`} ${
              deploy.basis === "inferred" ? `an unmarked deploy (${deploy.name})` : `deploy ${deploy.name}`
            }.`}
      </p>
      <Facts incident={incident} />
      <Handling incident={incident} again={again} />
    </header>
  );
}

function Facts({ incident }: { incident: Incident }) {
  const { before, now, after } = incident.latency;
  const { errors, traffic, database_load: database } = incident;
  return (
    <dl class="facts">
      <div>
        <dt>
          <Term word="p95" /> latency
        </dt>
        <dd>
          {duration(before.p95_ms)} <span class="arrow">→</span> <b>{duration(now.p95_ms)}</b>
          {after && (
            <>
              {" "}
              <span class="arrow">→</span> {duration(after.p95_ms)}
            </>
          )}
        </dd>
      </div>
      {errors !== null && (
        <div>
          <dt>errors</dt>
          <dd>{errors.all_ok ? "none: all 200 OK" : <b>{count(errors.now)} failed</b>}</dd>
        </div>
      )}
      {traffic !== null && (
        <div>
          <dt>requests a minute</dt>
          <dd>
            {count(traffic.route_per_min)} <small>of {count(traffic.all_per_min)}</small>
          </dd>
        </div>
      )}
      {database !== null && (
        <div>
          <dt>
            <Term word="database load" />
          </dt>
          <dd>
            {load(database.before)} <span class="arrow">→</span> <b>{load(database.now)}</b>
            {database.cores ? <small> of {plural(database.cores, "core")}</small> : null}
          </dd>
        </div>
      )}
      {database !== null && database.full_in_s !== null && !isOver(incident) && (
        <div class="warn">
          <dt>at this pace</dt>
          <dd>
            full in <b>{span(database.full_in_s)}</b>
          </dd>
        </div>
      )}
    </dl>
  );
}

// ---- what to do first ----

const KINDS: Record<string, string> = {
  "roll-back": "no release needed",
  "create-index": "no release needed",
  "eager-load": "a change to the code",
  cache: "a change to the code",
};
function DoFirst({ incident }: { incident: Incident }) {
  const actions = inOrder(incident.actions);
  const whole = Math.max(incident.measured_change_ms ?? 0, ...actions.map((a) => a.saving_alone_ms ?? 0));
  return (
    <section class="card first" aria-labelledby="first">
      <h2 id="first">{isOver(incident) ? "What was proposed and done" : "What to do first"}</h2>
      {actions.length === 0 ? (
        <p>No action is known that would help.</p>
      ) : (
        <>
          <ol class="actions">
            {actions.map((action, i) => (
              <ActionRow key={action.id} action={action} whole={whole} first={i === 0} />
            ))}
          </ol>
          <Together incident={incident} />
        </>
      )}
    </section>
  );
}

function ActionRow({ action, whole, first }: { action: Action; whole: number; first: boolean }) {
  const saving = action.saving_alone_ms;
  const width = whole > 0 && saving !== null ? Math.max(0, Math.min(100, (100 * saving) / whole)) : 0;
  return (
    <li class={first ? "action top" : "action"}>
      <span class="letter" aria-hidden="true">
        {action.id}
      </span>
      <div class="what">
        <p class="text">
          {action.kind === "roll-back" ? <b>{action.text}</b> : <code>{action.text}</code>}
        </p>
        <p class="note">
          {[KINDS[action.kind] ?? action.kind, action.note].filter(Boolean).join(" · ")}
          {action.cause !== null && (
            <>
              {" · "}
              <a href={`#cause-${action.cause}`}>cause {action.cause}</a>
            </>
          )}
        </p>
        {action.state !== "proposed" && <Receipt action={action} />}
      </div>
      <div class="saves">
        <span class="amount">
          {saving === null ? "–" : `−${ms(saving)}`} <small>ms</small>
        </span>
        <span class="meter" aria-hidden="true">
          <span style={{ width: `${width}%` }} />
        </span>
      </div>
      <Copy text={action.text} what={action.text} />
    </li>
  );
}

function Receipt({ action }: { action: Action }) {
  return (
    <p class="receipt">
      <span class="pill landed">{action.state}</span>
      {action.landed_at !== null && <> {clock(action.landed_at)}: </>}
      <Term word="predicted" /> {ms(action.predicted_ms)} ms
      {action.measured_ms !== null ? (
        <>
          , measured{" "}
          <b>
            {ms(action.measured_ms)}
            {action.measured_error_ms != null && ` ± ${ms(action.measured_error_ms)}`} ms
          </b>
          {action.measured_requests ? ` over ${plural(action.measured_requests, "request")}` : ""}
        </>
      ) : (
        ", being measured"
      )}
    </p>
  );
}

function Together({ incident }: { incident: Incident }) {
  const sets = incident.together.filter((set) => set.saving_ms !== null);
  const all = incident.saving_together_ms;
  if (sets.length === 0 && all === null) return null;
  return (
    <p class="together">
      Each figure is the mean time that this removes from a request, <Term word="alone">alone</Term>.{" "}
      <Term word="together">Together</Term>:{" "}
      {sets.map((set, i) => (
        <span key={i} class="set">
          {set.actions.join(" + ")} <b>{ms(set.saving_ms)}</b>
        </span>
      ))}
      {all !== null && (
        <span class="set">
          all <b>{ms(all)}</b>
        </span>
      )}{" "}
      ms.
    </p>
  );
}

// ---- what changed ----

const PART_CLASS: Record<string, string> = {
  waiting: "waiting",
  application: "application",
  other: "other",
};

function Changes({ incident }: { incident: Incident }) {
  if (incident.changes.length === 0) return null;
  let query = 0;
  const rows = incident.changes.map((change) => ({
    change,
    part: PART_CLASS[change.kind] ?? `query-${Math.min(query++, 3)}`,
  }));
  return (
    <section class="card" aria-labelledby="changes">
      <h2 id="changes">
        What changed <small>mean milliseconds per request</small>
      </h2>
      <Split rows={rows} incident={incident} />
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">part of a request</th>
            <th scope="col">before</th>
            <th scope="col">now</th>
            <th scope="col">change</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ change, part }) => (
            <ChangeRow key={change.what} change={change} part={part} />
          ))}
          <tr class="quiet">
            <th scope="row">
              <span class="swatch unexplained" aria-hidden="true" />
              <Term word="unexplained" />
            </th>
            <td />
            <td />
            <td>{ms(incident.unexplained_ms, true)}</td>
          </tr>
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">measured</th>
            <td>{ms(incident.measured_before_ms)}</td>
            <td>{ms(incident.measured_now_ms)}</td>
            <td>{ms(incident.measured_change_ms, true)}</td>
          </tr>
        </tfoot>
      </table>
    </section>
  );
}

function ChangeRow({ change, part }: { change: Change; part: string }) {
  const known = change.kind === "waiting" || change.kind === "application" ? change.kind : null;
  return (
    <tr>
      <th scope="row">
        <span class={`swatch ${part}`} aria-hidden="true" />
        {change.fingerprint !== null ? (
          <Link to={address("/query", { fingerprint: change.fingerprint })}>{change.what}</Link>
        ) : known !== null ? (
          <Term word={known}>{change.what}</Term>
        ) : (
          change.what
        )}
      </th>
      <td>{change.kind === "new-query" ? "–" : ms(change.before_ms)}</td>
      <td>{ms(change.now_ms)}</td>
      <td>{ms(change.change_ms, true)}</td>
    </tr>
  );
}

/** The added milliseconds as one bar; what became less is in the table only. */
function Split({ rows, incident }: { rows: { change: Change; part: string }[]; incident: Incident }) {
  const parts = rows
    .map(({ change, part }) => ({ what: change.what, part, value: change.change_ms ?? 0 }))
    .concat({ what: "unexplained", part: "unexplained", value: incident.unexplained_ms ?? 0 })
    .filter((p) => p.value > 0);
  const sum = parts.reduce((total, p) => total + p.value, 0);
  if (sum <= 0) return null;
  const share = (p: { value: number }) => (100 * p.value) / sum;
  return (
    <figure class="split">
      <div
        class="bar"
        role="img"
        aria-label={`Of ${ms(sum)} ms added: ${parts.map((p) => `${p.what} ${ms(p.value)} ms`).join(", ")}`}
      >
        {parts.map((p) => (
          <span
            key={p.what}
            class={`part ${p.part}`}
            style={{ width: `${share(p)}%` }}
            title={`${p.what}: ${ms(p.value, true)} ms`}
          >
            {share(p) > 14 && <span class="label">{ms(p.value, true)} ms</span>}
          </span>
        ))}
      </div>
    </figure>
  );
}

// ---- why ----

function Why({ incident }: { incident: Incident }) {
  return (
    <section class="card" aria-labelledby="why">
      <h2 id="why">Why</h2>
      {incident.causes.length === 0 && (
        <p>No single cause could be told. The figures above are measured all the same.</p>
      )}
      <ol class="causes">
        {incident.causes.map((cause) => (
          <CauseItem key={cause.rank} cause={cause} incident={incident} />
        ))}
      </ol>
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
          <Sql text={cause.statement} />
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
                  {cause.blocker.holder === null ? (
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
            <dt>evidence</dt>
            <dd>
              <Proof cause={cause} />
            </dd>
            {change?.calls_now != null && (
              <>
                <dt>calls a request</dt>
                <dd>
                  {ms(change.calls_before)} → {ms(change.calls_now)}
                  {change.per_call_now_ms != null && <> at {ms(change.per_call_now_ms)} ms each</>}
                </dd>
              </>
            )}
            <dt>
              <Term word="saving">saving</Term>
            </dt>
            <dd>
              {ms(cause.saving_ms)} ms of the mean request
              {actions.length > 0 && <>, by action {actions.map((a) => a.id).join(" or ")}</>}
            </dd>
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

// ---- victims and what it was not ----

function Rest({ incident }: { incident: Incident }) {
  return (
    <div class="columns">
      <section class="card" aria-labelledby="victims">
        <h2 id="victims">
          <Term word="victim">Waiting because of it</Term>
        </h2>
        {incident.victims.length === 0 ? (
          <p class="muted">Nothing else became slower.</p>
        ) : (
          <table class="figures">
            <tbody>
              {incident.victims.map((v) => (
                <tr key={v.subject}>
                  <th scope="row">
                    <Link to={address("/route", { name: v.subject })}>{v.subject}</Link>
                  </th>
                  <td>{ms(v.change_ms, true)} ms</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      <section class="card" aria-labelledby="ruled-out">
        <h2 id="ruled-out">Tested and not the cause</h2>
        {incident.ruled_out.length === 0 ? (
          <p class="muted">Nothing could be ruled out.</p>
        ) : (
          <table class="figures">
            <tbody>
              {incident.ruled_out.map((r) => (
                <tr key={r.test}>
                  <th scope="row">{r.test}</th>
                  <td>{r.figure}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </div>
  );
}

function Timeline({ incident }: { incident: Incident }) {
  return (
    <section class="card" aria-labelledby="timeline">
      <h2 id="timeline">Timeline</h2>
      <ol class="timeline">
        {incident.timeline.map((entry, i) => (
          <li key={i} class={entry.kind}>
            <time dateTime={entry.at}>{clock(entry.at)}</time>
            <span class="kind">{entry.kind.replace(/-/g, " ")}</span>
            <span>{entry.text}</span>
          </li>
        ))}
      </ol>
      {incident.notes.map((note, i) => (
        <p key={i}>{note}</p>
      ))}
      {incident.example_trace !== null && (
        <p>
          <Link to={address(`/trace/${incident.example_trace}`)}>A slow example</Link>
        </p>
      )}
    </section>
  );
}

function Postmortem({ incident }: { incident: Incident }) {
  const [text, setText] = useState<string | null>(null);
  const [problem, setProblem] = useState("");
  const path = `/api/v1/incidents/${incident.id}/postmortem`;
  const show = async () => {
    try {
      setText(await getText(path));
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : "slowburn does not answer");
    }
  };
  const save = () => {
    const url = URL.createObjectURL(new Blob([text ?? ""], { type: "text/markdown" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `postmortem-${incident.id}.md`;
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <section class="card" id="postmortem" aria-labelledby="postmortem-title">
      <h2 id="postmortem-title">Postmortem</h2>
      {text === null ? (
        <p>
          <button type="button" onClick={show}>
            Write it
          </button>{" "}
          <span class="muted">as Markdown, from what is on this page</span>
        </p>
      ) : (
        <>
          <div class="row">
            <Copy text={text} what="the postmortem" />
            <button type="button" class="small" onClick={save}>
              Download
            </button>
          </div>
          <pre class="markdown" tabIndex={0} aria-label="The postmortem as Markdown">
            {text}
          </pre>
        </>
      )}
      {problem !== "" && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}
