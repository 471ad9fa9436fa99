// SPDX-License-Identifier: Apache-2.0
// What a person says of an incident: seen, over, meant to be so, a line for others, not now.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ApiError, post } from "./api";
import { address } from "./location";
import { type Incident, isOver } from "./types";
import { AskToken, Link } from "./ui";

const TIMES: [string, number][] = [
  ["30 minutes", 1800],
  ["2 hours", 7200],
  ["a day", 86400],
  ["a week", 604800],
];

interface Act {
  path: string;
  body?: object;
  done?: () => void;
}

interface Props {
  incident: Incident;
  again: () => void;
}

const pathOf = (incident: Incident) => `/api/v1/incidents/${incident.id}`;

/** Changes something, asking for the token where it is needed; and what there is to say of it. */
function useAct(again: () => void): [act: (wanted: Act) => void, said: ComponentChildren] {
  const [wants, setWants] = useState<Act | null>(null);
  const [problem, setProblem] = useState("");
  const act = async (wanted: Act) => {
    setWants(null);
    setProblem("");
    try {
      await post(wanted.path, wanted.body);
      wanted.done?.();
      again();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        setWants(wanted);
      } else {
        setProblem(error instanceof ApiError ? error.message : "slowburn does not answer");
      }
    }
  };
  const said = (
    <>
      {wants !== null && <AskToken then={() => act(wants)} cancel={() => setWants(null)} />}
      {problem !== "" && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
  return [(wanted) => void act(wanted), said];
}

export function Handling({ incident, again }: Props) {
  const [act, said] = useAct(again);
  const path = pathOf(incident);
  return (
    <div class="handling">
      {incident.merged_into != null && (
        <p>
          It turned out to be part of{" "}
          <Link to={address(`/incident/${incident.merged_into}`)}>incident {incident.merged_into}</Link>.
        </p>
      )}
      <div class="row">
        {incident.acknowledged_at === null && !isOver(incident) && (
          <button type="button" onClick={() => act({ path: `${path}/ack` })}>
            I am looking at it
          </button>
        )}
        {incident.example_trace !== null && (
          <Link class="button" to={address(`/trace/${incident.example_trace}`)}>
            A slow example
          </Link>
        )}
        <a class="button" href="#postmortem">
          Postmortem
        </a>
        {incident.state !== "closed" && (
          <>
            <button type="button" onClick={() => act({ path: `${path}/close` })}>
              Close
            </button>
            <button
              type="button"
              title="As it is now is meant to be so: it is closed, and learned"
              onClick={() => act({ path: `${path}/expected` })}
            >
              Expected
            </button>
            <Mute
              until={incident.muted_until ?? null}
              mute={(seconds) =>
                act({ path: "/api/v1/mutes", body: { incident: incident.id, seconds } })
              }
            />
          </>
        )}
      </div>
      {said}
    </div>
  );
}

export function Annotate({ incident, again }: Props) {
  const [act, said] = useAct(again);
  const [text, setText] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    if (text.trim() === "") return;
    act({
      path: `${pathOf(incident)}/annotate`,
      body: { text: text.trim() },
      done: () => setText(""),
    });
  };
  return (
    <>
      <form class="row" onSubmit={submit}>
        <input
          aria-label="A line for the timeline"
          placeholder="A line for the timeline"
          maxLength={240}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit">Note it</button>
      </form>
      {said}
    </>
  );
}

function Mute({ until, mute }: { until: string | null; mute: (seconds: number) => void }) {
  const [seconds, setSeconds] = useState(7200);
  if (until !== null) {
    return (
      <button type="button" onClick={() => mute(0)}>
        Unmute
      </button>
    );
  }
  const submit = (event: Event) => {
    event.preventDefault();
    mute(seconds);
  };
  return (
    <form class="row" onSubmit={submit}>
      <button type="submit" title="Recorded, and not announced">
        Mute
      </button>
      <select
        aria-label="Mute for"
        value={seconds}
        onChange={(event) => setSeconds(Number(event.currentTarget.value))}
      >
        {TIMES.map(([name, length]) => (
          <option key={length} value={length}>
            for {name}
          </option>
        ))}
      </select>
    </form>
  );
}
