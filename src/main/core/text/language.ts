/** Which script and language a text is in, told only on clear evidence. */

/** ISO 639-1 code of the language, or undefined when the text is too short, mixed or unknown. */
export function detectLanguage(text: string): Language | undefined {
  const words = text.toLowerCase().match(/[\p{L}\p{M}'’]+/gu) ?? [];
  const scores = Object.entries(functionWords)
    .map(([language, list]) => ({
      language: language as Language,
      hits: words.filter((word) => list.has(word)).length,
    }))
    .sort((a, b) => b.hits - a.hits);
  const [best, second] = scores;
  if (!best || !second) return undefined;
  const clear = best.hits >= 3 && best.hits >= words.length * 0.15 && best.hits >= second.hits * 1.5;
  return clear ? best.language : undefined;
}

/** Share of each script among the letters of a text; Japanese and Korean writing count as one script each. */
export function scriptShares(text: string): { readonly letters: number; readonly shares: ReadonlyMap<Script, number> } {
  const counts = new Map<Script, number>();
  let letters = 0;
  for (const { script, pattern } of scripts) {
    const found = text.match(pattern)?.length ?? 0;
    letters += found;
    if (found > 0) counts.set(script, found);
  }
  const kana = counts.get('Kana') ?? 0;
  // Kanji in a text with kana is Japanese writing, not Chinese.
  if (kana > 0 && kana * 12 > (counts.get('Han') ?? 0)) move(counts, 'Han', 'Kana');
  const shares = new Map([...counts].map(([script, count]) => [script, count / letters]));
  return { letters, shares };
}

/** The script of most letters, when there is one. */
export function dominantScript(text: string): Script | undefined {
  const { shares } = scriptShares(text);
  return [...shares].find(([, share]) => share > 0.5)?.[0];
}

/** Which of the two ways to write Chinese a text keeps to; undefined when it shows neither or both. */
export function chineseVariant(text: string): 'simplified' | 'traditional' | undefined {
  const simplified = text.match(simplifiedOnly)?.length ?? 0;
  const traditional = text.match(traditionalOnly)?.length ?? 0;
  if (simplified >= 3 && traditional * 10 <= simplified) return 'simplified';
  if (traditional >= 3 && simplified * 10 <= traditional) return 'traditional';
  return undefined;
}

/** The function words by which a person recognises English. */
export function isEnglishFunctionWord(word: string): boolean {
  return functionWords.en.has(word.toLowerCase());
}

const scriptNames = [
  'Latin',
  'Cyrillic',
  'Greek',
  'Hebrew',
  'Arabic',
  'Devanagari',
  'Bengali',
  'Tamil',
  'Thai',
  'Armenian',
  'Georgian',
  'Han',
  'Hangul',
] as const;
export type Script = (typeof scriptNames)[number] | 'Kana';

const scripts: readonly { readonly script: Script; readonly pattern: RegExp }[] = [
  ...scriptNames.map((script) => ({ script, pattern: new RegExp(`(?=\\p{L})\\p{Script=${script}}`, 'gu') })),
  { script: 'Kana', pattern: /[\p{Script=Hiragana}\p{Script=Katakana}]/gu },
];

function move(counts: Map<Script, number>, from: Script, to: Script): void {
  counts.set(to, (counts.get(to) ?? 0) + (counts.get(from) ?? 0));
  counts.delete(from);
}

const simplifiedOnly =
  /[们这个说国时会来对发过还进动经现开问实间关点业电应机长见们体让么头员师书话语请谢让认识听写读车门东边办报导简单练习较优级给约终纸红张处备复杂带帮归当录总]/gu;
const traditionalOnly =
  /[們這個說國時會來對發過還進動經現開問實間關點業電應機長見體讓麼頭員師書話語請謝認識聽寫讀車門東邊辦報導簡單練習較優級給約終紙紅張處備複雜帶幫歸當錄總]/gu;

const wordSet = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/** The commonest words of each language that few of the others have. */
const functionWords = {
  en: wordSet(
    "the and of to is in that it for you with this are was have on not be as at but they his her she he we i my your our their what which there when who will would can could should if do does did don't it's i'm from by an or has had were been about please thanks some any into than then these those its me us so just how all",
  ),
  de: wordSet(
    'der das und ist nicht ein eine einen einem einer ich sie wir ihr mit auf für von zu den dem des im ist sind haben hat wird werden auch als bei nach oder aber wenn wie noch nur kann über sich es bitte mir mich uns zum zur dass diese dieser dieses',
  ),
  fr: wordSet(
    "le la les et est une des du que qui dans pour pas vous nous je il elle ce cette ces avec sur au aux plus mais ou sont ont être avoir fait votre vos notre mon ma mes sa ses leur très bien merci comme tout c'est n'est j'ai d'un d'une qu'il à en y",
  ),
  es: wordSet(
    'el la los las y es en que por para con una un del se su lo al como más pero sus le ya este esta estos muy también nos fue son está están hay ser tiene gracias porque cuando donde usted mi si hola',
  ),
  pt: wordSet(
    'os e é em que por para com uma um da dos das não se sua seu na nas nos ao como mais mas foi são está estão também você nós muito obrigado obrigada isso este esta esse essa ou eu ele ela pelo pela já tem ser',
  ),
  it: wordSet(
    "il lo la gli le e è di che per con una un del della dei delle non si su al alla più ma sono ho hai ha abbiamo questo questa anche nel nella molto grazie perché quando mi ci da io noi lei essere c'è dell'",
  ),
  nl: wordSet(
    'de het een en van niet ik je jij u wij ze hij met voor op aan te zijn heeft hebben ook als maar om door bij naar uit kan wordt worden deze dit er nog wel graag mijn uw onze',
  ),
  sv: wordSet(
    'och att det är en ett som på för av med den inte jag du vi ni han om har var kan till från men eller detta denna mycket också när ska skulle blir mig dig oss tack hej',
  ),
  da: wordSet(
    'og det er en et som på for af med den ikke jeg du vi han hun om har var kan til fra men eller dette denne meget også når skal blev mig dig os tak hej være',
  ),
  pl: wordSet(
    'w nie na się że z jest jak o ale za od są był było czy tak dla przez proszę dziękuję jestem mamy może już tylko tym tego ten ta te które który ze mnie',
  ),
  cs: wordSet(
    'je v se na že s z ale jako za jsem jsou byl bylo k po pro tak když nebo už jen prosím děkuji máme může tento tato které který není od při',
  ),
  tr: wordSet(
    've bir da de için ile çok ne var mı mi olarak daha gibi ama kadar olan değil ben sen biz siz şu sonra lütfen teşekkürler şey göre',
  ),
  id: wordSet(
    'yang dan di ini itu dengan untuk tidak dari pada ke akan adalah saya anda kami kita mereka dia juga sudah bisa dalam atau karena ada oleh terima kasih lebih',
  ),
  vi: wordSet(
    'và của là có không được cho một các những trong này với tôi bạn chúng đã sẽ để người khi từ rất cũng như nhưng vì đến nếu cảm ơn',
  ),
  ro: wordSet(
    'și de la în cu nu este un pe din că pentru sunt mai ce se au fost al lui ale dar sau vă rog mulțumesc acest această noi',
  ),
  fi: wordSet('ja ei se että hän minä sinä oli ovat kun mutta tai myös kuin jos niin ole tämä joka mitä kiitos'),
  hu: wordSet('az és hogy nem egy van ez volt csak de meg már vagy mint kell én ki mi kérem köszönöm minden ezt azt'),
  ru: wordSet(
    'и в не на что я с он как это по но из у за то мы вы они она был была было для от так же все если пожалуйста спасибо который или мой уже еще ещё',
  ),
  uk: wordSet(
    'і в не на що я з він як це по але із у за та ми ви вони вона був була було для від так все якщо дякую який або мій вже ще є й до',
  ),
  ar: wordSet('في من على إلى أن هذا هذه لا ما مع عن التي الذي كان هو هي قد كل بعد ثم أو لم شكرا نحن أنا لقد إذا بين'),
  fa: wordSet('و در به از که این را با است برای آن می یک خود تا بر هم اما من ما شما نیست شد ها های کرد باید'),
} as const satisfies Record<string, ReadonlySet<string>>;

export type Language = keyof typeof functionWords;
