// Keeps boards and the memory page up to date: one WebSocket, the clocks, and icons that
// do not load.
// Everything here is on the page already; without this script it stays as it was.
"use strict";

(() => {
  const PATH = "/websockets";
  const FIRST_RETRY = 1000;
  const LONGEST_RETRY = 30000;
  const MIB = 1024 * 1024;
  const HISTORY = 60;
  // How the server closes the sockets of a session that has ended.
  const POLICY_VIOLATION = 1008;
  const RELOAD_PAUSE = 60000;

  // Clocks

  const part = (options, timezone) =>
    new Intl.DateTimeFormat("en-US", { ...options, timeZone: timezone || undefined });

  const clocks = [...document.querySelectorAll("[data-clock]")].map((element) => {
    const timezone = element.dataset.timezone;
    const hours24 = "hours24" in element.dataset;
    const time = { hour: "2-digit", minute: "2-digit", hourCycle: hours24 ? "h23" : "h12" };
    if ("seconds" in element.dataset) time.second = "2-digit";
    return {
      element,
      time: part(time, timezone),
      date: part({ weekday: "long", month: "long", day: "numeric" }, timezone),
      timeText: element.querySelector(".time"),
      dateText: element.querySelector(".date"),
    };
  });

  const write = (element, text) => {
    if (element && element.textContent !== text) element.textContent = text;
  };

  const tick = () => {
    const now = new Date();
    for (const clock of clocks) {
      write(clock.timeText, clock.time.format(now));
      write(clock.dateText, clock.date.format(now));
      clock.element.dateTime = now.toISOString();
    }
    setTimeout(tick, 1000 - (Date.now() % 1000));
  };

  if (clocks.length) tick();

  // Icons that do not load leave the first letter of the name

  for (const image of document.querySelectorAll(".icon img")) {
    const drop = () => image.remove();
    if (image.complete && image.naturalWidth === 0) drop();
    else image.addEventListener("error", drop, { once: true });
  }

  // App states

  const showPing = (id, message) => {
    let state = "up";
    let text = `Up, ${Math.round(message.durationMs ?? 0)} ms`;
    if (message.error) [state, text] = ["down", "Not reachable"];
    else if (message.statusCode >= 500) [state, text] = ["down", `Answers ${message.statusCode}`];

    for (const dot of document.querySelectorAll("[data-ping]")) {
      if (dot.dataset.ping !== id) continue;
      const changed = !dot.classList.contains(state);
      dot.className = `dot ${state}${changed ? " changed" : ""}`;
      dot.title = text;
      write(dot.querySelector(".unseen"), text);
    }
  };

  // Memory

  const draw = (svg, values) => {
    if (values.length < 2) return;
    // The same scale as the server's first drawing (sparkline.py).
    const [width, height, margin] = [240, 48, 3];
    const top = Math.max(...values, 1e-9);
    const step = (width - 2 * margin) / (values.length - 1);
    const round = (number) => Math.round(number * 10) / 10;
    const points = values.map((value, index) => {
      const y = height - (value / top) * (height - margin);
      return `${round(margin + index * step)} ${round(y)}`;
    });
    const line = `M${points.join("L")}`;
    const area = `${line}L${width - margin} ${height}L${margin} ${height}Z`;
    for (const [name, path] of [["fill", area], ["line", line]]) {
      let element = svg.querySelector(`.${name}`);
      if (!element) {
        element = document.createElementNS("http://www.w3.org/2000/svg", "path");
        element.setAttribute("class", name);
        svg.append(element);
      }
      element.setAttribute("d", path);
    }
  };

  let readings = [];
  const histories = new WeakMap();
  let lastSample = 0;

  const findReadings = () => {
    readings = [...document.querySelectorAll("[data-memory]")];
    for (const reading of readings) {
      const { history, time } = reading.dataset;
      if (!histories.has(reading)) {
        histories.set(reading, history.split(" ").filter(Boolean).map(Number));
      }
      lastSample = Math.max(lastSample, Number(time));
    }
  };

  findReadings();

  const showOwn = (reading, sample) => {
    for (const name of ["pss", "rss", "uss"]) {
      write(reading.querySelector(`[data-field="${name}"]`), (sample[name] / MIB).toFixed(1));
    }
    for (const element of reading.querySelectorAll("[data-lag]")) {
      const lag = sample.lags?.[element.dataset.lag];
      if (lag !== undefined) write(element, (lag * 1000).toFixed(1));
    }
    const history = histories.get(reading);
    history.push(sample.pss / MIB);
    history.splice(0, history.length - HISTORY);
    draw(reading.querySelector(".spark"), history);
  };

  const showSample = (sample) => {
    const newer = sample.time > lastSample;
    for (const reading of readings) {
      // The first message repeats the sample that the page was made with.
      if (sample.process === reading.dataset.memory) {
        if (newer) showOwn(reading, sample);
        continue;
      }
      for (const element of reading.querySelectorAll("[data-other]")) {
        if (element.dataset.other === sample.process) {
          write(element, (sample.pss / MIB).toFixed(1));
        }
      }
    }
    if (newer && readings.some((reading) => reading.dataset.memory === sample.process)) {
      lastSample = sample.time;
    }
  };

  // The memory page, and what waits for a first sample: drawn anew when there is more

  const findDrawn = () => [...document.querySelectorAll("[data-live]")];
  let redrawing = false;

  const redraw = async () => {
    // Nobody looks at a hidden page, and asking for it would prolong the session.
    if (redrawing || document.hidden || !findDrawn().length) return;
    redrawing = true;
    try {
      const response = await fetch(location.href);
      if (!response.ok || response.redirected) return;
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
      for (const old of findDrawn()) {
        const now = fresh.getElementById(old.id);
        if (now) old.replaceWith(now);
      }
      findReadings();
    } catch {
      // The server is away: the socket finds it again, and the next sample comes here.
    } finally {
      redrawing = false;
    }
  };

  const showDrawing = (sample) => {
    if (findDrawn().some((element) => element.dataset.live === sample.process)) redraw();
  };

  if (findDrawn().length) document.addEventListener("visibilitychange", redraw);

  // What to subscribe to

  const subscriptions = [
    ...new Set([...document.querySelectorAll("[data-ping]")].map((dot) => dot.dataset.ping)),
  ].map((id) => ({
    path: "widget.app.updatedPing",
    input: { json: { id } },
    show: (message) => showPing(id, message),
  }));

  if (readings.length || findDrawn().length) {
    subscriptions.push({
      path: "widget.memory.updatedSample",
      input: { json: null, meta: { values: ["undefined"], v: 1 } },
      show: (sample) => {
        showSample(sample);
        showDrawing(sample);
      },
    });
  }

  // The socket

  const state = document.getElementById("link-state");
  let socket = null;
  let leaving = false;
  let attempt = 0;
  let timer = 0;

  const tell = (live) => {
    if (!state) return;
    state.hidden = false;
    state.classList.toggle("live", live);
    write(state.firstElementChild, live ? "Live" : "Reconnecting");
  };

  const receive = (text) => {
    if (text === "PING") {
      socket.send("PONG");
      return;
    }
    if (text === "PONG") return;

    const frame = JSON.parse(text);
    for (const message of Array.isArray(frame) ? frame : [frame]) {
      if (message.id === null && message.method === "reconnect") {
        connect();
      } else if (message.result?.type === "data") {
        subscriptions[message.id - 1]?.show(message.result.data.json);
      }
    }
  };

  // The reloaded page is the login. Should it be the board after all, do not spin.
  const mayReload = () => {
    const last = Number(sessionStorage.getItem("reloaded") ?? 0);
    if (Date.now() - last < RELOAD_PAUSE) return false;
    sessionStorage.setItem("reloaded", String(Date.now()));
    return true;
  };

  const connect = () => {
    clearTimeout(timer);
    const old = socket;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const fresh = new WebSocket(`${scheme}//${location.host}${PATH}`);
    socket = fresh;
    old?.close();

    fresh.addEventListener("open", () => {
      if (socket !== fresh) return;
      attempt = 0;
      tell(true);
      const frames = subscriptions.map(({ path, input }, index) => ({
        id: index + 1,
        method: "subscription",
        params: { path, input },
      }));
      fresh.send(JSON.stringify(frames));
    });
    fresh.addEventListener("message", (event) => {
      if (socket === fresh) receive(event.data);
    });
    fresh.addEventListener("close", (event) => {
      if (socket !== fresh) return;
      tell(false);
      if (event.code === POLICY_VIOLATION && !leaving && mayReload()) {
        location.reload();
        return;
      }
      timer = setTimeout(connect, Math.min(FIRST_RETRY * 2 ** attempt, LONGEST_RETRY));
      attempt += 1;
    });
  };

  if (subscriptions.length) {
    connect();
    // The page's own logout closes the socket too: a reload would overtake the form.
    addEventListener("submit", () => {
      leaving = true;
    });
    // A laptop that wakes up should not wait for the next retry.
    addEventListener("online", () => socket.readyState === WebSocket.CLOSED && connect());
  }
})();
