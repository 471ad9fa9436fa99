// SPDX-License-Identifier: Apache-2.0
// What the planner chooses for a statement, what it chose before, and which index there is or
// should be. A plan is a list within a list, so that it can be read aloud as it is drawn.
import type { ComponentChildren } from "preact";
import { useApi } from "./api";
import { bytes, clock, count, duration, percent } from "./format";
import type { IndexAdvice, Plan, PlanNode, Plans } from "./types";
import { Copy, Evidence, Loading, Problem, Term } from "./ui";

/** What HypoPG puts before the name of an index that is not there. */
const TRIED_OUT = /^<\d+>/;

interface Tree {
  node: PlanNode;
  children: Tree[];
}

function treeOf(nodes: PlanNode[]): Tree[] {
  const roots: Tree[] = [];
  const path: Tree[] = [];
  for (const node of nodes) {
    const tree: Tree = { node, children: [] };
    path.length = Math.min(path.length, node.depth);
    (path.at(-1)?.children ?? roots).push(tree);
    path.push(tree);
  }
  return roots;
}

/** The node that takes most of the plan's cost by itself. */
function costliest(nodes: PlanNode[]): PlanNode | undefined {
  return nodes.reduce<PlanNode | undefined>(
    (most, node) => (node.own_cost > (most?.own_cost ?? 0) ? node : most),
    undefined,
  );
}

function nameOf({ node, table, index }: PlanNode): ComponentChildren {
  return (
    <>
      {node}
      {table !== null && (
        <>
          {" "}
          on <code>{table}</code>
        </>
      )}
      {index !== null && (
        <>
          {" "}
          by <code>{index.replace(TRIED_OUT, "")}</code>
        </>
      )}
    </>
  );
}

export function PlanTree({ nodes, label }: { nodes: PlanNode[]; label: string }) {
  const sum = nodes.reduce((total, node) => total + node.own_cost, 0);
  const most = costliest(nodes);
  const level = (trees: Tree[], name?: string) => (
    <ul class="plan" aria-label={name}>
      {trees.map(({ node, children }, i) => {
        const share = sum > 0 ? node.own_cost / sum : 0;
        const isMost = node === most && nodes.length > 1;
        return (
          <li key={i}>
            <div class={isMost ? "plan-node costly" : "plan-node"}>
              <span>
                <b>{nameOf(node)}</b>
                {isMost && <span class="pill open">costs most</span>}
              </span>
              <span class="plan-figures">
                {percent(share)} of the cost · {count(node.rows)} {node.rows === 1 ? "row" : "rows"}
              </span>
              <span class="meter" aria-hidden="true">
                <span style={{ width: `${100 * share}%` }} />
              </span>
              {node.conditions.map((condition) => (
                <code key={condition} class="condition">
                  {condition}
                </code>
              ))}
            </div>
            {children.length > 0 && level(children)}
          </li>
        );
      })}
    </ul>
  );
  return level(treeOf(nodes), label);
}

const BASIS = {
  values: "planned with values from the wire",
  generic: "planned for any values",
} as const;

function seen(plan: Plan): string {
  return plan.first_seen === plan.last_seen
    ? `seen ${clock(plan.last_seen)}`
    : `seen from ${clock(plan.first_seen)} to ${clock(plan.last_seen)}`;
}

function PlanView({ plan, title }: { plan: Plan; title: string }) {
  return (
    <div class="plan-view">
      <h3>{title}</h3>
      <p class="muted">
        <Term word="cost" /> {count(plan.cost)} · {seen(plan)} · {BASIS[plan.basis] ?? plan.basis}
      </p>
      <PlanTree nodes={plan.nodes} label={title} />
    </div>
  );
}

function WithIndex({ index }: { index: IndexAdvice }) {
  return (
    <div class="plan-view">
      <h3>Plan with the index</h3>
      <p class="muted">
        <Term word="cost" /> {count(index.cost_after)} · tried out: the index was not made
      </p>
      {index.nodes !== null && <PlanTree nodes={index.nodes} label="Plan with the index" />}
    </div>
  );
}

