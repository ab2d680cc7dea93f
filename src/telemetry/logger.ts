import {
  type Bindings,
  type ChildLoggerOptions,
  destination as openDestination,
  type DestinationStream,
  type LogFn,
  type Logger,
  pino,
} from 'pino';
import { presentTrace } from '../connector/trace.ts';
import { loggable, loggableEntry } from './loggable.ts';
import { lineRedactor } from './redact.ts';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Where log lines go: standard error, so that standard output belongs to answers, or the end of a file. */
export type LogDestination = 'stderr' | { readonly file: string };

/**
 * Opens the log: one JSON object a line, with the time in UTC. Nothing that passes through it may hold a secret or
 * a payload: objects are copied by {@link loggable}, and `secrets` (values) are taken out of every finished line.
 * Lines are written at once, so that the last ones before a crash are there.
 */
export function logger(options: {
  readonly level: LogLevel;
  readonly destination: LogDestination;
  readonly secrets: readonly string[];
}): Logger {
  const log = pino(
    {
      level: options.level,
      base: null,
      // What belongs to one change, or to one request, is found by its trace.
      mixin() {
        const trace = presentTrace();
        return trace === null ? {} : { trace };
      },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), log: loggableEntry },
      // What the formatter made of an error is not to be made into anything else.
      serializers: { err: (error: unknown) => error },
      hooks: {
        logMethod(args, method) {
          // An object in front meets the formatter; everything else is written into the message.
          const safe = args.map((arg, at) => (at === 0 && typeof arg === 'object' ? arg : loggable(arg)));
          method.apply(this, safe as Parameters<LogFn>);
        },
        streamWrite: lineRedactor(options.secrets),
      },
    },
    openStream(options.destination),
  );
  return withLoggableChildren(log);
}

/** Pino formats the bindings of its first logger only; a child is made here, and its children likewise. */
function withLoggableChildren(log: Logger): Logger {
  type MakeChild = (this: Logger, bindings: Bindings, options?: ChildLoggerOptions) => Logger;
  const original: MakeChild = Reflect.get(log, 'child');
  const child: MakeChild = function (bindings, options) {
    return original.call(this, loggableEntry(bindings), options);
  };
  return Object.assign(log, { child });
}

function openStream(destination: LogDestination): DestinationStream {
  if (destination === 'stderr') return openDestination({ fd: 2, sync: true });
  return openDestination({ dest: destination.file, mkdir: true, append: true, sync: true });
}
