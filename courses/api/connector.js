(function (given) {
  "use strict";

  function append(parent, name, attributes, onError) {
    var element = document.createElement(name);
    Object.keys(attributes).forEach(function (key) {
      element.setAttribute(key, attributes[key]);
    });
    if (onError) {
      element.addEventListener("error", onError);
    }
    parent.appendChild(element);
  }

  // A file that is missing, or that the page's own policy forbids, would leave the exam unproctored without a word.
  function failure(file) {
    return function () {
      console.error("TeSLA: this file of the web plugin did not load: " + file.url);
      navigator.sendBeacon(file.failed);
    };
  }

  function start() {
    if (document.querySelector("tesla-web-plugin")) {
      return; // the page has this script twice
    }
    append(document.body, "tesla-web-plugin", { "data-url": given.data });
    append(document.head, "link", { rel: "stylesheet", href: given.style.url }, failure(given.style));
    append(document.head, "script", { src: given.script.url }, failure(given.script));
    // The plugin reads its texts itself, and without them lays an empty window over the exam.
    fetch(given.translation.url).then(function (answer) {
      if (!answer.ok) {
        failure(given.translation)();
      }
    }, failure(given.translation));
  }

  if (document.body) {
    start();
  } else {
    document.addEventListener("DOMContentLoaded", start);
  }
})
