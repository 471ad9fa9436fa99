// SPDX-License-Identifier: Apache-2.0
// The documents of the admin API, as doc/api.md describes them. What a daemon does not know is null.

export interface Latency {
  mean_ms: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  requests: number;
}

export interface Change {
  what: string;
  kind: string;
  fingerprint: string | null;
  calls_before?: number | null;
  calls_now?: number | null;
  per_call_before_ms?: number | null;
  per_call_now_ms?: number | null;
  before_ms: number | null;
  now_ms: number | null;
  change_ms: number | null;
  before_error_ms?: number | null;
  now_error_ms?: number | null;
  change_error_ms?: number | null;
}

export interface Cause {
  rank: number;
  kind: string;
  fingerprint: string | null;
  statement: string;
  short: string;
  tables: string[];
  columns: string[];
  evidence: "proved" | "measured" | "suspected";
  basis: string;
  detail: string;
  figures?: Figures;
  saving_ms: number | null;
  saving_error_ms?: number | null;
  route?: string;
  advice?: string;
  blocker?: {
    state: string;
    holder: string | null;
    holder_short: string;
    /** From what waits to the holder. */
    chain?: { fingerprint: string | null; short: string; state: string; waited_ms: number | null }[];
  };
}

/** Of a cause, as far as its kind has them. */
export interface Figures {
  rows_read?: number;
  rows_returned?: number;
  values_of?: string;
  requests_looked_at?: number;
  requests_matched?: number;
  calls?: number;
  answers?: number;
  hit_rate?: number;
}

export interface Action {
  id: string;
  kind: string;
  text: string;
  note: string;
  cause: number | null;
  saving_alone_ms: number | null;
  saving_alone_error_ms?: number | null;
  state: "proposed" | "landed" | "measured";
  landed_at: string | null;
  predicted_ms?: number | null;
  predicted_error_ms?: number | null;
  measured_ms: number | null;
  measured_error_ms?: number | null;
  measured_requests?: number | null;
}

export interface Together {
  actions: string[];
  saving_ms: number | null;
  saving_error_ms?: number | null;
  interaction_ms?: number | null;
  interacts?: boolean;
}

export interface Monitor {
  lane: string;
  opened: boolean;
  learning: boolean;
  onset_from: string | null;
  onset_to: string | null;
  deploy_chance: number | null;
}

export interface Deploy {
  name: string;
  at: string;
  basis: string;
  onset_after_s: number | null;
  overlap?: "affects" | "new-statement" | "answers" | "time";
  chance?: number | null;
}

export interface Incident {
  id: number;
  state: "open" | "fixing" | "recovered" | "closed";
  subject: string;
  subject_kind: string;
  route_basis?: RouteBasis | null;
  headline: string;
  trend: string;
  opened_at: string;
  onset_at: string;
  updated_at: string;
  closed_at: string | null;
  recovered_at?: string | null;
  acknowledged_at: string | null;
  announced_at?: string | null;
  muted_until?: string | null;
  merged_into?: number | null;
  figures_per?: "request" | "call";
  deploy: Deploy | null;
  monitor?: Monitor | null;
  latency: { before: Latency; now: Latency; after: Latency | null };
  traffic: {
    route_per_min: number;
    all_per_min: number;
    route_per_min_before: number | null;
    all_per_min_before: number | null;
    route_share?: number | null;
    route_share_before?: number | null;
  } | null;
  database_load: {
    before: number | null;
    now: number | null;
    full_in_s: number | null;
    cores: number | null;
  } | null;
  errors: { now: number; all_ok: boolean } | null;
  changes: Change[];
  measured_before_ms: number | null;
  measured_before_error_ms?: number | null;
  measured_now_ms: number | null;
  measured_now_error_ms?: number | null;
  measured_change_ms: number | null;
  measured_change_error_ms?: number | null;
  unexplained_ms: number | null;
  unexplained_error_ms?: number | null;
  explained?: number | null;
  cannot_tell?: boolean;
  causes: Cause[];
  victims: { subject: string; change_ms: number | null }[];
  ruled_out: { test: string; figure: string }[];
  actions: Action[];
  saving_together_ms: number | null;
  saving_together_error_ms?: number | null;
  together: Together[];
  timeline: { at: string; kind: string; text: string }[];
  example_trace: string | null;
  notes: string[];
}

export const isOver = (incident: Incident) =>
  incident.state === "recovered" || incident.state === "closed";

/** Until when it lasted, in seconds since 1970; null: it lasts. */
export function endOf(incident: Incident): number | null {
  if (!isOver(incident)) return null;
  const end = incident.recovered_at ?? incident.closed_at ?? incident.updated_at;
  return Date.parse(end) / 1000;
}

