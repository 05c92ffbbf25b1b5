// Tells what a mark of a chart, or a number in a heading, is. The page is whole without it.
const tip = document.getElementById("tip");
function tell(target, x, y) {
  const at = target instanceof Element ? target : document.body;
  const mark = at.closest("svg [aria-label]");
  const number = at.closest("data[data-query]");
  tip.hidden = !mark && !number;
  if (tip.hidden) return;
  tip.textContent = mark ? mark.getAttribute("aria-label") : number.dataset.query;
  tip.classList.toggle("query", !mark);
  const box = tip.getBoundingClientRect();
  const above = y - box.height - 12;
  tip.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - box.width - 8))}px`;
  tip.style.top = `${above < 8 ? y + 18 : above}px`;
}
for (const kind of ["pointermove", "pointerdown"])
  document.addEventListener(kind, (event) => tell(event.target, event.clientX, event.clientY));
document.addEventListener("focusin", (event) => {
  const box = event.target.getBoundingClientRect();
  tell(event.target, box.left, box.top);
});
document.addEventListener("focusout", () => { tip.hidden = true; });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("#definitions details")) one.open = true;
});
// Who chooses an inventory in one section means it in all.
document.addEventListener("change", (event) => {
  const chosen = /-inventory-i\d+$/.exec(event.target.id || "");
  if (chosen) for (const one of document.querySelectorAll(`[id$="${chosen[0]}"]`)) one.checked = true;
});
