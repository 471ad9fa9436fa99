// SPDX-License-Identifier: Apache-2.0
import { render } from "preact";
import { useConnection } from "./api";
import { HealthScreen } from "./health";
import { Home } from "./home";
import { IncidentScreen } from "./incident";
import { IncidentsScreen } from "./incidents";
import { address, usePlace, type Place } from "./location";
import { QueryScreen } from "./query";
import { RouteScreen } from "./route";
import { TraceScreen } from "./trace";
import { Link, Title } from "./ui";
import "./style.css";

function Screen({ place }: { place: Place }) {
  const incident = /^\/incident\/(\d+)$/.exec(place.path);
  if (incident !== null) return <IncidentScreen key={place.path} id={incident[1]!} />;
  const trace = /^\/trace\/([0-9a-f]{32})$/.exec(place.path);
  if (trace !== null) return <TraceScreen key={place.path} id={trace[1]!} />;
  switch (place.path) {
    case "/":
      return <Home place={place} />;
    case "/incidents":
      return <IncidentsScreen />;
    case "/route":
      return <RouteScreen key={place.query.get("name")} place={place} />;
    case "/query":
      return <QueryScreen key={place.query.get("fingerprint")} place={place} />;
    case "/health":
      return <HealthScreen />;
    default:
      return <Title text="There is no such page" />;
  }
}

const TABS = [
  ["/", "Home"],
  ["/incidents", "Incidents"],
  ["/health", "Health"],
] as const;

function Shell() {
  const place = usePlace();
  const connection = useConnection();
  const section = place.path.startsWith("/incident") ? "/incidents" : place.path;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <Link to={address("/")} class="brand" aria-label="slowburn, home">
          <svg viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">
            <path d="M1 13h3l2-4 3 2 5-9" />
          </svg>
          slowburn
        </Link>
        <nav aria-label="Screens">
          {TABS.map(([path, name]) => (
            <Link key={path} to={address(path)} aria-current={section === path ? "page" : undefined}>
              {name}
            </Link>
          ))}
        </nav>
        <span class={`connection ${connection}`} role="status">
          {connection === "live" ? "live" : connection === "lost" ? "no connection" : "connecting"}
        </span>
      </header>
      <main id="main">
        <Screen place={place} />
      </main>
    </>
  );
}

const root = document.getElementById("app")!;
root.textContent = "";
render(<Shell />, root);
