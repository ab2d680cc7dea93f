import { isEmpty, isRefusal, refuse, type Refusal } from './refusal.ts';
import { parsePath, type RecordPath, type Scope, valueAt } from './record-path.ts';

/** A text with `{path}` places in it. `{{` and `}}` stand for the braces themselves. */
export type Template = {
  readonly parts: readonly (string | RecordPath)[];
  readonly paths: readonly RecordPath[];
};

/** Parses a template, or says what is wrong with it and where in the text. */
export function parseTemplate(text: string): Template | { readonly mistake: string; readonly at: number } {
  const parts: (string | RecordPath)[] = [];
  const token = /\{\{|\}\}|\{([^{}]*)\}|[^{}]+|[{}]/g;
  for (const match of text.matchAll(token)) {
    const [whole, place] = match;
    if (place !== undefined) {
      const path = parsePath(place.trim());
      if (path === null)
        return { mistake: `has \`{${place}}\`, which does not hold the path of a field`, at: match.index };
      parts.push(path);
    } else if (whole === '{' || whole === '}') {
      return {
        mistake: `has a \`${whole}\` without its partner; write \`${whole}${whole}\` for the brace itself`,
        at: match.index,
      };
    } else parts.push(whole === '{{' || whole === '}}' ? whole.charAt(0) : whole);
  }
  const paths = parts.filter((part) => typeof part !== 'string');
  return paths.length > 0
    ? { parts, paths }
    : {
        mistake: text.includes('{{')
          ? 'has no `{field}` in it, because `{{` stands for a brace; write `{field}` with one'
          : 'has no `{field}` in it; use `value` for a fixed text',
        at: 0,
      };
}

/**
 * Fills a template. Values go in without spaces around them; where one is empty, the space that set it apart goes
 * with it. Null when every place is empty, so that a fixed text never stands alone.
 */
export function fillTemplate(template: Template, scope: Scope): string | null | Refusal {
  let text = '';
  let filled = false;
  let gap = false;
  for (const part of template.parts) {
    if (typeof part === 'string') {
      text += gap && (text === '' || /\s$/.test(text)) ? part.trimStart() : part;
      gap = false;
      continue;
    }
    const value = valueAt(part, scope);
    if (isRefusal(value)) return value;
    if (typeof value === 'object' && value !== null) {
      return refuse(
        'value_wrong_kind',
        `cannot be filled: \`${part.text}\` is ${Array.isArray(value) ? 'a list' : 'a group of fields'}`,
      );
    }
    const filling = isEmpty(value) ? '' : String(value).trim();
    gap = filling === '';
    filled ||= !gap;
    text += filling;
  }
  if (!filled) return null;
  return gap ? text.trimEnd() : text;
}
