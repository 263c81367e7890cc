/* Live progress of encodings: <… data-video-states="/…/states/"> around rows with data-video. */

const EVERY_MS = 3000;

function show(row, state) {
  row.querySelector("[data-state-text]").textContent = state.text;
  const bar = row.querySelector("progress");
  if (bar) {
    bar.hidden = !state.open;
    bar.value = state.percent;
  }
}

async function refresh(box, rows) {
  const query = rows.map((row) => `id=${encodeURIComponent(row.dataset.video)}`).join("&");
  const answer = await fetch(`${box.dataset.videoStates}?${query}`);
  if (!answer.ok) return rows;
  const { videos } = await answer.json();
  const open = [];
  for (const row of rows) {
    const state = videos[row.dataset.video];
    if (!state) continue;
    show(row, state);
    if (state.open) open.push(row);
    else location.reload(); // finished or failed: the page says more than the bar
  }
  return open;
}

for (const box of document.querySelectorAll("[data-video-states]")) {
  let rows = [...box.querySelectorAll("[data-video][data-open]")];
  const turn = async () => {
    if (!document.hidden && rows.length) {
      rows = await refresh(box, rows).catch(() => rows);
    }
    if (rows.length) setTimeout(turn, EVERY_MS);
  };
  if (rows.length) setTimeout(turn, EVERY_MS);
}
