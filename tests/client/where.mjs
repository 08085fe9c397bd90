// Answers filters: a line of JSON in, {"text", "resources"}, and one out: what each resource
// gives, or the column and message of what is wrong.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { compile, WhereError } = await import(pathToFileURL(process.argv[2]).href);

for await (const line of createInterface({ input: process.stdin })) {
  const { text, properties, resources } = JSON.parse(line);
  let told;
  try {
    const filter = compile(text, properties);
    told = { matches: resources.map(filter) };
  } catch (error) {
    if (!(error instanceof WhereError)) throw error;
    told = { column: error.column, message: error.message };
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
