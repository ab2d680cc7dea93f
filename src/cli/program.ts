import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { approve } from './approve.ts';
import { audit } from './audit.ts';
import { check } from './check.ts';
import { drop, redrive } from './clear-dead-letters.ts';
import { rewind, showCursors } from './cursor.ts';
import { show } from './dead-letter-story.ts';
import { listAll } from './dead-letters.ts';
import { explain } from './explain.ts';
import * as keys from './keys.ts';
import { schema } from './mapping-schema.ts';
import { test } from './mapping-test.ts';
import { lookup } from './lookup.ts';
import { pause, resume } from './pause.ts';
import { plan } from './plan.ts';
import { preview } from './preview.ts';
import { resync } from './resync.ts';
import { restored } from './restored.ts';
import * as sandbox from './sandbox.ts';
import type { ExitCode } from './session.ts';
import { start } from './start.ts';
import { status } from './status.ts';
import { sweep } from './sweep.ts';
import { sync } from './sync.ts';
import * as tasks from './tasks.ts';

const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text))
    throw new InvalidArgumentError('It must be a whole number from 1 to 9999999.');
  return Number(text);
}

const exitCodes = `
Exit codes: 0 good, 1 findings (something needs a person), 2 usage, 3 a system is not reachable.`;

/** Whatever the command line cannot be read by is a usage error. */
const leave = (error: { readonly exitCode: number }): never => process.exit(error.exitCode === 0 ? 0 : 2);

/** A command with the options that every command has. */
function command(name: string, description: string) {
  return new Command(name)
    .description(description)
    .option('--json', 'print one JSON object on standard output')
    .option('--config <file>', 'the configuration file (default: causeway.yaml, or CAUSEWAY_CONFIG)')
    .addHelpText('after', exitCodes)
    .exitOverride(leave)
    .showHelpAfterError('Run it with --help to see how it is used.');
}

const ending = async (work: Promise<ExitCode>): Promise<void> => {
  process.exitCode = await work;
};

