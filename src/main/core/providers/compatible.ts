/** What is known about servers that speak the OpenAI wire format: which models chat, and which one to begin with. */

/** Names of models that do something other than chat. Lists give no such field, so the name decides. */
const otherPurposes: readonly RegExp[] = [
  /embed|(?:^|[/-])(?:bge|gte|e5|nomic|minilm|mxbai)-/i,
  /whisper|transcri|(?:^|[/-])asr|parakeet/i,
  /(?:^|[/-])tts|-tts|speech|voice|kokoro/i,
  /dall-e|image|diffusion|flux|sora|video/i,
  /moderation|guard(?:ian)?\d*(?:[-:]|$)|shieldgemma/i,
  /realtime|-audio|computer-use|(?:^|[/-])omni-/i,
  /rerank|(?:^|[/-])ranker|reward/i,
  /^(?:babbage|davinci)|-instruct-\d{4}$|^gpt-3\.5-turbo-instruct/i,
  /-codex|-search|deep-research|(?:^|[/-])o\d+-pro|^gpt-[\d.]+-pro/i,
  /(?:^|[/-])(?:ocr|clip|siglip)(?:[-:]|$)/i,
];

/** The models of a list that answer chat completions, in its order. */
export function chatModels(models: readonly string[]): readonly string[] {
  return models.filter((model) => !otherPurposes.some((pattern) => pattern.test(model)));
}

/** Families worth beginning with: quick and inexpensive. Within one, the highest version is taken. */
const preferred: readonly RegExp[] = [/^gpt-(\d+(?:\.\d+)?)-mini$/, /^gpt-(\d+(?:\.\d+)?)$/, /^gpt-(\d+)o-mini$/];

/** The model to use until the person chooses one. A local server's own order is kept: the first is usually loaded. */
export function firstChoice(models: readonly string[]): string | undefined {
  const chat = chatModels(models);
  for (const family of preferred) {
    const [newest] = chat
      .filter((model) => family.test(model))
      .sort((a, b) => versionIn(b, family) - versionIn(a, family));
    if (newest !== undefined) return newest;
  }
  return chat[0];
}

function versionIn(model: string, family: RegExp): number {
  return Number(family.exec(model)?.[1] ?? 0);
}
