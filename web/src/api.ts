// SPDX-License-Identifier: Apache-2.0
// The admin API: reading, changing, and hearing of changes.
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/* The token stays in this tab and never in an address. */
let token = sessionStorage.getItem("token") ?? "";
export function setToken(value: string): void {
  token = value.trim();
  sessionStorage.setItem("token", token);
}

function headers(): Record<string, string> {
  return token === "" ? {} : { Authorization: `Bearer ${token}` };
}

async function check(reply: Response): Promise<Response> {
  if (reply.ok) return reply;
  const text = await reply.text();
  let message = reply.statusText;
  try {
    message = (JSON.parse(text) as { error: string }).error;
  } catch {
    /* not from slowburn: the status says what there is to say */
  }
  throw new ApiError(reply.status, message);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const reply = await fetch(path, { headers: headers(), signal: signal ?? null });
  return (await (await check(reply)).json()) as T;
}

export async function getText(path: string): Promise<string> {
  return (await check(await fetch(path, { headers: headers() }))).text();
}

export async function post(path: string, body?: object): Promise<void> {
  const text = body === undefined ? null : JSON.stringify(body);
  await check(await fetch(path, { method: "POST", headers: headers(), body: text }));
}

// ---- what changes ----

export type Connection = "connecting" | "live" | "lost";
const documentListeners = new Set<(documents: string[]) => void>();
const connectionListeners = new Set<(state: Connection) => void>();
let connection: Connection = "connecting";
let following: AbortController | null = null;

function setConnection(state: Connection): void {
  connection = state;
  connectionListeners.forEach((listener) => listener(state));
}

function take(event: string): void {
  const data = event.split("\n").find((line) => line.startsWith("data: "));
  if (data === undefined) return;
  const { documents } = JSON.parse(data.slice(6)) as { documents: string[] };
  documentListeners.forEach((listener) => listener(documents));
}

async function follow(signal: AbortSignal): Promise<void> {
  const reply = await check(await fetch("/api/v1/events", { headers: headers(), signal }));
  setConnection("live");
  const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let isFirst = true;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop()!;
    for (const event of events) {
      // The first one names all documents: what is being drawn has only just been asked for.
      if (isFirst) setTimeout(() => take(event), 1000);
      else take(event);
      isFirst = false;
    }
  }
}

/* While the page is looked at; what happens meanwhile is found out on return. */
async function keepFollowing(): Promise<void> {
  if (following !== null) return;
  following = new AbortController();
  const { signal } = following;
  for (let wait = 1000; !signal.aborted; wait = Math.min(wait * 2, 15_000)) {
    const started = Date.now();
    await follow(signal).catch(() => undefined);
    if (signal.aborted) break;
    setConnection("lost");
    if (Date.now() - started > 30_000) wait = 1000;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

function watchVisibility(): void {
  if (document.visibilityState === "visible") {
    void keepFollowing();
  } else {
    following?.abort();
    following = null;
  }
}
document.addEventListener("visibilitychange", watchVisibility);
watchVisibility();

export function useConnection(): Connection {
  const [state, setState] = useState(connection);
  useEffect(() => {
    connectionListeners.add(setState);
    setState(connection);
    return () => void connectionListeners.delete(setState);
  }, []);
  return state;
}

export interface Answer<T> {
  data: T | null;
  error: ApiError | null;
  again: () => void;
}

/** What an answer is of, over whichever time. */
function keyOf(path: string | null): string | null {
  return path?.replace(/[?&](from|to)=\d+/g, "") ?? null;
}

/** GET path, again whenever `document` changes. What was shown stays until the next answer. */
export function useApi<T>(path: string | null, document?: string): Answer<T> {
  const [state, setState] = useState<{ key: string | null; data: T | null; error: ApiError | null }>(
    { key: null, data: null, error: null },
  );
  const [turn, setTurn] = useState(0);
  const key = keyOf(path);
  const again = () => setTurn((n) => n + 1);

  useLayoutEffect(() => { // at once, not after a first frame that has nothing in it
    if (path === null) return;
    const abort = new AbortController();
    get<T>(path, abort.signal).then(
      (data) => setState({ key: keyOf(path), data, error: null }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const known = error instanceof ApiError ? error : new ApiError(0, "slowburn does not answer");
        setState((old) => ({
          key: keyOf(path),
          data: old.key === keyOf(path) ? old.data : null,
          error: known,
        }));
      },
    );
    return () => abort.abort();
  }, [path, turn]);

  useEffect(() => {
    if (document === undefined) return;
    const listener = (documents: string[]) => {
      if (documents.includes(document)) again();
    };
    documentListeners.add(listener);
    return () => void documentListeners.delete(listener);
  }, [document]);

  const same = state.key === key;
  return { data: same ? state.data : null, error: same ? state.error : null, again };
}

/** Wall clock seconds, ticking. */
export function useNow(everySeconds: number): number {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), everySeconds * 1000);
    return () => clearInterval(timer);
  }, [everySeconds]);
  return now;
}
