import type { ErrorCode } from '../errors/catalogue.ts';
import type { YamlPath } from './yaml.ts';

/** Takes down what is wrong with a mapping, and at which key or value; `within` counts into a text. */
export type Report = (
  code: ErrorCode,
  message: string,
  path: YamlPath,
  on?: 'key' | 'value',
  within?: number,
) => void;
