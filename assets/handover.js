// The pages work without this. It only spares a person a click here and a wait there.

// One of the menus in the header closes when something else is pressed, or Escape.
const menus = () => document.querySelectorAll("details.menu[open]");
document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A page on which nothing was found yet is one of many that are looked through: the next one comes by itself, and Back leads past them all.
const { goesOn } = document.querySelector("[data-goes-on]")?.dataset ?? {};
if (goesOn) location.replace(document.querySelector(`.pages a[rel=${goesOn}]`).href);

// What is there to be given to somebody is copied by a button, where the browser lets pages do that.
const show = (page) => {
  for (const button of page.querySelectorAll("[data-copies]")) button.hidden = !navigator.clipboard;
  for (const label of page.querySelectorAll("[data-ticks]")) label.hidden = false;
};
show(document);
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copies]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.done;
    if (told) told.textContent = button.dataset.done;
  } catch {
    // The browser said no; what is chosen is copied by hand.
    field.select();
  }
});

// All that a page lists are chosen by one tick, which goes as soon as one of them is not.
document.addEventListener("change", ({ target }) => {
  const all = target.form?.querySelector("[data-ticks] input");
  if (!all) return;
  const boxes = [...target.form.querySelectorAll("input[type=checkbox][name=item]")];
  if (target === all) for (const box of boxes) box.checked = all.checked;
  else all.checked = boxes.every((box) => box.checked);
});

// ---- what takes longer than a moment ----

const told = document.getElementById("told");

// Says it to those who listen, and beside what was pressed to those who look.
const say = (words, beside) => {
  if (!told) return;
  const note = document.createElement("span");
  note.className = "small quiet says";
  note.textContent = words;
  beside.after(" ", note);
  told.textContent = words;
  return note;
};

// A form that was sent says so, and is not sent twice by an impatient finger.
document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if ((submitter?.getAttribute("formmethod") ?? form.method) !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
  submitter?.classList.add("pressed");
  setTimeout(() => form.dataset.sent && say(told?.dataset.working, submitter ?? form), 1000);
});
// Back from the next page, a form may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.forms) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
  for (const button of document.querySelectorAll(".pressed")) button.classList.remove("pressed");
  for (const note of document.querySelectorAll(".says")) note.remove();
});

// What is put together before it is saved is asked for once, and says so: the page stays as it is meanwhile.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[download]");
  if (!link) return;
  if (link.hasAttribute("aria-busy")) return event.preventDefault();
  link.setAttribute("aria-busy", "true");
  const note = say(told?.dataset.saving, link);
  setTimeout(() => {
    link.removeAttribute("aria-busy");
    note?.remove();
  }, 5000);
});

// ---- what is new ----

// The parts of a page that show what may change, by their ids.
const main = document.querySelector("main[data-since]");
const parts = (page) => page.querySelectorAll("[data-live][id]");

// What a part says, without the numbers that its forms get anew each time.
const says = (part) => {
  const copy = part.cloneNode(true);
  for (const field of copy.querySelectorAll("input[name=once]")) field.removeAttribute("value");
  for (const part of copy.querySelectorAll("[data-copies], [data-ticks]")) part.remove();
  for (const button of copy.querySelectorAll("[formaction]")) {
    button.setAttribute("formaction", button.getAttribute("formaction").replace(/\bonce=[^&]*/, ""));
  }
  return copy.innerHTML;
};

// As they came, before anybody opened or typed anything.
const shown = new Map([...parts(document)].map((part) => [part.id, says(part)]));

const FIELDS = "input, select, textarea";
const isChanged = (field) => {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.type !== "select-one") return field.value !== field.defaultValue;
  const chosen = [...field.options].findIndex((option) => option.defaultSelected);
  return field.selectedIndex !== Math.max(chosen, 0);
};

// Whether somebody is at work in a part: it stays as it is then.
const isInUse = (part) =>
  part.contains(document.activeElement) ||
  part.contains(getSelection().isCollapsed ? null : getSelection().anchorNode) ||
  part.querySelector("details[open], [aria-busy]") !== null ||
  [...part.querySelectorAll(FIELDS)].some(isChanged);

