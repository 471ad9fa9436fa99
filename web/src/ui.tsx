// SPDX-License-Identifier: Apache-2.0
// Small parts that all screens share.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, setToken } from "./api";
import { ms } from "./format";
import { address, navigate } from "./location";
import { explain } from "./words";

export function Link({
  to,
  children,
  ...rest
}: { to: string } & Omit<JSX.AnchorHTMLAttributes<HTMLAnchorElement>, "href">) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a href={to} onClick={follow} {...rest}>
      {children}
    </a>
  );
}

/** A statement by its short name, to its own screen. */
export function StatementLink({
  of,
}: {
  of: { fingerprint: string; short: string; statement: string };
}) {
  return (
    <Link to={address("/query", { fingerprint: of.fingerprint })} title={of.statement}>
      {of.short || of.statement || of.fingerprint}
    </Link>
  );
}

/** A route's name, which goes on in the next line behind a slash where there is no room. */
export function Route({ name }: { name: string }) {
  return (
    <>
      {name.split(/(?<=.\/)(?=.)/).flatMap((part, i) => (i === 0 ? [part] : [<wbr />, part]))}
    </>
  );
}

/** The screen's name: focused when the screen is opened, so that a screen reader says it. */
export function Title({ text }: { text: string }) {
  const ref = useRef<HTMLHeadingElement>(null);
  const first = useRef(true);
  useEffect(() => {
    document.title = `${text} · slowburn`;
    if (first.current && document.activeElement !== document.body) ref.current?.focus();
    first.current = false;
  }, [text]);
  return (
    <h1 ref={ref} tabIndex={-1}>
      <Route name={text} />
    </h1>
  );
}

/** A word of ours, with what it means. */
export function Term({ word, children }: { word: string; children?: ComponentChildren }) {
  return (
    <abbr class="term" title={explain(word)}>
      {children ?? word}
    </abbr>
  );
}

/** One of the figures at the top of a screen, within a list of the class facts. */
export function Fact({
  name,
  warn = false,
  children,
}: {
  name: ComponentChildren;
  warn?: boolean;
  children: ComponentChildren;
}) {
  return (
    <div class={warn ? "warn" : ""}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Copy({ text, what }: { text: string; what: string }) {
  const [done, setDone] = useState<"" | "copied" | "failed">("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone("copied");
    } catch {
      setDone("failed");
    }
    setTimeout(() => setDone(""), 2000);
  };
  return (
    <button type="button" class="small" onClick={copy} aria-label={`Copy ${what}`}>
      <span aria-live="polite">
        {done === "" ? "Copy" : done === "copied" ? "Copied" : "Not allowed"}
      </span>
    </button>
  );
}

export function Evidence({ grade, basis }: { grade: string; basis: string }) {
  return (
    <span class={`badge ${grade}`} title={explain(grade)}>
      {grade}
      {basis !== "" && grade === "proved" ? ` by ${basis}` : ""}
    </span>
  );
}

export function Problem({ error, again }: { error: ApiError; again: () => void }) {
  if (error.status === 401) return <AskToken then={again} />;
  return (
    <p class="problem" role="alert">
      {error.status === 0
        ? "slowburn does not answer. The traffic goes on without this page; trying again."
        : error.message}
    </p>
  );
}

/** The token is asked for when something needs it. */
export function AskToken({ then, cancel }: { then: () => void; cancel?: () => void }) {
  const [value, setValue] = useState("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const submit = (event: Event) => {
    event.preventDefault();
    setToken(value);
    then();
  };
  return (
    <form class="token" onSubmit={submit}>
      <label for="token">
        This needs the token: the content of the file <code>token</code> in slowburn’s data directory.
      </label>
      <div class="row">
        <input
          id="token"
          ref={input}
          type="password"
          autocomplete="off"
          value={value}
          onInput={(event) => setValue(event.currentTarget.value)}
        />
        <button type="submit" class="primary">
          Use it
        </button>
        {cancel && (
          <button type="button" onClick={cancel}>
            Cancel
          </button>
        )}
      </div>
    </form>
  );
}

export function Loading() {
  return <p class="loading">Loading…</p>;
}

/** A statement, laid out: each clause on a line of its own, words of the language set apart. */
const CLAUSE =
  /(?<!\b(?:left|right|full|outer|inner|cross))\s+(?=(?:from|where|group by|order by|having|limit|offset|(?:(?:left|right|full)(?: outer)? |inner |cross )?join|union|values|set|returning|on conflict|for update)\b)/gi;
const KEYWORD =
  /\b(select|distinct|from|where|and|or|not|in|is|null|as|on|group|order|by|having|limit|offset|left|right|inner|outer|cross|join|union|all|insert|into|values|update|set|delete|returning|with|exists|between|like|ilike|case|when|then|else|end|asc|desc|conflict|do|nothing|for|over|partition)\b/gi;

export function Sql({ text, inline = false }: { text: string; inline?: boolean }) {
  const laid = inline ? text : text.replace(CLAUSE, "\n");
  const parts = laid.split(/("[^"]*"|'[^']*')/);
  const body = parts.flatMap((part, i) =>
    i % 2 === 1
      ? [part]
      : part
          .split(KEYWORD)
          .map((piece, k) => (k % 2 === 1 ? <span class="keyword">{piece}</span> : piece)),
  );
  return inline ? <code class="sql">{body}</code> : <pre class="sql">{body}</pre>;
}

/** A figure, and half of the 95 % interval around it where that is known. */
export function Sure({
  value,
  error,
  sign = false,
}: {
  value: number | null;
  error: number | null | undefined;
  sign?: boolean;
}) {
  return (
    <>
      {ms(value, sign)}
      {value !== null && error != null && <small class="error"> ± {ms(error)}</small>}
    </>
  );
}
