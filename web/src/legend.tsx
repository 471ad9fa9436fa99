// SPDX-License-Identifier: Apache-2.0
import { WORDS } from "./words";

export function Legend() {
  return (
    <details class="legend">
      <summary>What the words mean</summary>
      <dl>
        {Object.entries(WORDS).map(([word, meaning]) => (
          <div key={word}>
            <dt>{word.replace(/-/g, " ")}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