/** What every answer over a time range has. Arrays are as long as `times`; null: nothing then. */
export interface Series {
  from: number;
  to: number;
  step_s: number;
  times: number[];
}

export interface Quantiles {
  p50_ms: (number | null)[];
  p95_ms: (number | null)[];
  p99_ms: (number | null)[];
}

export interface Mark {
  name: string;
  at: number;
  basis: string;
  /** Routes and fingerprints; none: it may be anything. */
  affects?: string[];
}

export interface IncidentMark {
  id: number;
  state: string;
  headline: string;
  from: number;
  to: number | null;
}

/** What a route’s name rests on. */
export type RouteBasis = "application" | "path" | "queries";

export interface RouteRow {
  route: string;
  route_basis: RouteBasis;
  requests: number;
  errors: number;
  mean_ms: number | null;
  db_ms: number;
  share: number;
  load: (number | null)[];
}

export interface StatementRow {
  fingerprint: string;
  database: string;
  statement: string;
  short: string;
  calls: number;
  errors: number;
  rows: number;
  total_ms: number;
  mean_ms: number | null;
  share: number;
  load: (number | null)[];
}

export interface Overview extends Series, Quantiles {
  requests: (number | null)[];
  errors: (number | null)[];
  queries: (number | null)[];
  load: (number | null)[];
  routes: RouteRow[];
  statements: StatementRow[];
  deploys: Mark[];
  incidents: IncidentMark[];
}

export interface Heat {
  /** Lower edges in milliseconds; the last bucket is open. */
  edges_ms: number[];
  /** counts[time][bucket] */
  counts: (number[] | null)[];
}

export interface RouteStatement {
  fingerprint: string;
  database: string;
  statement: string;
  short: string;
  calls: number;
  total_ms: number;
  share: number;
}

export interface RouteDetail extends Series, Quantiles {
  route: string;
  route_basis: RouteBasis;
  requests: (number | null)[];
  errors: (number | null)[];
  queries_per_request: (number | null)[];
  db_ms: (number | null)[];
  /** Of all database time. */
  share: number | null;
  mean_ms: (number | null)[];
  heat: Heat;
  statements: RouteStatement[];
  deploys: Mark[];
  incidents: IncidentMark[];
}

export interface QueryDetail extends Series, Quantiles {
  fingerprint: string;
  database: string;
  statement: string;
  short: string;
  first_seen: number | null;
  calls: (number | null)[];
  errors: (number | null)[];
  rows: (number | null)[];
  load: (number | null)[];
  /** Of all database time. */
  share: number | null;
  heat: Heat;
  routes: { route: string; calls: number; total_ms: number; share: number }[];
  deploys: Mark[];
  incidents: IncidentMark[];
}

/** Each before its children. */
export interface PlanNode {
  depth: number;
  node: string;
  table: string | null;
  index: string | null;
  cost: number;
  own_cost: number;
  rows: number;
  conditions: string[];
}

export interface TableIndex {
  table: string;
  name: string;
  columns: string[];
  unique: boolean;
  partial: boolean;
}

export interface IndexAdvice {
  evidence: "proved" | "suspected";
  schema: string;
  table: string;
  columns: string[];
  ddl: string;
  cost_before: number;
  cost_after: number;
  build_ms: number;
  size_bytes: number;
  write_us: number;
  doubt?: string;
  nodes: PlanNode[] | null;
}

export interface Plan {
  shape: string;
  database: string;
  first_seen: number;
  last_seen: number;
  basis: "values" | "generic";
  cost: number;
  table: string;
  rows_read: number;
  rows_returned: number;
  nodes: PlanNode[];
  indexes: TableIndex[] | null;
  index: IndexAdvice | null;
  index_reason: string | null;
}

export interface Plans {
  fingerprint: string;
  plans: Plan[];
}

export type Status = Record<string, unknown>;

export interface TraceHead {
  trace_id: string;
  route: string;
  route_basis: RouteBasis;
  method: string | null;
  status: number | null;
  failed: boolean;
  kept: string;
  started_at: string;
  duration_ms: number;
  db_ms: number;
  app_ms: number;
  queries: number;
  basis: string | null;
  probability: number | null;
}

export interface TraceStatement {
  fingerprint: string;
  short: string;
  statement: string;
  calls: number;
  distinct_values: number | null;
  rows: number;
  errors: number;
  sqlstate: string | null;
  start_ms: number;
  end_ms: number;
  total_ms: number;
  app_before_ms: number;
  app_between_ms: number;
  basis: string | null;
  probability: number | null;
}

export interface Trace extends TraceHead {
  statements: TraceStatement[];
  more_queries: number;
  more_ms: number;
  app_after_ms: number;
}
