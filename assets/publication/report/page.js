// Tells what a mark of a chart, or a number in a heading, is. The page is whole without it.
const tip = document.getElementById("tip");
document.addEventListener("pointermove", (event) => {
  const at = event.target instanceof Element ? event.target : document.body;
  const mark = at.closest("svg [aria-label]");
  const number = at.closest("data[data-query]");
  tip.hidden = !mark && !number;
  if (tip.hidden) return;
  tip.textContent = mark ? mark.getAttribute("aria-label") : number.dataset.query;
  tip.classList.toggle("query", !mark);
  const box = tip.getBoundingClientRect();
  const left = Math.min(event.clientX + 14, innerWidth - box.width - 8);
  const above = event.clientY - box.height - 12;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${above < 8 ? event.clientY + 18 : above}px`;
});