/** Which index there is, which one would help, and why. */
function Verdict({ plan }: { plan: Plan }) {
  const { index } = plan;
  const used = new Set(plan.nodes.map((node) => node.index));
  const indexes = plan.indexes ?? [];
  return (
    <>
      <h3>Indexes</h3>
      {indexes.length === 0 ? (
        <p class="muted">There is none on its tables.</p>
      ) : (
        <ul class="indexes">
          {indexes.map((one) => (
            <li key={one.table + one.name}>
              <code>{one.name}</code> on <code>{`${one.table} (${one.columns.join(", ")})`}</code>
              {one.unique && " unique"}
              {one.partial && " of some rows"}{" "}
              {used.has(one.name) && <span class="pill landed">used</span>}
            </li>
          ))}
        </ul>
      )}
      {index === null ? (
        <p>
          <b>No index would help:</b> {plan.index_reason ?? "nothing was found to gain"}.
        </p>
      ) : (
        <>
          <p>
            <b>An index would help:</b> <Evidence grade={index.evidence} basis="plan" /> cost{" "}
            {count(index.cost_before)} → <b>{count(index.cost_after)}</b>; about{" "}
            {duration(index.build_ms)} to build, {bytes(index.size_bytes)},{" "}
            {duration(index.write_us / 1000)} for each row written
            {index.doubt !== undefined && ` (${index.doubt})`}.
          </p>
          <div class="copy-corner">
            <pre>{index.ddl}</pre>
            <Copy text={index.ddl} what="the index" />
          </div>
        </>
      )}
    </>
  );
}

function NoPlan() {
  return (
    <p class="muted">
      No plan of it is known: the advisor has no login for its database (
      <code>slowburn advisor-grants</code>), or has not come to it yet.
    </p>
  );
}

function usePlans(fingerprint: string) {
  return useApi<Plans>(`/api/v1/plans?fingerprint=${encodeURIComponent(fingerprint)}`);
}

export function PlansCard({ fingerprint }: { fingerprint: string }) {
  const { data, error, again } = usePlans(fingerprint);
  const [now, before] = data?.plans ?? [];
  return (
    <section class="card" aria-labelledby="plan">
      <h2 id="plan">
        <Term word="plan">Plan</Term> <small>what the database does for it; no value is in it</small>
      </h2>
      {error && <Problem error={error} again={again} />}
      {data === null && !error && <Loading />}
      {data !== null && now === undefined && <NoPlan />}
      {now !== undefined && (
        <>
          <div class="columns">
            <PlanView plan={now} title="Plan now" />
            {before !== undefined && <PlanView plan={before} title="Previous plan" />}
          </div>
          <Verdict plan={now} />
          {now.index?.nodes && (
            <details>
              <summary>The plan with this index</summary>
              <WithIndex index={now.index} />
            </details>
          )}
        </>
      )}
    </section>
  );
}

/** The proof of a missing index: the plan as it is, and with the index. Or before the change, and now. */
export function PlanEvidence({ fingerprint }: { fingerprint: string }) {
  const { data, error, again } = usePlans(fingerprint);
  if (error) return <Problem error={error} again={again} />;
  if (data === null) return <Loading />;
  const withAdvice = data.plans.find((plan) => plan.index?.nodes);
  const [now, before] = data.plans;
  if (now === undefined) return <NoPlan />;
  if (withAdvice !== undefined) {
    return (
      <div class="columns">
        <PlanView plan={withAdvice} title="Plan without an index" />
        <WithIndex index={withAdvice.index!} />
      </div>
    );
  }
  return (
    <div class="columns">
      {before !== undefined && <PlanView plan={before} title="Plan before" />}
      <PlanView plan={now} title="Plan now" />
    </div>
  );
}
