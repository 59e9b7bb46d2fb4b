import type { Plugin } from '../../src/shared/plugin-api.ts';
import { csvToMarkdown } from './csv.ts';
import { rewriteJson } from './json.ts';
import { dateToTimestamp, timestampToDate } from './time.ts';
import { jsonToYaml, yamlToJson } from './yaml.ts';

export const plugin: Plugin = {
  commands: {
    'json-format': (text) => rewriteJson(text, 'indented'),
    'json-minify': (text) => rewriteJson(text, 'minified'),
    'json-validate': validateJson,
    'json-to-yaml': jsonToYaml,
    'yaml-to-json': yamlToJson,
    'csv-to-markdown': csvToMarkdown,
    'timestamp-to-date': timestampToDate,
    'date-to-timestamp': dateToTimestamp,
  },
};

/** That it is none is an answer here, not a failure. */
function validateJson(text: string): string {
  try {
    return `Valid JSON, ${rewriteJson(text, 'minified').length} characters when minified.`;
  } catch (thrown) {
    return `Not valid JSON. ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
}
