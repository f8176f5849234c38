// For browsers that know no JavaScript modules: the page's own code does not run there. Written for old engines.
(function () {
  function show() {
    var boot = document.getElementById("mug-boot");
    if (!boot) return;
    boot.innerHTML =
      "<h1>This browser is too old for the study</h1>" +
      "<p>Please open this address in a current version of Chrome, Edge, Firefox or Safari, " +
      "or tell the person who runs the study.</p>";
    document.body.setAttribute("data-mug-phase", "error");
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", show);
  else show();
})();
