// Stands for the web plugin: joins addresses, captures and repeats as the builds in the field do.
(async function () {
  "use strict";
  const element = document.querySelector("tesla-web-plugin");
  const session = await (await fetch(element.dataset.url)).json();
  const plugin = { session: session, queue: [], answers: [], texts: null };
  window.plugin = plugin;

  // Without a slash between the two. The window stays white until there are texts.
  const texts = (language) => fetch(session.base_url + "assets/i18n/" + language + ".json");
  let found = await texts(session.locale);
  if (!found.ok) {
    found = await texts("en");
  }
  plugin.texts = await found.json();
  element.textContent = plugin.texts.watching;

  function sample(data, instruments) {
    const mimetype = data.slice("data:".length, data.indexOf(";"));
    return {
      learner_id: session.learner.learner_id,
      course_id: session.activity.course.id,
      activity_id: session.activity.id,
      session_id: session.session_id,
      instruments: instruments,
      data: data,
      metadata: { mimetype: mimetype, filename: "clip\t1", created_at: new Date().toISOString(), context: {} },
    };
  }

  // A real camera's picture has grain, which makes a JPEG of some 60 kB of it: that of the browser's fake one is flat.
  function grained(context, width, height) {
    const image = context.getImageData(0, 0, width, height);
    for (let place = 0; place < image.data.length; place += 4) {
      const grain = Math.round(16 * Math.random() - 8);
      for (let colour = 0; colour < 3; colour++) {
        image.data[place + colour] += grain;
      }
    }
    context.putImageData(image, 0, 0);
  }

  async function picture() {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true });
    const video = document.createElement("video");
    video.srcObject = stream;
    await video.play();
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0);
    grained(context, canvas.width, canvas.height);
    stream.getTracks().forEach((track) => track.stop());
    return canvas.toDataURL("image/jpeg");
  }

  // As MediaRecorder makes it: a WebM with Opus, whose media type has a parameter.
  async function recording() {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const recorder = new MediaRecorder(stream, { mimeType: "audio/webm;codecs=opus" });
    const parts = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    const stopped = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    await new Promise((resolve) => setTimeout(resolve, 600));
    recorder.stop();
    await stopped;
    stream.getTracks().forEach((track) => track.stop());
    const reader = new FileReader();
    const read = new Promise((resolve) => (reader.onload = resolve));
    reader.readAsDataURL(new Blob(parts, { type: recorder.mimeType }));
    await read;
    return reader.result;
  }

  async function send(body) {
    const place = session.learner.institution_id + "/" + session.learner.learner_id + "/";
    const answer = await fetch(session.api_url + "/lapi/v1/verification/" + place, {
      method: "POST",
      headers: { Authorization: "JWT " + session.token.access_token, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    plugin.answers.push({ status: answer.status, body: await answer.json() });
    return answer.ok;
  }

  // Only the ten oldest are tried, and what is not answered 2xx stays.
  async function turn() {
    for (const body of plugin.queue.slice(0, 10)) {
      if (await send(body)) {
        plugin.queue.splice(plugin.queue.indexOf(body), 1);
      }
    }
  }

  // What is typed: the key, when it went down and for how long, in milliseconds.
  function keystrokes(letters) {
    const typed = letters.split("").map((letter, place) => ["Key" + letter.toUpperCase(), 130 * place, 70 + place]);
    return "data:text/plain;base64," + btoa(JSON.stringify(typed));
  }

  // What no repetition can mend: empty clips, and an instrument that the activity does not use (any more).
  for (let pair = 0; pair < 6; pair++) {
    plugin.queue.push(sample("data:video/webm;base64,", session.instruments));
    plugin.queue.push(sample("data:text/plain;base64,eA==", [987]));
  }
  for (let times = 0; times < 2; times++) {
    if (session.sensors.camera) {
      plugin.queue.push(sample(await picture(), session.sensors.camera));
    }
    if (session.sensors.microphone) {
      plugin.queue.push(sample(await recording(), session.sensors.microphone));
    }
    plugin.queue.push(sample(keystrokes("whatever one types " + times), session.sensors.keyboard));
  }
  plugin.queue.push(sample(keystrokes(""), session.sensors.keyboard));
  for (let times = 0; times < 3; times++) {
    await turn();
  }
  plugin.isDone = true;
})();
