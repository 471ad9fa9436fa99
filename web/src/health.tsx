// SPDX-License-Identifier: Apache-2.0
// What slowburn itself costs, drops and restarted. The screen follows the document, so that a
// daemon that knows more shows more.
import { useApi } from "./api";
import { bytes, count, plural } from "./format";
import type { Status } from "./types";
import { Loading, Problem, Title } from "./ui";

type Json = unknown;
const isObject = (v: Json): v is Record<string, Json> =>
  typeof v === "object" && v !== null && !Array.isArray(v);

/* What must be 0 when all is well. */
const BAD = /dropped|folded|failures|opaque|refused|errors|restarts|overflowed|error$/;

function show(name: string, value: Json): string {
  if (value === null || value === "") return "–";
  if (typeof value === "number") {
    if (name === "pid") return String(value);
    if (/bytes/.test(name)) return bytes(value);
    return Number.isInteger(value) ? count(value) : value.toLocaleString("en-US", { maximumFractionDigits: 3 });
  }
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

const words = (name: string) => name.replace(/_/g, " ");

export function HealthScreen() {
  const { data, error, again } = useApi<Status>("/api/v1/status", "status");
  if (data === null) {
    return (
      <>
        <Title text="slowburn itself" />
        {error ? <Problem error={error} again={again} /> : <Loading />}
      </>
    );
  }
  const sections = Object.entries(data);
  const top = sections.filter(([, value]) => !isObject(value) && !Array.isArray(value));
  return (
    <>
      <Title text="slowburn itself" />
      {error && <Problem error={error} again={again} />}
      <Summary status={data} />
      <Facts status={data} />
      <div class="masonry">
        {top.length > 0 && <Section name="daemon" value={Object.fromEntries(top)} />}
        {sections.map(([name, value]) =>
          isObject(value) || Array.isArray(value) ? <Section key={name} name={name} value={value} /> : null,
        )}
      </div>
    </>
  );
}

function Section({ name, value }: { name: string; value: Json }) {
  return (
    <section class="card" aria-label={words(name)}>
      <h2>{words(name)}</h2>
      <table class="figures">
        <tbody>
          <Rows value={value} prefix="" />
        </tbody>
      </table>
    </section>
  );
}

const figureOf = (status: Status, ...path: string[]): number | null => {
  let value: Json = status;
  for (const name of path) value = isObject(value) ? value[name] : undefined;
  return typeof value === "number" ? value : null;
};

/** What somebody asks first; all of it is in the sections below as well. */
function Facts({ status }: { status: Status }) {
  const children = ["proxy", "analyzer", "advisor"];
  const restarts = children.map((name) => figureOf(status, "supervisor", "children", name, "restarts") ?? 0);
  const opaque = figureOf(status, "proxy", "sessions_opaque");
  const facts: [string, string, boolean][] = [
    ["workers", count(figureOf(status, "proxy", "workers")), false],
    ["rings", count(figureOf(status, "analyzer", "rings")), false],
    ["a query is kept", `${count(figureOf(status, "added", "query_mean_us"))} µs`, false],
    ["restarts", count(restarts.reduce((sum, n) => sum + n, 0)), restarts.some((n) => n > 0)],
    ["opaque sessions", count(opaque), (opaque ?? 0) > 0],
    ["store", bytes(figureOf(status, "store", "size_bytes")), false],
    ["the advisor’s statements", count(figureOf(status, "advisor", "statements")), false],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value, bad]) => (
        <div key={name} class={bad ? "warn" : ""}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The two things to know: what it costs, and whether anything escaped it. */
function Summary({ status }: { status: Status }) {
  const figure = (section: string, name: string) => figureOf(status, section, name);
  const lost = (figure("proxy", "events_dropped") ?? 0) + (figure("proxy", "events_folded") ?? 0);
  const opaque = figure("proxy", "sessions_opaque") ?? 0;
  const well = lost === 0 && opaque === 0;
  const added = figure("added", "query_mean_us");
  return (
    <p class={`sentence ${well ? "good" : "bad"}`}>
      <b>
        {well
          ? "Everything is seen: nothing dropped, nothing folded, no session opaque"
          : `Not everything is seen: ${count(lost)} records dropped or folded, ${plural(opaque, "session")} opaque`}
      </b>
      {added !== null && <span>a query is kept {count(added)} µs on average</span>}
    </p>
  );
}

function Rows({ value, prefix }: { value: Json; prefix: string }) {
  const members = Array.isArray(value)
    ? value.map((item, i) => [String(i + 1), item] as const)
    : Object.entries(value as Record<string, Json>);
  if (members.length === 0) {
    return (
      <tr>
        <th scope="row">{prefix.replace(/ · $/, "") || "nothing"}</th>
        <td>–</td>
      </tr>
    );
  }
  return (
    <>
      {members.map(([name, item]) => {
        const label = prefix + words(name);
        if (isObject(item) || Array.isArray(item)) {
          return <Rows key={name} value={item} prefix={`${label} · `} />;
        }
        const bad = BAD.test(name) && ((typeof item === "number" && item > 0) || (name === "error" && item !== ""));
        return (
          <tr key={name}>
            <th scope="row">{label}</th>
            <td class={bad ? "warned" : ""}>{show(name, item)}</td>
          </tr>
        );
      })}
    </>
  );
}
