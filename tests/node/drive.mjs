// Drives a real tRPC client by lines of JSON: commands come in, what happens goes out.
// node drive.mjs VERSION URL [COOKIE, or the key of the cron API]
import { File } from "node:buffer";
import { createInterface } from "node:readline";
import superjson from "superjson";
import WebSocket from "ws";

const [version, url, cookie] = process.argv.slice(2);
const trpc = await import(version);
const origin = new URL(url).origin;
const headers = cookie ? { cookie } : {};

const tell = (event) => process.stdout.write(JSON.stringify(event) + "\n");

const fetchAndTell = async (address, options) => {
  const response = await fetch(address, options);
  tell({
    event: "http",
    method: options?.method ?? "GET",
    url: String(address),
    status: response.status,
    headers: Object.fromEntries(response.headers),
  });
  return response;
};

let sockets = 0;
class Socket extends WebSocket {
  constructor(address, protocols) {
    super(address, protocols, { headers, origin });
    const number = (sockets += 1);
    this.on("message", (data) => tell({ event: "frame", text: String(data) }));
    this.on("close", (code) => tell({ event: "close", code, socket: number }));
    this.on("open", () => tell({ event: "open" }));
  }

  send(data, ...rest) {
    tell({ event: "sent", text: String(data) });
    super.send(data, ...rest);
  }
}

let socket;
const openSocket = (options = {}) =>
  (socket ??= trpc.createWSClient({
    url: url.replace(/^http/, "ws") + "/websockets",
    WebSocket: Socket,
    ...options,
  }));

const http = {
  url: url + "/api/trpc",
  transformer: superjson,
  headers: { ...headers, "x-trpc-source": "test" },
  fetch: fetchAndTell,
};
const links = {
  http: () => trpc.httpLink(http),
  batch: () => trpc.httpBatchLink({ ...http, maxURLLength: 2083 }),
  stream: () => trpc.httpBatchStreamLink({ ...http, maxURLLength: 2083 }),
  accept: () =>
    trpc.httpBatchStreamLink({ ...http, maxURLLength: 2083, streamHeader: "accept" }),
  // Homarr's own for its tasks: plain JSON, one call at a time.
  cron: () =>
    trpc.httpLink({
      url: url + "/trpc",
      headers: { "cron-job-api-key": cookie },
      fetch: fetchAndTell,
    }),
  ws: () => trpc.wsLink({ client: openSocket(), transformer: superjson }),
  // As Homarr's browsers: subscriptions by socket, files alone, all else as a stream.
  split: () =>
    trpc.splitLink({
      condition: ({ type }) => type === "subscription",
      true: links.ws(),
      false: trpc.splitLink({
        condition: ({ input }) => input instanceof FormData,
        true: links.http(),
        false: links.stream(),
      }),
    }),
};

const clients = {};
const openClient = (link) =>
  (clients[link] ??= trpc.createTRPCClient({ links: [links[link]()] }));

const find = (client, path) => path.split(".").reduce((node, name) => node[name], client);

const readInput = ({ input, files }) => {
  if (!files) return superjson.deserialize(input);
  const form = new FormData();
  for (const { field, name, type, text } of files)
    form.append(field, name ? new File([text], name, { type }) : text);
  return form;
};

const describe = (error) => ({
  name: error.name,
  message: error.message,
  data: error.data ?? null,
  shape: error.shape ?? null,
  cause: error.cause ? String(error.cause) : null,
});

const subscriptions = {};
const commands = {
  async call({ id, link, calls }) {
    const client = openClient(link);
    const ended = await Promise.allSettled(
      calls.map(({ type, path, ...given }) =>
        find(client, path)[type === "query" ? "query" : "mutate"](readInput(given)),
      ),
    );
    const results = ended.map(({ status, value, reason }) =>
      status === "fulfilled"
        ? { value: superjson.serialize(value) }
        : { error: describe(reason) },
    );
    tell({ event: "called", id, results });
  },
  subscribe({ id, link, path, input }) {
    const say = (happened, more) => tell({ event: "subscription", id, happened, ...more });
    subscriptions[id] = find(openClient(link), path).subscribe(
      superjson.deserialize(input),
      {
        onStarted: () => say("started"),
        onData: (value) => say("data", { value: superjson.serialize(value) }),
        onError: (error) => say("error", { error: describe(error) }),
        onStopped: () => say("stopped"),
        onComplete: () => say("complete"),
        onConnectionStateChange: ({ state }) => say("state", { state }),
      },
    );
  },
  echo({ id, value }) {
    tell({
      event: "echoed",
      id,
      value: superjson.serialize(superjson.deserialize(value)),
    });
  },
  unsubscribe({ id }) {
    subscriptions[id].unsubscribe();
  },
  socket({ connectionParams, keepAlive }) {
    openSocket({ connectionParams, keepAlive });
  },
  async close({ id }) {
    await socket?.close();
    tell({ event: "closed", id });
  },
};

tell({ event: "ready" });
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  // Not awaited: what is told to start runs beside what comes next.
  Promise.resolve(commands[command.do](command)).catch((error) => {
    tell({ event: "broken", error: String(error?.stack ?? error) });
  });
}
process.exit(0);
