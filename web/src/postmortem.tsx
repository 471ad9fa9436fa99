// SPDX-License-Identifier: Apache-2.0
// The incident as Markdown, to copy or to download.
import { useState } from "preact/hooks";
import { ApiError, getText } from "./api";
import type { Incident } from "./types";
import { Copy } from "./ui";

export function Postmortem({ incident }: { incident: Incident }) {
  const [text, setText] = useState<string | null>(null);
  const [problem, setProblem] = useState("");
  const path = `/api/v1/incidents/${incident.id}/postmortem`;
  const show = async () => {
    try {
      setText(await getText(path));
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : "slowburn does not answer");
    }
  };
  const save = () => {
    const url = URL.createObjectURL(new Blob([text ?? ""], { type: "text/markdown" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `postmortem-${incident.id}.md`;
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <section class="card" id="postmortem" aria-labelledby="postmortem-title">
      <h2 id="postmortem-title">Postmortem</h2>
      {text === null ? (
        <p>
          <button type="button" onClick={show}>
            Write it
          </button>{" "}
          <span class="muted">as Markdown, from what is on this page</span>
        </p>
      ) : (
        <>
          <div class="row">
            <Copy text={text} what="the postmortem" />
            <button type="button" class="small" onClick={save}>
              Download
            </button>
          </div>
          <pre class="markdown" tabIndex={0} aria-label="The postmortem as Markdown">
            {text}
          </pre>
        </>
      )}
      {problem !== "" && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}
