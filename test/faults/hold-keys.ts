/** Takes locks on keys, says which ones it got, and holds them until it is ended: `url connection key…`. */
import { openDatabase } from '../../src/store/database.ts';
import { openKeyLocks } from '../../src/store/key-lock.ts';

const [url = '', connection = '', ...keys] = process.argv.slice(2);
const database = openDatabase(url, { max: 1, onError: () => {} });
const held = await openKeyLocks(url, database, () => {}).take(connection, keys);
process.stdout.write(`${JSON.stringify([...held.keys])}\n`);
setInterval(() => {}, 60_000);
