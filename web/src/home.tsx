// SPDX-License-Identifier: Apache-2.0
// Is anything wrong, since when, and what to do first: in sentences, before any chart.
import { useApi, useNow } from "./api";
import { seconds, span } from "./format";
import { address, type Place } from "./location";
import type { Incident } from "./types";
import { Link, Problem, Title } from "./ui";

export function Home({ place: _place }: { place: Place }) {
  const incidents = useApi<Incident[]>("/api/v1/incidents", "incidents");
  return (
    <>
      <Title text="Now" />
      {incidents.error && <Problem error={incidents.error} again={incidents.again} />}
      {incidents.data && <Sentences incidents={incidents.data} />}
    </>
  );
}

function Sentences({ incidents }: { incidents: Incident[] }) {
  const now = useNow(1);
  const active = incidents.filter((i) => i.state === "open" || i.state === "fixing");
  if (active.length === 0) return <p class="sentence good">All quiet.</p>;
  return (
    <ul class="sentences">
      {active.map((i) => (
        <li key={i.id}>
          <Link to={address(`/incident/${i.id}`)} class="sentence bad">
            <b>{i.headline}</b>
            <span>
              {span(now - (seconds(i.onset_at) ?? now))}, {i.trend}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
