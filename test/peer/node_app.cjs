// SPDX-License-Identifier: Apache-2.0
// node_app.cjs PORT|SOCKET: an application on Node's own HTTP server, with WebSockets by `ws`.
"use strict";
const crypto = require("crypto");
const http = require("http");
const { WebSocketServer } = require("ws");

const steps = []; // who waits for the next event's permission

function body(request, done) {
  const hash = crypto.createHash("sha256");
  let length = 0;
  request.on("data", (piece) => {
    hash.update(piece);
    length += piece.length;
  });
  request.on("end", () => done({ length, sha256: hash.digest("hex") }));
}

async function events(response) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  for (let n = 0; n < 8; n++) {
    response.write(`id: ${n}\ndata: ${"x".repeat(n * 1000)}\n\n`);
    await new Promise((go) => steps.push(go));
  }
  response.end();
}

const server = http.createServer((request, response) => {
  request.socket.requests = (request.socket.requests || 0) + 1;
  if (request.url === "/events") {
    events(response);
    return;
  }
  if (request.url === "/next") {
    steps.shift()();
    response.end();
    return;
  }
  body(request, (got) => {
    const text = JSON.stringify({ method: request.method, url: request.url, ...got,
      nth: request.socket.requests, traced: /^00-/.test(request.headers.traceparent || "") });
    response.setHeader("Content-Type", "application/json");
    if (request.url === "/trailers") {
      response.setHeader("Trailer", "X-Sum");
      response.write(text.slice(0, 7));
      response.addTrailers({ "X-Sum": got.sha256 });
      response.end(text.slice(7));
      return;
    }
    response.end(text);
  });
});
server.on("checkContinue", (request, response) => {
  response.writeContinue();
  server.emit("request", request, response);
});

const sockets = new WebSocketServer({ server, perMessageDeflate: { threshold: 100 },
  handleProtocols: (names) => (names.has("shop.v2") ? "shop.v2" : false) });
sockets.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on("close", (code, reason) => console.log(`closed ${code} ${reason}`));
});
const where = process.argv[2];
server.listen(/^[0-9]+$/.test(where) ? { port: Number(where), host: "127.0.0.1" } : where);
