// The search of a catalog that is a folder of files. Such a page may load nothing but scripts, so the index is scripts.
"use strict";
(() => {
  const field = document.getElementById("q");
  const results = document.getElementById("results");
  const total = document.getElementById("total");
  const more = document.getElementById("more");
  const PAGE = 50;

  // Each file of the index calls this with its name and its value.
  const waiting = new Map();
  const loaded = new Map();
  window.catalogData = (name, value) => waiting.get(name)?.(value);
  const load = (name) => {
    if (!loaded.has(name)) {
      loaded.set(name, new Promise((resolve, reject) => {
        waiting.set(name, resolve);
        const script = document.createElement("script");
        script.src = `search/${name}.js`;
        script.onerror = () => reject(new Error(`search/${name}.js`));
        document.head.append(script);
      }));
    }
    return loaded.get(name);
  };

  // The same rules as the program that wrote the index.
  const alone = /[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/gu;
  const words = (text) =>
    text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(alone, " $& ")
      .split(/[^\p{Alphabetic}\p{N}]+/u).filter(Boolean).map((word) => [...word].slice(0, 40).join(""));
  const shard = (word) => [...word].slice(0, 2).map((letter) => letter.codePointAt(0).toString(16)).join("-");

  // Documents of a segment with a word that begins like this: document to rank.
  const find = async (segment, names, word) => {
    const wanted = shard(word);
    const isShort = [...word].length === 1;
    const parts = names.filter((name) => name === wanted || (isShort && name.startsWith(`${wanted}-`)));
    const found = new Map();
    for (const part of await Promise.all(parts.map((name) => load(`words-${segment}-${name}`)))) {
      for (const [known, lists] of Object.entries(part)) {
        if (!known.startsWith(word)) continue;
        lists.forEach((gaps, isElsewhere) => {
          let document = 0;
          const rank = (isElsewhere ? 1 : 4) + (known === word ? 1 : 0);
          for (const gap of gaps) {
            document += gap;
            found.set(document, Math.max(found.get(document) ?? 0, rank));
          }
        });
      }
    }
    return found;
  };

  const matching = async (wanted) => {
    const { segments } = await load("index");
    const all = [];
    for (const [segment, names] of segments.entries()) {
      let found;
      for (const word of wanted) {
        const other = await find(segment, names, word);
        if (!found) found = other;
        else for (const [document, rank] of found) {
          if (other.has(document)) found.set(document, rank + other.get(document));
          else found.delete(document);
        }
      }
      all.push(...(found ?? []));
    }
    return all.sort((one, other) => other[1] - one[1] || one[0] - other[0]).map(([document]) => document);
  };

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  // Marks the words in a text, without ever reading it as HTML.
  const marked = (parent, text, wanted) => {
    const plain = [...text].map((letter) => words(letter).join("") || " ").join("");
    const simple = plain.length === [...text].length;
    let from = 0;
    const letters = [...text];
    if (simple) {
      for (let at = 0; at < letters.length; at += 1) {
        if (at > 0 && plain[at - 1] !== " ") continue;
        const word = wanted.filter((one) => plain.startsWith(one, at)).sort((one, other) => other.length - one.length)[0];
        if (!word) continue;
        parent.append(letters.slice(from, at).join(""), element("mark", "", letters.slice(at, at + word.length).join("")));
        from = at + word.length;
        at = from - 1;
      }
    }
    parent.append(letters.slice(from).join(""));
  };
  const show = async (documents, wanted) => {
    const { chunk } = await load("index");
    const rows = await Promise.all(documents.map(async (number) =>
      (await load(`documents-${Math.floor(number / chunk)}`))[number % chunk]));
    return rows.map(([name, place, text, file, owner, kind]) => {
      const row = element("li");
      const title = element("h2");
      const link = element("a");
      link.href = file;
      const label = element("bdi");
      marked(label, name, wanted);
      link.append(label);
      title.append(link);
      row.append(title);
      if (kind) row.append(" ", element("span", "badge note", kind));
      if (place) row.append(element("div", "where", place));
      if (text) {
        const shown = element("p", "text");
        shown.dir = "auto";
        marked(shown, text, wanted);
        row.append(shown);
      }
      if (owner) row.append(element("p", "meta", `${results.dataset.owner} ${owner}`));
      return row;
    });
  };

  let turn = 0;
  const search = async () => {
    turn += 1;
    const mine = turn;
    const wanted = words(field.value);
    try {
      const address = new URL(location.href);
      if (field.value.trim()) address.searchParams.set("q", field.value);
      else address.searchParams.delete("q");
      history.replaceState({}, "", address);
    } catch { /* Some browsers refuse this for files. The search works without it. */ }
    if (!wanted.length) {
      total.textContent = results.dataset.start;
      results.replaceChildren();
      more.hidden = true;
      return;
    }
    try {
      const documents = await matching(wanted);
      let shown = 0;
      const page = async () => {
        const rows = await show(documents.slice(shown, shown + PAGE), wanted);
        if (mine !== turn) return;
        if (shown === 0) results.replaceChildren();
        results.append(...rows);
        shown += rows.length;
        more.hidden = shown >= documents.length;
      };
      await page();
      if (mine !== turn) return;
      const [one, other] = results.dataset.found.split("|");
      const form = documents.length === 1 ? one : other;
      total.textContent = documents.length ? form.replace("{}", documents.length.toLocaleString("en")) : results.dataset.none;
      more.onclick = page;
    } catch (error) {
      total.textContent = String(error.message ?? error);
    }
  };
  let timer;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, 150);
  });
  field.form.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  field.value = new URLSearchParams(location.search).get("q") ?? field.value;
  search();
})();
