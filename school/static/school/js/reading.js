/* The thin line at the top of an article: how much of its body has been scrolled past. */

const line = document.querySelector("[data-reading-line] progress");
const article = document.querySelector("article.article");

if (line && article) {
  let waiting = false;
  const draw = () => {
    waiting = false;
    const box = article.getBoundingClientRect();
    const way = box.height - window.innerHeight;
    const share = way > 0 ? Math.min(Math.max(-box.top / way, 0), 1) : 1;
    line.value = Math.round(share * 1000);
  };
  const ask = () => {
    if (!waiting) {
      waiting = true;
      requestAnimationFrame(draw);
    }
  };
  addEventListener("scroll", ask, { passive: true });
  addEventListener("resize", ask, { passive: true });
  draw();
}
