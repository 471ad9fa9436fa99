// SPDX-License-Identifier: Apache-2.0
// What slowburn itself costs, drops and restarted. The screen follows the document, so that a
// daemon that knows more shows more.
import { useApi } from "./api";
import { bytes, count, duration, percent, plural, span } from "./format";
import type { Status } from "./types";
import { Fact, Loading, Problem, Title } from "./ui";

type Json = unknown;
const isObject = (v: Json): v is Record<string, Json> =>
  typeof v === "object" && v !== null && !Array.isArray(v);

/* What must be 0 when all is well: slowburn's own failures, not those of whom it watches. */
const BAD = /dropped|folded|failures|opaque|(?<!logins_)refused|restarts|overflowed|messages_lost|^error$/;

const UNITS: [suffix: RegExp, format: (value: number) => string][] = [
  [/_s$/, (value) => (value < 60 ? `${value.toFixed(1)} s` : span(value))],
  [/_us$/, (value) => `${count(value)} µs`],
  [/_ms$/, duration],
  [/^bytes_|_bytes$/, bytes],
  [/_share$/, percent],
];

function show(name: string, value: Json): string {
  if (value === null || value === "") return "–";
  if (typeof value === "number") {
    if (name === "pid") return String(value);
    const unit = UNITS.find(([suffix]) => suffix.test(name));
    if (unit !== undefined) return unit[1](value);
    return Number.isInteger(value) ? count(value) : value.toLocaleString("en-US", { maximumFractionDigits: 3 });
  }
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

/** A member's name as words, without the unit that stands behind its figure. */
const words = (name: string) =>
  (name.startsWith("bytes_") ? name : name.replace(/_(s|us|ms|bytes)$/, "")).replace(/_/g, " ");

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

const CHILDREN = ["proxy", "analyzer", "advisor"];
const ofChildren = (status: Status, name: string) =>
  CHILDREN.map((child) => figureOf(status, "supervisor", "children", child, name));
const sum = (values: (number | null)[]) => values.reduce<number>((all, value) => all + (value ?? 0), 0);

/** How many processors it has kept busy since it was started. */
function coresOf(status: Status): number | null {
  const used = ofChildren(status, "cpu_s");
  const up = ofChildren(status, "up_s");
  if (used.every((value) => value === null)) return null;
  return sum(used.map((value, i) => (value === null || !up[i] ? null : value / up[i]!)));
}

/** What somebody asks first; all of it is in the sections below as well. */
function Facts({ status }: { status: Status }) {
  const restarts = sum(ofChildren(status, "restarts"));
  const opaque = figureOf(status, "proxy", "sessions_opaque");
  const facts: [string, string, boolean][] = [
    ["workers", count(figureOf(status, "proxy", "workers")), false],
    ["rings", count(figureOf(status, "analyzer", "rings")), false],
    ["added to a query", `${count(figureOf(status, "added", "query_mean_us"))} µs`, false],
    ["processor", `${percent(coresOf(status))} of one`, false],
    ["memory", bytes(sum(ofChildren(status, "memory_bytes"))), false],
    ["restarts", count(restarts), restarts > 0],
    ["opaque sessions", count(opaque), (opaque ?? 0) > 0],
    ["store", bytes(figureOf(status, "store", "size_bytes")), false],
    ["the advisor’s statements", count(figureOf(status, "advisor", "statements")), false],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value, bad]) => (
        <Fact key={name} name={name} warn={bad}>
          {value}
        </Fact>
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
      {added !== null && <span>it adds {count(added)} µs to a query on average</span>}
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
        <td>none</td>
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
