// SPDX-License-Identifier: Apache-2.0
// Every word on the pages, explained once: the legend, and what hovers over a word.

export const WORDS = {
  "database load":
    "The average number of queries in progress: 3.1 means that at any moment about three queries were running. More than the database has cores means that queries wait for each other.",
  p95: "95 of 100 requests were at least this fast; 5 were slower. p50 is the middle one, p99 leaves one slower in 100.",
  mean: "The average. Parts of a mean add up, which is why the changes are told as means.",
  change: "What a part adds to the mean request, compared with before. All changes and “unexplained” add up to what was measured.",
  waiting: "Time that queries took longer only because others kept the database busy. It goes away when the cause does.",
  application: "The part of a request that is not in the database: your code, and whatever else it calls.",
  unexplained: "What was measured, less all that could be computed on its own. Close to 0 means that the explanation is whole.",
  cause: "Work that has grown, or is needlessly much. Removing it helps.",
  victim: "Only waits longer because of a cause. There is nothing to mend here.",
  proved: "Shown by a query plan, or by values that slowburn itself saw on the wire.",
  measured: "Counted by slowburn itself.",
  suspected: "It happens together; that is all that is known.",
  saving: "What one action removes from the mean request. Computed before it is done, and measured after it has landed.",
  alone: "The saving if this is the only action. Two actions often remove the same milliseconds, so these do not add up.",
  together: "The saving of actions that are all done. This is less than their sum.",
  "roll-back": "Put back what ran before the deploy. It removes all that the deploy added, and needs no release.",
  "tested and not the cause": "What else could have made it slow, looked at and found unchanged.",
  acknowledged: "Somebody has said that they are looking at it.",
  announced: "Told to the log, metrics and webhooks. An incident that may pass by itself is only recorded at first.",
  muted: "Recorded and not announced, until a time.",
  expected: "As it is now is meant to be so: the incident is closed, and what is normal is learned anew.",
  fixing: "An action has landed and is being measured. Then the incident has recovered, and is closed half an hour later.",
  deploy: "A moment with a name: marked with “slowburn deploy”, or inferred from statements that were never seen before.",
  "repeated-query": "The same statement, once for every row of a result before it, where one statement could have asked for all.",
  "missing-index": "Rows are read in full because no index fits what is asked for.",
  cacheable: "The same statement with the same values gets the same answer, again and again.",
  slower: "Each call takes longer than it used to.",
  "more-calls": "A request makes more calls than it used to.",
  plan: "The way that the database has chosen to answer a statement: which tables it reads, by which index, in which order.",
  cost: "What the database’s planner expects a plan to cost, in its own unit. Only the relation of two costs says something.",
  predicted: "What an action was said to save, before it landed; “measured” is what it then saved.",
  errors: "More calls fail than used to, or in another way.",
  "plan-change": "The database runs a statement by another plan than before.",
  "unbounded-result": "Each call returns many more rows, or bytes, than it used to: nothing limits them.",
  growth: "Each call reads more rows than before to return as many, or returns more as time goes by: the data grow.",
  stall: "Calls are in flight that do not end.",
  "inconsistent-response": "Responses say by their status that all is well and by their body that it is not, or look different since a deploy: a member is missing or of another type, or the body is something else.",
  "lock-wait": "Calls wait for locks that other sessions hold until their transactions end.",
  "idle-in-transaction": "A session has begun a transaction, holds locks, and does nothing: everybody else waits for it.",
  "connection-churn": "Requests open connections of their own. Setting each up takes time before the first query.",
  saturation: "The database’s processors are all busy, so that queries wait for one another.",
  stampede: "The same statement with the same values runs many times at once, where one answer would do for all.",
  "retry-storm": "Clients send again what has failed, and add to the load that made it fail.",
  fingerprint: "The identity of a statement’s shape, with all values taken out of it.",
  route: "A request’s template, such as GET /api/orders/{id}. One with ~ is guessed from its queries; its own screen says what its name rests on.",
} as const;

/** What a route’s name rests on, behind “named”. */
export const ROUTE_BASIS = {
  application: "by the application",
  path: "by a template inferred from paths",
  queries: "by its queries: no request was seen for them",
} as const;

export type Word = keyof typeof WORDS;

export function explain(word: string): string | undefined {
  return (WORDS as Record<string, string>)[word];
}
