// The catalog's only script. Every page works without it: it searches while people type, copies keys, and shows times in
// the reader's time zone.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("has-script");

  // Times: the page has them in UTC; the exact value stays on hover.
  const formats = {
    date: { dateStyle: "medium" },
    time: { timeStyle: "short" },
    full: { dateStyle: "medium", timeStyle: "short" },
  };
  const showTimes = (within) => {
    for (const element of within.querySelectorAll("time[datetime][data-format]")) {
      const moment = new Date(element.dateTime);
      const format = formats[element.dataset.format];
      if (Number.isNaN(moment.getTime()) || !format) continue;
      element.textContent = new Intl.DateTimeFormat(undefined, format).format(moment);
    }
  };

  // Copies the text of the element that a button names.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const text = document.getElementById(button.dataset.copy).textContent.trim();
    const former = button.dataset.label ?? button.textContent;
    button.dataset.label = former;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = button.dataset.done;
    } catch {
      // Without permission, or without TLS: select it and copy the selection. If that fails, the keyboard can copy it.
      getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
      button.textContent = document.execCommand("copy") ? button.dataset.done : button.dataset.failed;
    }
    setTimeout(() => { button.textContent = former; }, 2000);
  });

  // "/" goes to the search field, as on many sites.
  const field = document.querySelector(".top form.find input[type=search]");
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey || !field) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  // Searches while people type: the server's own page replaces the content. The first change adds an entry to the
  // history, so that "back" returns to the page before the search; later changes replace it.
  const form = field?.form.matches("[data-live]") ? field.form : undefined;
  let running;
  let timer;
  let entered = false;
  const load = async (url) => {
    running?.abort();
    running = new AbortController();
    const main = document.querySelector("main");
    main.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { signal: running.signal, credentials: "same-origin", headers: { accept: "text/html" } });
      if (answer.redirected || !answer.headers.get("content-type")?.startsWith("text/html")) throw new Error("not a page");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("main");
      const open = main.querySelector(".facet-switch")?.checked;
      main.replaceChildren(...fresh.childNodes);
      if (open) main.querySelector(".facet-switch")?.setAttribute("checked", "");
      document.title = page.title;
      document.querySelector("nav.main")?.replaceChildren(...page.querySelector("nav.main").childNodes);
      showTimes(main);
      main.removeAttribute("aria-busy");
    } catch (error) {
      if (error.name === "AbortError") return;
      // The browser's own navigation shows what is wrong, such as a sign-in page.
      location.assign(url);
    }
  };
  const search = () => {
    const url = new URL(form.action);
    const isSearch = new URL(location.href).pathname === url.pathname;
    const kept = new URLSearchParams(isSearch ? location.search : "");
    kept.delete("cursor");
    if (field.value.trim()) kept.set("q", field.value);
    else kept.delete("q");
    url.search = kept.toString();
    if (url.href === location.href) return;
    if (entered || isSearch) history.replaceState({}, "", url);
    else history.pushState({}, "", url);
    entered = true;
    load(url);
  };
  form?.addEventListener("input", () => {
    clearTimeout(timer);
    if (!field.value.trim() && !entered) return;
    timer = setTimeout(search, 180);
  });
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    search();
  });
  addEventListener("popstate", () => location.reload());

  showTimes(document);
})();
