(function (given) {
  "use strict";

  var told = {}; // addresses of files that were reported: one failure may be noticed in several ways

  function append(parent, name, attributes) {
    var element = document.createElement(name);
    Object.keys(attributes).forEach(function (key) {
      element.setAttribute(key, attributes[key]);
    });
    parent.appendChild(element);
  }

  // A file that is missing, or that the page's own policy forbids, would leave the exam unproctored without a word.
  function failed(url) {
    var folder = given.other.url;
    if (typeof url !== "string" || told[url]) {
      return;
    }
    var file = [given.script, given.style, given.translation].find(function (each) {
      return each.url === url;
    });
    // A build has not every language: it goes on with the one that is watched.
    if (!file && (url.indexOf(folder) !== 0 || url.indexOf(folder + "assets/i18n/") === 0)) {
      return;
    }
    told[url] = true;
    console.error("TeSLA: this file of the web plugin did not load: " + url);
    navigator.sendBeacon((file || given.other).failed, url.slice(folder.length).split(/[?#]/)[0]);
  }

  function watch() {
    // Scripts, styles, pictures and sounds in the page: these events do not bubble.
    window.addEventListener("error", function (event) {
      failed(event.target && (event.target.src || event.target.href));
    }, true);
    document.addEventListener("securitypolicyviolation", function (event) {
      if (event.disposition === "enforce") {
        failed(event.blockedURI);
      }
    });
    // What the plugin's own scripts read. The status is known where the page may read the answer.
    try {
      new PerformanceObserver(function (list) {
        list.getEntries().forEach(function (entry) {
          if (entry.responseStatus >= 400) {
            failed(entry.name);
          }
        });
      }).observe({ type: "resource", buffered: true });
    } catch (error) {
      // A browser that cannot tell; no reason to go without the plugin.
    }
  }

  function start() {
    if (document.querySelector("tesla-web-plugin")) {
      return; // the page has this script twice
    }
    watch();
    append(document.body, "tesla-web-plugin", { "data-url": given.data });
    append(document.head, "link", { rel: "stylesheet", href: given.style.url });
    append(document.head, "script", { src: given.script.url });
    // The plugin reads its texts itself, and without them lays an empty window over the exam.
    fetch(given.translation.url).then(function (answer) {
      if (!answer.ok) {
        failed(given.translation.url);
      }
    }, function () {
      failed(given.translation.url);
    });
  }

  if (document.body) {
    start();
  } else {
    document.addEventListener("DOMContentLoaded", start);
  }
})
