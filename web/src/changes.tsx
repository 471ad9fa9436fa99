// SPDX-License-Identifier: Apache-2.0
// What changed: a bar that splits the added milliseconds, and the table whose rows add up.
import { ms } from "./format";
import { address } from "./location";
import type { Change, Incident } from "./types";
import { Link, Sure, Term } from "./ui";

const PART_CLASS: Record<string, string> = {
  waiting: "waiting",
  application: "application",
  other: "other",
};

export function Changes({ incident }: { incident: Incident }) {
  if (incident.changes.length === 0) return null;
  let query = 0;
  const rows = incident.changes.map((change) => ({
    change,
    part: PART_CLASS[change.kind] ?? `query-${Math.min(query++, 3)}`,
  }));
  return (
    <section class="card" aria-labelledby="changes">
      <h2 id="changes">
        What changed <small>mean milliseconds per {incident.figures_per ?? "request"}, ± half of the 95 % interval</small>
      </h2>
      <Split rows={rows} incident={incident} />
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">part of a {incident.figures_per ?? "request"}</th>
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
            <td>
              <Sure value={incident.unexplained_ms} error={incident.unexplained_error_ms} sign />
            </td>
          </tr>
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">measured</th>
            <td>
              <Sure value={incident.measured_before_ms} error={incident.measured_before_error_ms} />
            </td>
            <td>
              <Sure value={incident.measured_now_ms} error={incident.measured_now_error_ms} />
            </td>
            <td>
              <Sure value={incident.measured_change_ms} error={incident.measured_change_error_ms} sign />
            </td>
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
      <td>
        {change.kind === "new-query" ? "–" : <Sure value={change.before_ms} error={change.before_error_ms} />}
      </td>
      <td>
        <Sure value={change.now_ms} error={change.now_error_ms} />
      </td>
      <td>
        <Sure value={change.change_ms} error={change.change_error_ms} sign />
      </td>
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