/** The command line. Each command stands in a file of its own; this only names them. */
export function program(): Command {
  const causeway = new Command('causeway')
    .description('Carries records from a CRM to an ERP, and says of each where it stands.')
    .exitOverride(leave)
    .showHelpAfterError('Run it with --help to see how it is used.');
  causeway.addCommand(
    command('start', 'carry everything, then stay up on the schedule')
      .option('--once', 'end when all flows have caught up')
      .action((options) => ending(start(options))),
  );
  causeway.addCommand(
    command('sync', 'run one flow now')
      .argument('<flow>')
      .option('--once', 'wait for retries that are due later, too')
      .action((flow, options) => ending(sync(flow, options))),
  );
  causeway.addCommand(
    command('status', 'how the records of every flow stand').action((options) => ending(status(options))),
  );
  causeway.addCommand(
    command('check', 'is everything in order? writes nothing')
      .option('--online', 'ask every connection, and compare the mappings with what the systems describe')
      .action((options) => ending(check(options))),
  );
  causeway.addCommand(
    command('resync', 'send chosen records again, in their newest state')
      .argument('<flow>')
      .option('--id <id>', 'a source record; may be given several times', collect)
      .option('--where <expression>', 'those of which a condition is true, such as country == "DE"')
      .option(
        '--since <time>',
        'those that changed in the source since then: 2h, 2026-01-31, 2026-01-31T09:30:00Z',
      )
      .option('--changed', 'those that the present mapping would change: exactly those of a plan')
      .option('--all', 'every record that the source has shown')
      .option('--wait', 'send them now, and wait')
      .action((flow, options) => ending(resync(flow, options))),
  );
  causeway.addCommand(
    command('preview', 'what would become of one record, field by field; sends nothing')
      .argument('<flow>')
      .argument('<id>', 'the id in the source')
      .action((flow, id, options) => ending(preview(flow, id, options))),
  );
  causeway.addCommand(
    command('plan', 'what the present mapping would change, over all records; sends nothing')
      .argument('<flow>')
      .option('--live', 'compare with what the ERP holds now, instead of what was last delivered')
      .option('--sample <n>', 'show about so many records', wholeNumber, 10)
      .action((flow, options) => ending(plan(flow, options))),
  );
  causeway.addCommand(
    command('audit', 'compares the CRM, what was mirrored, the links and the ERP; sends nothing')
      .argument('<flow>')
      .option('--fix', 'queue what the normal path can mend; nothing is deleted')
      .option(
        '--since <time>',
        'only records that changed in the source since then: 2h, 2026-01-31, 2026-01-31T09:30:00Z',
      )
      .option('--sample <n>', 'show so many findings of each kind', wholeNumber, 10)
      .action((flow, options) => ending(audit(flow, options))),
  );
  causeway.addCommand(
    command('explain', 'the whole story of one record')
      .argument('<flow>')
      .argument('<id>', 'the id in the source')
      .option('--mapping', 'show the mapping file that made its last delivery, as it stood that day')
      .action((flow, id, options) => ending(explain(flow, id, options))),
  );
  causeway.addCommand(
    command('lookup', 'ask a lookup now, as a caller of the HTTP interface would')
      .argument('<name>', 'the name of a lookup')
      .argument(
        '<key>',
        'what it finds its record by: the id in the CRM, the id in the ERP, or a business key',
      )
      .action((name, key, options) => ending(lookup(name, key, options))),
  );
  causeway.addCommand(
    command('pause', 'send nothing to a connection, or by a flow, until it is resumed')
      .argument('<name>', 'a connection or a flow')
      .option('--reason <text>', 'why, for whoever asks')
      .action((name, options) => ending(pause(name, options))),
  );
  causeway.addCommand(
    command('resume', 'end a pause, whoever or whatever made it')
      .argument('<name>', 'a connection or a flow')
      .action((name, options) => ending(resume(name, options))),
  );
  causeway.addCommand(
    command('approve', 'let what a run stopped at go ahead: exactly what it counted, and no more')
      .argument('<run>', 'the run that stopped; status names it', wholeNumber)
      .option('--refuse', 'keep all of it in the ERP as it is, until it changes again')
      .option('--yes', 'do not ask')
      .action((run, options) => ending(approve(run, options))),
  );
  causeway.addCommand(
    command('sweep', 'list all ids of the source, to find records that were deleted without a trace')
      .argument('<flow>')
      .action((flow, options) => ending(sweep(flow, options))),
  );
  causeway.addCommand(taskCommands());
  causeway.addCommand(mappingCommands());
  causeway.addCommand(deadLetterCommands());
  const cursors = new Command('cursor').description('where reading resumes');
  cursors.addCommand(command('show', 'every cursor').action((options) => ending(showCursors(options))));
  cursors.addCommand(
    command('rewind', 'read a source again from an earlier time; what did not change is not sent')
      .argument('<connection>')
      .argument('<entity>')
      .option('--to <time>', 'from then on: 2h, 2026-01-31, 2026-01-31T09:30:00Z')
      .option('--to-start', 'from its beginning')
      .option('--yes', 'do not ask')
      .action((connection, entity, options) => ending(rewind(connection, entity, options))),
  );
  causeway.addCommand(cursors);
  causeway.addCommand(
    command('restored', 'after a backup was restored: read everything, and send every record once more')
      .option('--yes', 'do not ask')
      .action((options) => ending(restored(options))),
  );
  causeway.addCommand(keysCommands());
  causeway.addCommand(sandboxCommands());
  return causeway;
}

function mappingCommands(): Command {
  const mappings = new Command('mapping').description('what helps with writing mapping files');
  mappings.addCommand(
    command('test', 'run the cases of the test files; opens no database and asks no system')
      .argument('[flow]', 'one flow, with those under its `also`; all when it is left out')
      .option('--watch', 'run them again after every edit, until Ctrl-C')
      .action((flow, options) => ending(test(flow, options))),
  );
  mappings.addCommand(
    command('schema', 'write the JSON schemas that give an editor completion and help')
      .option('--out <folder>', 'where to (default: docs/schema beside causeway.yaml)')
      .action((options) => ending(schema(options))),
  );
  return mappings;
}

function deadLetterCommands(): Command {
  const letters = new Command('dead-letters').description('records that were put aside with their fault');
  letters.addCommand(
    command('list', 'what was put aside, by cause')
      .argument('[flow]')
      .option('--group <group>', 'the letters of one cause')
      .option('--limit <n>', 'at most so many letters for each flow', wholeNumber, 100)
      .action((flow, options) => ending(listAll(flow, options))),
  );
  letters.addCommand(
    command('show', 'one in full: the record, what was sent, what was answered, and what can be done')
      .argument('<flow>')
      .argument('<id>', 'the id in the source')
      .action((flow, id, options) => ending(show(flow, id, options))),
  );
  letters.addCommand(
    letterCommand('redrive', 'send them again, with the newest state and the mapping of today')
      .option(
        '--from-mirror',
        'send what is known of the records, without reading them again from the source',
      )
      .option('--wait', 'send them now, and wait')
      .action((flow, options) => ending(redrive(flow, options))),
  );
  letters.addCommand(
    letterCommand('drop', 'leave their records out until they change in the source; no system is asked')
      .option('--reason <text>', 'why they need not be in the ERP; kept in their history')
      .action((flow, options) => ending(drop(flow, options))),
  );
  return letters;
}

