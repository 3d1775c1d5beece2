"""Makes this folder's data with Hugging Face's own tokenizers; run here, with the folder of kjv-opt as argument. See README.md."""
import gzip, json, os, random, shutil, sys, tempfile, unicodedata, zlib
import tokenizers, transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

KJV = sys.argv[1]
R = random.Random(4)
ARTICLE = """All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience.
Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de conscience.
Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt.
Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью.
Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.
يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد وهبوا عقلا وضميرا وعليهم أن يعامل بعضهم بعضا بروح الإخاء.
כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון.
सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।
人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神互相对待。
すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。
모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.
มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ
int main(void) {\n\tfor (int i = 0; i < 100; i++)\r\n\t\tprintf("%d  %s\\n", i, "x");   // don't, we'll, they've, I'm, he'd, you're
👩‍👩‍👧‍👦 😀😀😀 👍🏽 🇫🇷🇩🇪 ❤️ ☕️ 1️⃣ naïve café ½ ² ٣ ४ Ⅷ 十 1,234.5e-6 __init__ snake_case camelCase
""" * 40
ADDED = [AddedToken("<mask>", lstrip=True, special=True, normalized=False),
         AddedToken("<r>", rstrip=True, normalized=True), AddedToken("<both>", lstrip=True, rstrip=True, normalized=False),
         AddedToken("word", single_word=True, normalized=True), AddedToken("_id", single_word=True, lstrip=True, normalized=True),
         AddedToken("<|x|>", special=True, normalized=False), AddedToken("<|x|>y", normalized=False),
         AddedToken("<|x", normalized=True), AddedToken(" \n", normalized=True), AddedToken("é", normalized=False),
         AddedToken("世界", normalized=True), AddedToken("👩‍👧", single_word=True, rstrip=True, normalized=False),
         AddedToken("|>q", normalized=False), AddedToken("ord", normalized=True)]  # both begin within another
SPECIALS = ["<s>", "<pad>", "</s>", "<unk>"]


