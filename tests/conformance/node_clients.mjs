// Read one stream with one of npm's clients: `node node_clients.mjs CLIENT URL`.
// Every event is a line of JSON on stdout, {event, id, data}; so is whatever else the client
// tells, {sign, ...}. The token comes from $PROXYD_TOKEN.
import { writeSync } from "node:fs";

const [client, url] = process.argv.slice(2);
const token = process.env.PROXYD_TOKEN;
const headers = token ? { Authorization: `Bearer ${token}` } : {};
const names = process.env.EVENT_NAMES.split(",");

// The event loop stands while stdout is full, so a line is never lost nor torn.
const say = (line) => {
  let rest = Buffer.from(`${JSON.stringify(line)}\n`);
  while (rest.length) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
};

// As a page would use it: it comes back by itself until a 204, or any other refusal.
async function eventsource() {
  const { EventSource } = await import("eventsource");
  const source = new EventSource(url, {
    fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } }),
  });
  source.onopen = () => say({ sign: "open" });
  source.onerror = ({ code }) => {
    say({ sign: source.readyState === source.CLOSED ? "closed" : "error", code });
  };
  for (const name of names) {
    source.addEventListener(name, ({ type, lastEventId, data }) => {
      say({ event: type, id: lastEventId, data });
    });
  }
}

async function parser() {
  const { createParser } = await import("eventsource-parser");
  const response = await fetch(url, { headers });
  say({ sign: "open", status: response.status });
  const parser = createParser({
    onEvent: ({ event, id, data }) => say({ event: event ?? "message", id: id ?? "", data }),
    onRetry: (retry) => say({ sign: "retry", retry }),
    onError: (error) => say({ sign: "error", code: error.type }),
  });
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) parser.feed(text);
  say({ sign: "closed" });
}

// It is made for pages, so it gets what it takes of one. `again` throws where a stream ends:
// that is how its documentation says to come back.
async function fetchEventSource(again) {
  globalThis.window = globalThis;
  globalThis.document = { hidden: false, addEventListener() {}, removeEventListener() {} };
  const { fetchEventSource } = await import("@microsoft/fetch-event-source");
  await fetchEventSource(url, {
    headers,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      say({ sign: "open", status: response.status });
      return response;
    },
    onmessage: ({ event, id, data }) => say({ event: event || "message", id, data }),
    onclose: () => {
      if (again) throw new Error("the stream ended");
    },
    onerror: (error) => say({ sign: "error", code: error.name }),
  });
  say({ sign: "closed" });
}

const clients = {
  eventsource,
  "eventsource-parser": parser,
  "fetch-event-source": () => fetchEventSource(false),
  "fetch-event-source, coming back": () => fetchEventSource(true),
};
try {
  await clients[client]();
} catch (error) {
  say({ sign: "failed", code: error.name });
}
