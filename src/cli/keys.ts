import { randomBytes } from 'node:crypto';
import { problem } from '../errors/catalogue.ts';
import { CausewayError } from '../errors/error.ts';
import { freshKey, scopes } from '../http/api-key.ts';
import { isUsable } from '../http/access.ts';
import { parseDuration } from '../mapping/duration.ts';
import { addApiKey, type ApiKey, listApiKeys, revokeApiKey } from '../store/api-key.ts';
import { type ExitCode, type GlobalOptions, inSession, print, reportError } from './session.ts';
import { userName } from './user-name.ts';

export type CreateOptions = GlobalOptions & {
  scope: string[];
  expires?: string | undefined;
  by?: string | undefined;
};

/** `causeway keys create NAME --scope …`: makes an API key, and shows it once. */
export async function create(name: string, options: CreateOptions): Promise<ExitCode> {
  const seconds = options.expires === undefined ? null : parseDuration(options.expires);
  const odd = options.scope.filter((scope) => !scopes.some((known) => known === scope));
  const wrong = [
    ...odd.map((scope) => `There is no scope \`${scope}\`; there are ${scopes.join(', ')}.`),
    ...(options.expires !== undefined && (seconds === null || seconds === 0)
      ? [`\`--expires ${options.expires}\` is no duration such as 90d or 12h.`]
      : []),
    ...(/^[^\p{C}]{1,80}$/u.test(name)
      ? []
      : ['The name of a key has 1 to 80 characters that can be printed.']),
  ];
  if (wrong.length > 0)
    return reportError(
      new CausewayError(wrong.map((sentence) => problem('usage', sentence))),
      options.json === true,
    );
  return inSession({ ...options, systems: 'closed' }, async ({ causeway: { context }, json }) => {
    const { id, text, hash } = freshKey(randomBytes);
    const expiresAt = seconds === null ? null : new Date(context.now().getTime() + seconds * 1000);
    const granted = [...new Set(options.scope)];
    const createdBy = options.by ?? userName() ?? 'somebody';
    await addApiKey(context.database, { id, name, hash, scopes: granted, createdBy, expiresAt });
    print(
      json,
      { id, name, scopes: granted, expiresAt, key: text },
      `${text}\n\nThis is shown once and kept nowhere. It may ${granted.join(' and ')}${expiresAt === null ? '' : ` until ${expiresAt.toISOString()}`}.\nSend it as: Authorization: Bearer ${text.slice(0, 15)}…\nFrom now on every request needs a key; \`causeway keys revoke ${id}\` ends this one.`,
    );
    return 0;
  });
}

/** `causeway keys list`: every key that was ever made, and whether it is in force. */
export async function list(options: GlobalOptions): Promise<ExitCode> {
  return inSession({ ...options, systems: 'closed' }, async ({ causeway: { context }, json }) => {
    const keys = (await listApiKeys(context.database)).map(({ hash: _hash, ...key }) => ({
      ...key,
      state: stateOf(key, context.now()),
    }));
    const lines = keys.map(
      ({ id, name, scopes: granted, state, createdAt, createdBy, expiresAt, usedAt }) =>
        `${id}  ${state}  ${granted.join(',')}  ${name}\n    made ${day(createdAt)} by ${createdBy}, ${expiresAt === null ? 'without an end' : `until ${day(expiresAt)}`}, ${usedAt === null ? 'never used' : `used ${usedAt.toISOString().slice(0, 16)}Z`}`,
    );
    const none =
      'There are no keys: the HTTP interface answers everybody on this machine, and nobody else. `causeway keys create` makes one.';
    print(json, { keys }, lines.length === 0 ? none : lines.join('\n'));
    return 0;
  });
}

const day = (at: Date): string => at.toISOString().slice(0, 10);

function stateOf(key: ApiKey, now: Date): 'in force' | 'revoked' | 'ended' {
  if (isUsable(key, now)) return 'in force';
  return key.revokedAt === null ? 'ended' : 'revoked';
}

/** `causeway keys revoke ID`: the key is refused within a few seconds, by every process. Exit code 1 when it was not in force. */
export async function revoke(id: string, options: GlobalOptions): Promise<ExitCode> {
  return inSession({ ...options, systems: 'closed' }, async ({ causeway: { context }, json }) => {
    const revoked = await revokeApiKey(context.database, id);
    print(
      json,
      { id, revoked },
      revoked
        ? `${id} is revoked; every process refuses it within a few seconds.`
        : `${id} is no key that could be revoked: see causeway keys list.`,
    );
    return revoked ? 0 : 1;
  });
}
