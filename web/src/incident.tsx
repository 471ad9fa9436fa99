// SPDX-License-Identifier: Apache-2.0
// The page for someone on call at 3 a.m.: what, since when, why, and what to do first.
import { useApi, useNow } from "./api";
import { Changes } from "./changes";
import { clock, count, duration, load, ms, percent, plural, seconds, span } from "./format";
import { Annotate, Handling } from "./handling";
import { Legend } from "./legend";
import { address } from "./location";
import { latencyPanel, meanPanel, Panels, type Panel } from "./panels";
import { Postmortem } from "./postmortem";
import { DoFirst } from "./todo";
import { type Deploy, endOf, type Incident, isOver, type RouteDetail } from "./types";
import { Fact, Link, Loading, Problem, Route, Term, Title } from "./ui";
import { Why } from "./why";

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
      {data.subject_kind === "route" && <OverTime incident={data} />}
      <Changes incident={data} />
      <Why incident={data} />
      <Rest incident={data} />
      <Timeline incident={data} again={again} />
      <Postmortem incident={data} />
      <Legend />
    </article>
  );
}

// ---- the head: what, since when, how bad ----

function Head({ incident, again }: { incident: Incident; again: () => void }) {
  const now = useNow(1);
  const onset = seconds(incident.onset_at) ?? now;
  const opened = seconds(incident.opened_at) ?? onset;
  const { deploy } = incident;
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
        {isOver(incident) ? "It lasted" : "For"} {span((endOf(incident) ?? now) - onset)}, since{" "}
        <time dateTime={incident.onset_at}>{clock(incident.onset_at)}</time>
        {!isOver(incident) && incident.trend !== "" && (
          <>
            , <strong class={incident.trend === "getting worse" ? "worse" : ""}>{incident.trend}</strong>
          </>
        )}
        {opened > onset && `; noticed after ${span(opened - onset)}`}.{" "}
        {deploy === null
          ? "No deploy was found that it began with."
          : `It began ${deploy.onset_after_s === null ? "with" : `${span(deploy.onset_after_s)} after`} ${
              deploy.basis === "inferred" ? `an unmarked deploy (${deploy.name})` : `deploy ${deploy.name}`
            }${chanceOf(deploy)}.`}
      </p>
      <Monitor incident={incident} />
      <Facts incident={incident} />
      <Handling incident={incident} again={again} />
    </header>
  );
}

/** Why it is thought to be that deploy, and how likely one is that near anyway. */
function chanceOf({ basis, overlap, chance }: Deploy): string {
  if (basis === "inferred" || chance === undefined) return "";
  const why =
    overlap === "affects" ? "it names this; " : overlap === "new-statement" ? "a statement is new since; " : "";
  return chance === null
    ? ` (${why}by chance: unknown, fewer than 10 deploys so far)`
    : ` (${why}that near by chance: ${percent(chance)})`;
}

/** What the long view has to do with it. */
function Monitor({ incident: { monitor } }: { incident: Incident }) {
  if (!monitor?.opened) return null;
  return (
    <p class="muted">
      Noticed by the monitor ({monitor.lane}): not what{" "}
      {monitor.learning
        ? "it was before (what is normal is still being learned)"
        : "is normal at this time of the week"}
      {monitor.onset_from !== null &&
        monitor.onset_to !== null &&
        `; it began between ${clock(monitor.onset_from)} and ${clock(monitor.onset_to)}`}
      .
    </p>
  );
}

function Facts({ incident }: { incident: Incident }) {
  const { before, now, after } = incident.latency;
  const { errors, traffic, database_load: database } = incident;
  return (
    <dl class="facts">
      <Fact
        name={
          <>
            <Term word="p95" /> latency
          </>
        }
      >
        {duration(before.p95_ms)} <Arrow /> <b>{duration(now.p95_ms)}</b>
        {after && after.p95_ms !== null && (
          <>
            {" "}
            <Arrow /> {duration(after.p95_ms)}
          </>
        )}
      </Fact>
      {errors !== null && (
        <Fact name="errors">
          {errors.all_ok ? "none: all 200 OK" : <b>{count(errors.now)} failed</b>}
        </Fact>
      )}
      {traffic !== null && (
        <Fact name="requests a minute">
          {count(traffic.route_per_min)} <small>of {count(traffic.all_per_min)}</small>
          {traffic.route_per_min_before && traffic.all_per_min_before ? (
            <small>
              , before: {count(traffic.route_per_min_before)} of {count(traffic.all_per_min_before)}
            </small>
          ) : null}
        </Fact>
      )}
      {database !== null && (
        <Fact name={<Term word="database load" />}>
          {load(database.before)} <Arrow /> <b>{load(database.now)}</b>
          {database.cores ? <small> of {plural(database.cores, "core")}</small> : null}
        </Fact>
      )}
      {database !== null && database.full_in_s !== null && !isOver(incident) && (
        <Fact name="at this pace" warn>
          full in <b>{span(database.full_in_s)}</b>
        </Fact>
      )}
    </dl>
  );
}

const Arrow = () => <span class="arrow">→</span>;

// ---- as it came about ----

const panels = (data: RouteDetail): Panel[] => [latencyPanel(data), meanPanel(data)];

const BEFORE_S = 1800;

/** Its route from before it began until now, or until shortly after it was over. */
function OverTime({ incident }: { incident: Incident }) {
  const now = useNow(10);
  const onset = seconds(incident.onset_at) ?? now;
  const end = endOf(incident);
  const to = Math.ceil((end === null ? now : Math.min(now, end + BEFORE_S / 2)) / 60) * 60;
  const from = Math.floor((onset - Math.max(BEFORE_S, (to - onset) / 2)) / 60) * 60;
  const { data } = useApi<RouteDetail>(
    `/api/v1/route?name=${encodeURIComponent(incident.subject)}&from=${from}&to=${to}`,
  );
  if (data === null) return null;
  return (
    <section aria-label="Over time">
      <Panels data={data} make={panels} isFixed />
      <p class="below">
        <Link to={address("/route", { name: incident.subject }, { from, to })}>
          {incident.subject} over time
        </Link>
      </p>
    </section>
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
                    <Link to={address("/route", { name: v.subject })}>
                      <Route name={v.subject} />
                    </Link>
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

function Timeline({ incident, again }: { incident: Incident; again: () => void }) {
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
      <Annotate incident={incident} again={again} />
    </section>
  );
}