// The page as it was fetched last.
let fresh;

const put = (part) => {
  const there = document.getElementById(part.id);
  const copy = document.importNode(part, true);
  show(copy);
  if (there) {
    if (isInUse(there)) return false;
    there.replaceChildren(...copy.childNodes);
  } else {
    const before = part.previousElementSibling?.id;
    if (!before || !shown.has(before)) return false;
    document.getElementById(before)?.after(copy);
  }
  shown.set(part.id, says(part));
  return true;
};

// While somebody reaches for something or scrolls, nothing moves under their finger: what has changed waits until they rest.
const REST = 700;
let movedAt = -REST;
let waiting;
for (const kind of ["pointermove", "pointerdown", "scroll"]) {
  document.addEventListener(kind, () => (movedAt = performance.now()), { capture: true, passive: true });
}

// Puts in place what has changed, as far as nobody is at work there; the rest waits until they are done.
const renew = () => {
  if (!fresh) return;
  const rest = movedAt + REST - performance.now();
  if (rest > 0) {
    clearTimeout(waiting);
    waiting = setTimeout(renew, rest);
    return;
  }
  const changed = [...parts(fresh)].filter((part) => says(part) !== shown.get(part.id));
  const names = changed.filter(put).map((part) => {
    const label = document.getElementById(part.getAttribute("aria-labelledby"));
    return (label ?? document.querySelector("h1")).textContent.trim();
  });
  for (const id of shown.keys()) {
    const part = document.getElementById(id);
    if (fresh.getElementById(id) || (part && isInUse(part))) continue;
    part?.remove();
    shown.delete(id);
  }
  document.title = fresh.title;
  if (names.length > 0) told.textContent = `${told.dataset.updated}: ${[...new Set(names)].join(", ")}`;
};
for (const kind of ["focusout", "change", "toggle"]) {
  document.addEventListener(kind, () => setTimeout(renew), true);
}

// The page is fetched as its person may see it now; an event tells nothing but that it is worth it.
let isOver = false;
let isFetching = false;
let again = false;
const look = async () => {
  again = true;
  if (isFetching || isOver) return;
  isFetching = true;
  try {
    while (again) {
      again = false;
      const answer = await fetch(location.href);
      // Signed out, or no longer theirs to see: that is said in its place, unless something typed would be lost.
      isOver = answer.redirected || [403, 404, 405].includes(answer.status);
      if (isOver) {
        leave();
        if (answer.status !== 405 && ![...document.querySelectorAll(FIELDS)].some(isChanged)) location.reload();
        return;
      }
      if (!answer.ok) return;
      fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      main.dataset.since = fresh.querySelector("main").dataset.since;
      renew();
    }
  } catch {
    // The network is away; when the stream is back, this is done again.
  } finally {
    isFetching = false;
  }
};

// Only a page that can be seen is told: a browser has few connections to a site.
const RETRY = 60_000;
let stream;
let retry = RETRY;
const leave = () => {
  stream?.close();
  stream = undefined;
};
const listen = () => {
  if (stream || isOver || document.hidden || !main || shown.size === 0) return;
  const asked = new URLSearchParams({ at: location.pathname, since: main.dataset.since });
  stream = new EventSource(`/live?${asked}`);
  let wasAway = false;
  stream.onopen = () => {
    retry = RETRY;
    if (wasAway) look();
    wasAway = false;
  };
  stream.onmessage = look;
  stream.onerror = () => {
    wasAway = true;
    // It comes back by itself, unless it was turned away: signed out, or too many pages are open. Then the page itself tells which.
    if (stream?.readyState !== EventSource.CLOSED) return;
    leave();
    look();
    setTimeout(listen, retry);
    retry *= 2;
  };
};
document.addEventListener("visibilitychange", () => (document.hidden ? leave() : listen()));
addEventListener("pagehide", leave);
addEventListener("pageshow", listen);
