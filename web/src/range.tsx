// SPDX-License-Identifier: Apache-2.0
import { useMemo } from "preact/hooks";
import { useNow } from "./api";
import { clock } from "./format";
import { RANGES, rangeOf, setRange, type Place, type Range } from "./location";

/** The range of this place. One that moves is looked at again every ten seconds. */
export function useRange(place: Place): Range {
  const now = useNow(10);
  const range = rangeOf(place, now);
  return useMemo(() => range, [range.name, range.from, range.to]);
}

export const rangeQuery = (range: Range) => `from=${range.from}&to=${range.to}`;

export function RangePicker({ range }: { range: Range }) {
  return (
    <div class="ranges" role="group" aria-label="Time range">
      {Object.entries(RANGES).map(([name, { label }]) => (
        <button
          key={name}
          type="button"
          aria-pressed={range.name === name}
          title={label}
          onClick={() => setRange({ range: name })}
        >
          {name}
        </button>
      ))}
      {range.name === null && (
        <span class="fixed">
          {clock(range.from)} – {clock(range.to)}
        </span>
      )}
    </div>
  );
}
