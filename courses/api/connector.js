(function (given) {
  "use strict";

  function append(parent, name, attributes) {
    var element = document.createElement(name);
    Object.keys(attributes).forEach(function (key) {
      element.setAttribute(key, attributes[key]);
    });
    parent.appendChild(element);
  }

  function start() {
    if (document.querySelector("tesla-web-plugin")) {
      return; // the page has this script twice
    }
    append(document.body, "tesla-web-plugin", { "data-url": given.data });
    append(document.head, "link", { rel: "stylesheet", href: given.plugin + ".css" });
    append(document.head, "script", { src: given.plugin + ".js" });
  }

  if (document.body) {
    start();
  } else {
    document.addEventListener("DOMContentLoaded", start);
  }
})
