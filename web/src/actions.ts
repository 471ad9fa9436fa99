// SPDX-License-Identifier: Apache-2.0
// Which action comes first: roll back, then what needs no release, then by what it saves.
import type { Action, Incident } from "./types";

export const NO_RELEASE: readonly string[] = ["roll-back", "create-index"];

export function inOrder(actions: Action[]): Action[] {
  const rank = (a: Action) => {
    const at = NO_RELEASE.indexOf(a.kind);
    return at < 0 ? NO_RELEASE.length : at;
  };
  return [...actions].sort(
    (a, b) => rank(a) - rank(b) || (b.saving_alone_ms ?? 0) - (a.saving_alone_ms ?? 0),
  );
}

/** What causes say is to be done that is no action with a receipt. */
export function adviceOf(incident: Incident): { rank: number; text: string }[] {
  return incident.causes.flatMap(({ rank, advice }) => (advice ? [{ rank, text: advice }] : []));
}

/** What to do first, in words. */
export function firstOf(incident: Incident): string | undefined {
  const action = inOrder(incident.actions).find(({ state }) => state === "proposed");
  return action?.text ?? adviceOf(incident)[0]?.text;
}