function taskCommands(): Command {
  const commands = new Command('tasks').description('what needs a person');
  commands.addCommand(
    command('list', 'the open tasks, oldest first')
      .argument('[flow]')
      .option('--limit <n>', 'at most so many', wholeNumber, 100)
      .action((flow, options) => ending(tasks.list(flow, options))),
  );
  commands.addCommand(
    command('done', 'mark tasks as done')
      .argument('<ids...>', 'the numbers that list shows')
      .option('--by <name>', 'who did them (default: the user of this machine)')
      .action((ids, options) => ending(tasks.done(ids, options))),
  );
  return commands;
}

function keysCommands(): Command {
  const commands = new Command('keys').description('who may use the HTTP interface, and for what');
  commands.addCommand(
    command('create', 'make an API key; it is shown once')
      .argument('<name>', 'what it is for, such as "shop"')
      .requiredOption('--scope <scope...>', 'what it may: read, operate, webhook')
      .option('--expires <duration>', 'when it ends: 90d, 12h (default: never)')
      .option('--by <name>', 'who makes it (default: the user of this machine)')
      .action((name, options) => ending(keys.create(name, options))),
  );
  commands.addCommand(
    command('list', 'every key that was made, and whether it is in force').action((options) =>
      ending(keys.list(options)),
    ),
  );
  commands.addCommand(
    command('revoke', 'refuse a key from now on')
      .argument('<id>', 'the ten characters that list shows')
      .action((id, options) => ending(keys.revoke(id, options))),
  );
  return commands;
}

/** A command over letters of one flow. What is given beside --id and --all must hold for each letter. */
function letterCommand(name: string, description: string) {
  return command(name, description)
    .argument('<flow>')
    .option('--id <id>', 'one of them; may be given several times', collect)
    .option('--group <group>', 'those of one cause')
    .option('--code <code>', 'those with this code')
    .option('--field <field>', 'those with this field at fault')
    .option('--where <expression>', 'those whose source record meets a condition, such as country == "DE"')
    .option('--older-than <duration>', 'those that were put aside longer ago: 2h, 30d')
    .option('--all', 'all of the flow')
    .option('--yes', 'do not ask');
}

function sandboxCommands(): Command {
  const commands = new Command('sandbox').description(
    'look into the stand-in systems of the quick start, and change them as a user would',
  );
  commands.addCommand(
    command('list', 'the records of an entity')
      .argument('<connection>')
      .argument('<entity>')
      .option('--limit <n>', 'at most so many', wholeNumber, 20)
      .action((connection, entity, options) => ending(sandbox.list(connection, entity, options))),
  );
  commands.addCommand(
    command('create', 'make a record: causeway sandbox create crm companies name="New & Co" city=Berlin')
      .argument('<connection>')
      .argument('<entity>')
      .argument('<values...>', 'field=value')
      .action((connection, entity, values, options) =>
        ending(sandbox.create(connection, entity, values, options)),
      ),
  );
  commands.addCommand(
    command('edit', 'change fields of a record: causeway sandbox edit crm companies 123 city=Berlin')
      .argument('<connection>')
      .argument('<entity>')
      .argument('<id>')
      .argument('<changes...>', 'field=value, with an empty value to clear')
      .action((connection, entity, id, changes, options) =>
        ending(sandbox.edit(connection, entity, id, changes, options)),
      ),
  );
  commands.addCommand(
    command('webhooks', 'have it call the HTTP interface with every change, as the vendor would')
      .argument('<connection>')
      .argument('[url]', 'where to (default: the server of this configuration)')
      .option('--off', 'send none any more')
      .action((connection, url, options) => ending(sandbox.webhooks(connection, url, options))),
  );
  commands.addCommand(
    command('misbehave', 'have it misbehave by the rules of its README, given as JSON; {} ends it')
      .argument('<connection>')
      .argument('<rules>')
      .action((connection, rules, options) => ending(sandbox.misbehave(connection, rules, options))),
  );
  commands.addCommand(
    command('serve', 'run the stand-ins of all connections until Ctrl-C, in a process of their own').action(
      (options) => ending(sandbox.serve(options)),
    ),
  );
  return commands;
}
