/** Who is signed in, the activities of the own institution, and their reports with levels. */

import { createClient, type Client, type Schemas } from "../src/index.js";

const COURSES = "/api/v2/institution/{parent_lookup_vle__institution_id}/course/";
const ACTIVITIES = `${COURSES}{parent_lookup_course_id}/activity/` as const;
const REPORTS =
  "/api/v2/institution/{parent_lookup_activity__vle__institution_id}/course/{parent_lookup_activity__course_id}/activity/{parent_lookup_activity_id}/report/";
const LEVELS = ["pending", "no information", "ok", "warning", "alert"];
const MOST = 100; // rows of a list that are shown

function element<Type extends HTMLElement>(id: string, type: new () => Type): Type {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`#${id} is missing`);
  return found;
}

const signIn = element("signin", HTMLFormElement);
const problem = element("problem", HTMLElement);
const course = element("course", HTMLSelectElement);
const activity = element("activity", HTMLSelectElement);
const level = element("level", HTMLSelectElement);
const reports = element("reports", HTMLElement);

/** The answer, or an error that can be shown. */
function answered<Data>({ data, response }: { data?: Data; response: Response }): Data {
  if (data === undefined) throw new Error(`The service answers ${response.status}.`);
  return data;
}

function refusing(work: () => Promise<void>): () => void {
  return () => {
    problem.hidden = true;
    work().catch((error: unknown) => {
      problem.textContent = error instanceof TypeError ? "The service cannot be reached from this page: see CORS_ALLOWED_ORIGINS." : String(error);
      problem.hidden = false;
    });
  };
}

function choices(select: HTMLSelectElement, names: Map<number, string>): void {
  select.replaceChildren(...[...names].map(([id, name]) => new Option(name, String(id))));
}

async function show(client: Client, institution: number): Promise<void> {
  const page = { limit: MOST };
  const { results } = answered(
    await client.GET(COURSES, { params: { path: { institution_id: institution }, query: page } }),
  );
  choices(course, new Map(results.map((row) => [row.id, [row.code, row.start?.slice(0, 10)].filter(Boolean).join(", ")])));

  const showReports = async () => {
    reports.replaceChildren();
    if (!activity.value) return;
    const { results, count } = answered(
      await client.GET(REPORTS, {
        params: {
          path: {
            institution_id: institution,
            parent_lookup_activity__course_id: Number(course.value),
            parent_lookup_activity_id: Number(activity.value),
          },
          query: { ...page, ...(level.value && { level__gte: Number(level.value) }) },
        },
      }),
    );
    element("caption", HTMLElement).textContent = `${results.length} of ${count} reports`;
    reports.replaceChildren(...results.map(row));
  };
  const showActivities = async () => {
    const path = { institution_id: institution, parent_lookup_course_id: Number(course.value) };
    const { results } = answered(await client.GET(ACTIVITIES, { params: { path, query: page } }));
    choices(activity, new Map(results.map((row) => [row.id, row.name ?? row.vle_activity_id])));
    await showReports();
  };
  course.onchange = refusing(showActivities);
  activity.onchange = level.onchange = refusing(showReports);
  await showActivities();
}

/** Names come from elsewhere: they are put in as text, never as HTML. */
function row({ learner, ...levels }: Schemas["InstitutionCourseActivityReport"]): HTMLTableRowElement {
  const made = document.createElement("tr");
  made.insertCell().textContent = `${learner.first_name} ${learner.last_name} (${learner.uid})`;
  for (const value of [levels.identity_level, levels.content_level, levels.integrity_level]) {
    const cell = made.insertCell();
    cell.textContent = LEVELS[value] ?? String(value);
    cell.dataset["level"] = String(value);
  }
  return made;
}

signIn.onsubmit = (event) => {
  event.preventDefault();
  refusing(async () => {
    const { service, token } = Object.fromEntries(new FormData(signIn)) as Record<"service" | "token", string>;
    const client = createClient({ baseUrl: service.replace(/\/+$/, ""), token }); // in memory alone: gone with the page
    const profile = answered(await client.GET("/api/v2/auth/profile"));
    if (profile.institution === null) throw new Error("This account is in no institution.");
    element("person", HTMLElement).textContent = `${profile.full_name}, ${profile.institution.acronym}`;
    document.querySelector("main")!.hidden = false;
    await show(client, profile.institution.id);
  })();
};
