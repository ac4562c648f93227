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
