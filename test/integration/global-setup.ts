import type { TestProject } from 'vitest/node';
import { startBoss } from '../../src/queue/boss.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { startServer } from './server.ts';

/** One real PostgreSQL for all integration tests, with a migrated template that each test file clones. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer();
  const templateDatabase = 'causeway_template';
  const url = new URL(server.url);
  const admin = openDatabase(url.href, { max: 1, onError: () => {} });
  await admin.query(`drop database if exists ${templateDatabase}`);
  await admin.query(`create database ${templateDatabase}`);
  await admin.end();
  url.pathname = `/${templateDatabase}`;
  const template = openDatabase(url.href, { max: 1, onError: () => {} });
  await migrate(template);
  await template.end();
  const boss = await startBoss(url.href, { onError: () => {}, superviseSeconds: 60 });
  await boss.stop({ graceful: false });
  project.provide('postgresUrl', server.url);
  project.provide('templateDatabase', templateDatabase);
  return () => server.stop();
}
