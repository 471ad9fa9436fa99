// SPDX-License-Identifier: Apache-2.0
// What to do first, what each action removes, and what those that have landed did remove.
import { adviceOf, inOrder } from "./actions";
import { clock, ms, plural } from "./format";
import { type Action, type Incident, isOver, type Together as Set } from "./types";
import { Copy, Sure, Term } from "./ui";

const KINDS: Record<string, string> = {
  "roll-back": "no release needed",
  "create-index": "no release needed",
  "eager-load": "a change to the code",
  cache: "a change to the code",
};

export function DoFirst({ incident }: { incident: Incident }) {
  const actions = inOrder(incident.actions);
  const advice = adviceOf(incident);
  const whole = Math.max(incident.measured_change_ms ?? 0, ...actions.map((a) => a.saving_alone_ms ?? 0));
  return (
    <section class="card first" aria-labelledby="first">
      <h2 id="first">{isOver(incident) ? "What was proposed and done" : "What to do first"}</h2>
      {actions.length + advice.length === 0 && <p>No action is known that would help.</p>}
      <ol class="actions">
        {actions.map((action, i) => (
          <ActionRow key={action.id} action={action} whole={whole} first={i === 0} />
        ))}
        {advice.map(({ rank, text }, i) => (
          <li key={rank} class={actions.length + i === 0 ? "action top" : "action"}>
            <span class="letter" aria-hidden="true">
              ·
            </span>
            <div class="what">
              <p class="text">{text}</p>
              <p class="note">
                by hand · <a href={`#cause-${rank}`}>cause {rank}</a>
              </p>
            </div>
          </li>
        ))}
      </ol>
      {actions.length > 0 && <Together incident={incident} />}
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
          {saving === null ? "–" : `−${ms(saving)}`}{" "}
          <small>
            {action.saving_alone_error_ms != null && `± ${ms(action.saving_alone_error_ms)} `}ms
          </small>
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
      <Term word="predicted" /> <Sure value={action.predicted_ms ?? null} error={action.predicted_error_ms} /> ms
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

/** What pairs that work on the same calls, or on the same load, do not save twice. */
function interaction(set: Set): string {
  const by = set.interaction_ms ?? 0;
  return `they interact: ${ms(Math.abs(by))} ${by < 0 ? "less" : "more"} than their sum`;
}

function Together({ incident }: { incident: Incident }) {
  const fixes = incident.actions.filter((action) => action.kind !== "roll-back").length;
  const sets = incident.together.filter(
    (set) => set.saving_ms !== null && (set.actions.length < fixes || fixes === 2),
  );
  const all = fixes > 2 || sets.length === 0 ? incident.saving_together_ms : null;
  if (fixes < 2) return null;
  if (sets.length === 0 && all === null) return null;
  return (
    <p class="together">
      Each figure is the mean time that this removes from a request, <Term word="alone">alone</Term>.{" "}
      <Term word="together">Together</Term>:{" "}
      {sets.map((set, i) => (
        <span key={i} class="set">
          {set.actions.join(" + ")}{" "}
          <b>
            <Sure value={set.saving_ms} error={set.saving_error_ms} />
          </b>
          {set.interacts === true && <> ({interaction(set)})</>}
        </span>
      ))}
      {all !== null && (
        <span class="set">
          all{" "}
          <b>
            <Sure value={all} error={incident.saving_together_error_ms} />
          </b>
        </span>
      )}{" "}
      ms.
    </p>
  );
}
