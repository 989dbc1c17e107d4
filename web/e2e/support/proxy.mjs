// A proxy between the browser and the binary, which can do what networks do: hold back a stream, cut connections, lose
// an answer, be down.

import http from "node:http";

/** Starts it in front of a server's address. Paths are matched by their beginning. */
export async function startProxy(target) {
  const upstream = new URL(target);
  const open = new Set(); // {path, res, held, ended}
  const holding = new Set();
  const losing = [];
  let down = false;

  const server = http.createServer((req, res) => {
    if (down) return req.socket.destroy();
    const { pathname } = new URL(req.url, target);
    const connection = { path: pathname, res, held: [], ended: false };
    open.add(connection);
    const forward = http.request({ host: upstream.hostname, port: upstream.port, method: req.method, path: req.url, headers: req.headers }, (answer) => {
      const lost = losing.findIndex((rule) => rule.method === req.method && pathname.startsWith(rule.path));
      if (lost >= 0) {
        losing.splice(lost, 1);
        answer.resume();
        res.writeHead(answer.statusCode, answer.headers); // without a head, Chromium would ask again by itself
        res.flushHeaders();
        return setTimeout(() => res.destroy(), 50);
      }
      res.writeHead(answer.statusCode, answer.headers);
      res.flushHeaders();
      answer.on("data", (chunk) => (matches(holding, pathname) ? connection.held.push(chunk) : res.write(chunk)));
      answer.on("end", () => (matches(holding, pathname) ? (connection.ended = true) : res.end())); // what is held ends when it is released
      answer.on("error", () => res.destroy());
    });
    forward.on("error", () => res.destroy());
    res.on("close", () => {
      open.delete(connection);
      forward.destroy();
    });
    req.pipe(forward);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** Holds back what comes on matching streams until release. */
    hold: (path) => holding.add(path),
    release(path) {
      holding.delete(path);
      for (const connection of open) {
        if (!connection.path.startsWith(path)) continue;
        for (const chunk of connection.held.splice(0)) connection.res.write(chunk);
        if (connection.ended) connection.res.end();
      }
    },
    /** Cuts matching connections; returns how many there were. */
    cut(path) {
      const matching = [...open].filter((connection) => connection.path.startsWith(path));
      for (const connection of matching) connection.res.destroy();
      return matching.length;
    },
    /** The next matching request reaches the server, and its answer is lost. */
    loseAnswer: (method, path) => losing.push({ method, path }),
    down() {
      down = true;
      for (const connection of open) connection.res.destroy();
    },
    up: () => (down = false),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function matches(prefixes, path) {
  return [...prefixes].some((prefix) => path.startsWith(prefix));
}
