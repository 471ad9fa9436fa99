// SPDX-License-Identifier: Apache-2.0
import { useApi, useNow } from "./api";
import { clock, duration, ms, seconds, span } from "./format";
import { address } from "./location";
import { endOf, type Incident } from "./types";
import { Link, Loading, Problem, Title } from "./ui";

export function IncidentsScreen() {
  const { data, error, again } = useApi<Incident[]>("/api/v1/incidents", "incidents");
  const now = useNow(10);
  return (
    <>
      <Title text="Incidents" />
      {error && <Problem error={error} again={again} />}
      {data === null ? (
        !error && <Loading />
      ) : data.length === 0 ? (
        <p class="sentence good">There has been no incident yet.</p>
      ) : (
        <div class="card scroll">
          <table class="list">
            <thead>
              <tr>
                <th scope="col">incident</th>
                <th scope="col">state</th>
                <th scope="col" class="n wide">since</th>
                <th scope="col" class="n wide">lasted</th>
                <th scope="col" class="n wide">p95</th>
                <th scope="col" class="n">added</th>
                <th scope="col" class="wide">began with</th>
              </tr>
            </thead>
            <tbody>
              {data.map((incident) => (
                <Row key={incident.id} incident={incident} now={now} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Row({ incident, now }: { incident: Incident; now: number }) {
  const onset = seconds(incident.onset_at) ?? now;
  return (
    <tr>
      <th scope="row">
        <Link to={address(`/incident/${incident.id}`)}>
          {incident.id} · {incident.headline}
        </Link>
      </th>
      <td>
        <span class={`pill ${incident.state}`}>{incident.state}</span>
      </td>
      <td class="n wide">{clock(incident.onset_at)}</td>
      <td class="n wide">{span((endOf(incident) ?? now) - onset)}</td>
      <td class="n wide">
        {duration(incident.latency.before.p95_ms)} → {duration(incident.latency.now.p95_ms)}
      </td>
      <td class="n">{ms(incident.measured_change_ms, true)} ms</td>
      <td class="wide">{incident.deploy?.name ?? "–"}</td>
    </tr>
  );
}
