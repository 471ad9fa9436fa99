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

export function firstAction(incident: Incident): Action | undefined {
  return inOrder(incident.actions).find((action) => action.state === "proposed");
}
