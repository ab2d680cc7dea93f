import type { App } from './app.ts';

/** Requests under way get so long to be answered once the server closes; then they are cut. */
const graceMs = 1500;

/**
 * Lets requests be answered while the server closes: it takes no new connections, each answer is the last one on its
 * connection, and what hangs is cut when the time is over. Gives whether it closes.
 */
export function closeGently(app: App): () => boolean {
  let closing = false;
  let cut: NodeJS.Timeout | undefined;
  app.addHook('preClose', async () => {
    closing = true;
    cut = setTimeout(() => app.server.closeAllConnections(), graceMs);
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    // Kept alive, it would hold the server up until its time is over.
    if (closing) void reply.header('connection', 'close');
    done(null, payload);
  });
  app.addHook('onClose', async () => clearTimeout(cut));
  return () => closing;
}