def train():
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    text = ARTICLE + open(KJV + "/calibration.txt", encoding="utf-8").read()
    t.train_from_iterator([text], trainers.BpeTrainer(vocab_size=2000, special_tokens=SPECIALS, show_progress=False,
                                                      initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    t.add_tokens(ADDED)
    t.post_processor = processors.TemplateProcessing(single="</s> $A", pair="</s> $A </s> $B",
                                                     special_tokens=[("</s>", 2)])
    return t


def assigned(c):  # since Unicode 14 or longer, so that a JDK of any age from 19 on knows it
    return unicodedata.category(chr(c)) not in ("Cn", "Cs")


def classes():
    """Each code point's class in the pattern: of ByteLevel's own split, and U for what is unassigned."""
    split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    unassigned = pre_tokenizers.Split(Regex(r"\p{Cn}"), "removed")
    runs = []
    for c in range(0x110000):
        if 0xD800 <= c < 0xE000:
            continue
        kind = next((k for k, with_ in (("L", "é"), ("N", "1"), ("O", "!"))
                     if len(split.pre_tokenize_str(with_ + chr(c))) == 1), "S")
        if kind == "O" and not unassigned.pre_tokenize_str(chr(c)):
            kind = "U"
        if runs and runs[-1][2] == kind and runs[-1][1] == c - 1:
            runs[-1][1] = c
        else:
            runs.append([c, c, kind])
    return runs


def words(t):
    """Runs of code points that count as part of a word beside a token with single_word."""
    runs = []
    for c in range(0x110000):
        if not 0xD800 <= c < 0xE000 and t.token_to_id("word") not in t.encode("word" + chr(c)).ids:
            if runs and runs[-1][1] == c - 1:
                runs[-1][1] = c
            else:
                runs.append([c, c])
    return runs


def pairs():
    """Any two bytes make a token: a text's ids tell where it was split."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [(a, b) for a in alphabet for b in alphabet]
    t = Tokenizer(models.BPE(vocab={v: i for i, v in enumerate(alphabet + [a + b for a, b in merges])}, merges=merges))
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return t


def pools(runs):
    span = lambda *ab: [chr(c) for a, b in ab for c in range(a, b + 1) if assigned(c)]
    return {
        "ascii": span((0x20, 0x7e)), "letters": list("abcdefghijklmnopqrstuvwxyzABCXYZ"), "digits": list("0123456789"),
        "controls": span((0, 0x1f), (0x7f, 0x9f)), "latin": span((0xa0, 0x24f)),
        "greek": span((0x370, 0x52f)), "rtl": span((0x590, 0x6ff), (0x700, 0x74f), (0x10800, 0x1085f)),
        "indic": span((0x900, 0xdff)), "asia": span((0xe00, 0xfff), (0x1780, 0x18af)),
        "cjk": span((0x3000, 0x30ff), (0x4e00, 0x4f00), (0x20000, 0x20040)), "hangul": span((0x1100, 0x1140), (0xac00, 0xad00)),
        "marks": span((0x300, 0x36f), (0x20d0, 0x20f0), (0xfe00, 0xfe0f)),
        "emoji": span((0x1f300, 0x1f64f), (0x2600, 0x26ff)) + ["\u200d", "\ufe0f", "🏽", "👩", "👨", "👧"] * 20,
        "spaces": [chr(c) for a, b, k in runs if k == "S" for c in range(a, b + 1)] + [" ", "\n"] * 8
        + ["\x1c", "\x1f", "\u180e", "\u200b", "\ufeff"],
        "numbers": [chr(c) for a, b, k in runs if k == "N" for c in range(a, b + 1) if assigned(c)],
        "odd": ["\0", "\ufffd", "\ufffe", "\uffff", "\U0001ffff", "\U0010ffff", "\ue000", "\U000f0000", "\u061c", "\u202e", "\u200c"],
        "quotes": ["'", "'", "’", "'s", "'S", "'re", "'RE", "'ve", "'ll", "'lL", "'d", "'m", "'t", "''"],
    }


def texts(runs):
    p = pools(runs)
    out = ["", " ", "  ", "\n", "\n\n", " \n", "\n ", "a", "a ", "a  ", " a", "  a", "   a", "a   b", "a \n b", "\t\ta", "'", "''s", "'s", " 's"]
    for c in ["s", "t", "re", "ve", "m", "ll", "d", "S", "T", "RE", "VE", "M", "LL", "D", "r", "v", "l", "Re", "ſ", "x", ""]:
        out += [f"x'{c}", f"x'{c}y", f"x '{c}", f"1'{c}1", f"!'{c}!", f"'{c}'{c}", f"x’{c}", f"x\n'{c} '"]
    for w in dict.fromkeys(p["spaces"]):
        out += [w, w + w, f"a{w}b", f"a{w}{w}b", f"a{w} b", f"a {w}b", f"a{w}1{w}!{w}", f"{w} {w}\n{w}a"]
    edges = [chr(c) for a, b, k in runs if k != "U" for c in sorted({a, b}) if assigned(c)]
    out += ["".join(f"a{c}1{c} {c}!{c}" for c in edges[i:i + 12]) for i in range(0, len(edges), 12)]
    names = list(p)
    for _ in range(1000):
        some = R.sample(names, R.randint(1, 4)) + ["spaces"]
        out.append("".join(R.choice(p[R.choice(some)]) for _ in range(R.randint(1, 40))))
    bits = [t.content for t in ADDED] + SPECIALS + [" ", "  ", "\n", "\t", "\u00a0", "a", "word", "words", "_", "1", "\u0301", "<", "<|", "|>", "y", "q", "s", "é", "!", "Ⅷ", "Ⓐ", "\u0345", "\u20dd", "\u203f", "٣", "½", "\u200d"]
    for _ in range(700):
        out.append("".join(R.choice(bits) for _ in range(R.randint(1, 12))))
    prose = open(KJV + "/held-out.txt", encoding="utf-8").read()
    for source, count in ((prose, 100), (ARTICLE, 200)):
        for _ in range(count):
            at = R.randrange(len(source) - 200)
            out.append(source[at:at + R.randint(1, 150)])
    return list(dict.fromkeys(out))


LONG = [["a", 1000000], [" ", 1000000], ["😀", 250000], ["\n", 300000], ["ab", 200000], ["1", 100000], ["é\u0301", 100000], ["世界", 100000],
        ["don't ", 50000], [" \u00a0", 50000], ["<mask> ", 20000], ["<|x", 20000], ["'", 100000], ["\0", 100000], ["the LORD ", 20000]]
VARIANTS = {  # edits of the mixed tokenizer.json; each place is a path into it
    "prefix space": [[["pre_tokenizer", "add_prefix_space"], True]],
    "no pattern": [[["pre_tokenizer", "use_regex"], False]],
    "whole first": [[["model", "ignore_merges"], True], [["model", "merges"], []]],
    "bytes missing": "drop", "bytes missing, unknown fused": "fuse",
    "merges as lines": "lines", "unknown": "unk", "roberta": [[["post_processor"], {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0],
                                                                  "trim_offsets": True, "add_prefix_space": False}]],
    "sequence": [[["post_processor"], {"type": "Sequence", "processors": [
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
        {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"SpecialToken": {"id": "x", "type_id": 0}},
                                                  {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
         "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
         "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}, "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]},
                            "x": {"id": "x", "ids": [5, 6], "tokens": ["a", "b"]}}}]}]],
}


def variant(base, edits):
    if isinstance(edits, str):
        model = base["model"]
        if edits == "lines":
            return [[["model", "merges"], [" ".join(m) for m in model["merges"]]]]
        if edits == "unk":
            model = {"vocab": {c: i for i, c in enumerate(sorted(set("abcdefghĠĊ<") | set(SPECIALS)))}, "merges": []}
        gone = sorted(c for c in pre_tokenizers.ByteLevel.alphabet() if c in "z!Ā©¸")
        kept = [t for t in sorted(model["vocab"], key=model["vocab"].get) if not any(c in t for c in gone)]
        merges = [m for m in model["merges"] if not any(c in m[0] + m[1] for c in gone)]
        at = {t: i for i, t in enumerate(kept)}
        added = [dict(t, id=at.setdefault(t["content"], len(at))) for t in base["added_tokens"]]
        result = [[["model", "vocab"], {t: i for i, t in enumerate(kept)}], [["model", "merges"], merges], [["added_tokens"], added]]
        if edits != "drop":
            result.append([["model", "unk_token"], "<unk>"])
        if edits == "fuse":
            result.append([["model", "fuse_unk"], True])
        return result
    return edits


def edit(base, edits):
    copy = json.loads(json.dumps(base))
    for path, value in edits:
        node = copy
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = value
    return copy


def ids(t, text, add=True):
    return t.encode(text, add_special_tokens=add).ids


def summary(list_):
    return [len(list_), zlib.crc32(b"".join(i.to_bytes(4, "little") for i in list_))]


def write(name, value):
    data = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()
    with open(name, "wb") as f:
        f.write(gzip.compress(data, 9, mtime=0) if name.endswith(".gz") else data)


def main():
    print(tokenizers.__version__, transformers.__version__, unicodedata.unidata_version)
    runs = classes()
    write("classes.json.gz", runs)
    mixed = train()
    for folder in ("mixed", "mixed-vocab", "mixed-older"):
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
    mixed.save("mixed/tokenizer.json", pretty=False)
    base = json.load(open("mixed/tokenizer.json", encoding="utf-8"))
    config = {"add_bos_token": True, "add_prefix_space": False, "bos_token": "</s>", "eos_token": "</s>", "unk_token": "</s>",
              "pad_token": "<pad>", "tokenizer_class": "GPT2Tokenizer", "errors": "replace"}
    decoder = {str(t["id"]): {k: v for k, v in t.items() if k != "id"} for t in base["added_tokens"]}
    for folder in ("mixed-vocab", "mixed-older"):
        write(folder + "/vocab.json", base["model"]["vocab"])
        with open(folder + "/merges.txt", "w", encoding="utf-8", newline="") as f:
            end = "\n" if folder == "mixed-vocab" else "\r\n"
            f.write("#version: 0.2" + end + "".join(" ".join(m) + end for m in base["model"]["merges"]))
    write("mixed-vocab/tokenizer_config.json", dict(config, added_tokens_decoder=decoder))
    write("mixed-older/tokenizer_config.json", dict(config, add_prefix_space=True, bos_token=None))
    write("mixed-older/special_tokens_map.json", {
        "bos_token": {"content": "</s>", "lstrip": False, "normalized": True, "rstrip": True, "single_word": False}, "pad_token": "<pad>",
        "unk_token": "<unk>", "mask_token": "<|x|>", "additional_special_tokens": ["<s>"]})
    write("mixed-older/added_tokens.json", {t["content"]: t["id"] for t in base["added_tokens"] if t["id"] >= 2000})

    kjv = Tokenizer.from_file(KJV + "/tokenizer.json")
    corpus = texts(runs)
    vocab_form = transformers.GPT2Tokenizer.from_pretrained("mixed-vocab")
    older_form = transformers.GPT2Tokenizer.from_pretrained("mixed-older")
    for text in corpus:
        assert vocab_form(text)["input_ids"] == ids(mixed, text), text
    split = pairs()
    write("corpus.json.gz", [[text, ids(kjv, text), ids(mixed, text), summary(ids(split, text))[1]] for text in corpus])
    write("words.json.gz", words(mixed))
    write("older.json.gz", [[text, older_form(text)["input_ids"]] for text in corpus[::3]])
    write("long.json", [[unit, times, summary(ids(kjv, unit * times)), summary(ids(mixed, unit * times))] for unit, times in LONG])
    result = {}
    for name, edits in VARIANTS.items():
        edits = variant(base, edits)
        t = Tokenizer.from_str(json.dumps(edit(base, edits)))
        result[name] = {"edits": edits, "texts": [[text, ids(t, text), ids(t, text, False)] for text in R.sample(corpus, 150)]}
    write("variants.json.gz", result)
    sequences = []
    for name, t in (("kjv", kjv), ("mixed", mixed)):
        for _ in range(400):
            list_ = [R.randrange(t.get_vocab_size() if R.random() < .3 else 260) for _ in range(R.randint(0, 30))]
            sequences.append([name, list_, t.decode(list_, skip_special_tokens=False)])
    write("decoded.json.gz", sequences)
    print(len(corpus), "texts")


main()
