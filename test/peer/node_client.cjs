// SPDX-License-Identifier: Apache-2.0
// node_client.cjs PORT: asks node_app.cjs by Node's own HTTP client and by `ws`; prints what it heard.
"use strict";
const http = require("http");
const { Readable } = require("stream");
const WebSocket = require("ws");

const port = Number(process.argv[2]);
const heard = [];

function ask(agent, method, path, headers = {}, content = null) {
  return new Promise((done, failed) => {
    const request = http.request({ host: "127.0.0.1", port, agent, method, path, headers });
    let continued = false;
    request.on("error", failed);
    request.on("continue", () => {
      continued = true;
      request.end(content);
    });
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece) => (text += piece));
      response.on("end", () => done({ status: response.statusCode, text, continued,
        type: response.headers["content-type"], trailers: response.trailers }));
    });
    if (headers.Expect) {
      request.flushHeaders();
    } else if (content instanceof Readable) {
      content.pipe(request);
    } else {
      request.end(content);
    }
  });
}

async function keepAlive() {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (let n = 0; n < 10; n++) {
    heard.push(await ask(agent, "GET", `/orders/${n}`));
  }
  const pieces = Array.from({ length: 64 }, (_, n) => Buffer.alloc(20000 + n, n));
  heard.push(await ask(agent, "POST", "/chunked", {}, Readable.from(pieces)));
  heard.push(await ask(agent, "POST", "/expected", { Expect: "100-continue", "Content-Length": 5 },
    "hello"));
  heard.push(await ask(agent, "HEAD", "/head"));
  heard.push(await ask(agent, "DELETE", "/orders/1"));
  heard.push(await ask(agent, "GET", "/trailers"));
  agent.destroy();
}

/* Each event is asked for once the one before has come. */
function events() {
  return new Promise((done, failed) => {
    http.get({ host: "127.0.0.1", port, path: "/events" }, (response) => {
      let text = "", count = 0;
      response.setEncoding("utf8");
      response.on("data", (piece) => {
        text += piece;
        for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
          heard.push([count++, end]);
          ask(undefined, "POST", "/next").catch(failed);
        }
      });
      response.on("end", done);
    }).on("error", failed);
  });
}

function conversation(options, messages) {
  return new Promise((done, failed) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/live`, ["shop.v1", "shop.v2"], options);
    const said = [];
    let pongs = 0;
    socket.on("error", failed);
    socket.on("pong", () => pongs++);
    socket.on("open", () => {
      said.push(socket.protocol, socket.extensions);
      socket.ping("there?");
      messages.forEach((message) => socket.send(message));
    });
    socket.on("message", (data, isBinary) => {
      said.push([isBinary, data.length, data.subarray(0, 8).toString("hex")]);
      if (said.length === messages.length + 2) {
        socket.close(4001, "that is all");
      }
    });
    socket.on("close", (code, reason) => done({ said, pongs, code, reason: reason.toString() }));
  });
}

async function main() {
  await keepAlive();
  await events();
  const large = Buffer.alloc(300000, 7);
  heard.push(await conversation({}, ["hello", "", "ä€𝄞", large, Buffer.from([0, 255]), "x".repeat(70000)]));
  heard.push(await conversation({ perMessageDeflate: false }, [large, "plain"]));
  const many = Array.from({ length: 20 }, (_, n) =>
    conversation({}, Array.from({ length: 50 }, (_, k) => `${n}-${k}`)));
  heard.push(...(await Promise.all(many)));
  console.log(JSON.stringify(heard));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
