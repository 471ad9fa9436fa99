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

const hold = (from: number, to: number) => setRange({ from: String(from), to: String(to) });

/** Ranges that move with the clock, and what makes one of them stand still: to be shared, or walked along. */
export function RangePicker({ range }: { range: Range }) {
  const { from, to } = range;
  const length = to - from;
  const now = useNow(10);
  return (
    <div class="ranges" role="group" aria-label="Time range">
      {range.name === null && (
        <span class="fixed">
          {clock(from)} – {clock(to)}
        </span>
      )}
      <button type="button" title="Earlier" aria-label="Earlier" onClick={() => hold(from - length, from)}>
        ‹
      </button>
      {range.name === null ? (
        <button
          type="button"
          title="Later"
          aria-label="Later"
          disabled={to >= now}
          onClick={() => hold(to, to + length)}
        >
          ›
        </button>
      ) : (
        <button type="button" title="Stand still, so that others see the same" onClick={() => hold(from, to)}>
          hold
        </button>
      )}
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
    </div>
  );
}
