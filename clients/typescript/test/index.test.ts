import assert from "node:assert/strict";
import { test } from "node:test";

import { createClient, type Client, type Schemas } from "../src/index.js";

const COURSES = "/api/v2/institution/{parent_lookup_vle__institution_id}/course/";
const REPORTS =
  "/api/v2/institution/{parent_lookup_activity__vle__institution_id}/course/{parent_lookup_activity__course_id}/activity/{parent_lookup_activity_id}/report/";

function recorded(token?: string | (() => string | undefined)): { client: Client; asked: Request[] } {
  const asked: Request[] = [];
  const fetch = async (request: Request) => {
    asked.push(request);
    return Response.json({ count: 0, next: null, previous: null, results: [] });
  };
  const options = { baseUrl: "https://trust.example.org", fetch };
  return { client: createClient(token === undefined ? options : { ...options, token }), asked };
}

test("the institution's id has one name on all branches", async () => {
  const { client, asked } = recorded();
  const reports = { institution_id: 1, parent_lookup_activity__course_id: 14, parent_lookup_activity_id: 21 };
  await client.GET(COURSES, { params: { path: { institution_id: 1 } } });
  await client.GET(REPORTS, { params: { path: reports, query: { level__gte: 3 } } });
  await client.GET("/api/v2/institution/{institution_id}/", { params: { path: { institution_id: 1 } } });
  await client.GET("/lapi/v1/profile/{institution_id}/{learner_id}/", {
    params: { path: { institution_id: 1, learner_id: "6f1c2a8e-4b1d-4c0e-9a57-2d3b8f1e0c44" } },
  });
  await client.GET("/api/v2/institution/");
  assert.deepEqual(
    asked.map((request) => request.url.replace("https://trust.example.org", "")),
    [
      "/api/v2/institution/1/course/",
      "/api/v2/institution/1/course/14/activity/21/report/?level__gte=3",
      "/api/v2/institution/1/",
      "/lapi/v1/profile/1/6f1c2a8e-4b1d-4c0e-9a57-2d3b8f1e0c44/",
      "/api/v2/institution/",
    ],
  );
});

test("a token is sent, and the present one is asked for each time", async () => {
  const present = ["one", "two", undefined];
  const { client, asked } = recorded(() => present.shift());
  for (let request = 0; request < 3; request++) await client.GET("/api/v2/auth/profile");
  assert.deepEqual(
    asked.map((request) => request.headers.get("Authorization")),
    ["Bearer one", "Bearer two", null],
  );
  const fixed = recorded("three");
  await fixed.client.GET("/api/v2/auth/profile");
  assert.equal(fixed.asked[0]?.headers.get("Authorization"), "Bearer three");
  const none = recorded();
  await none.client.GET("/api/v2/auth/profile");
  assert.equal(none.asked[0]?.headers.has("Authorization"), false);
});

test("answers and refusals are typed", async () => {
  const { client } = recorded();
  const { data, error } = await client.GET(COURSES, { params: { path: { institution_id: 1 } } });
  const courses: Schemas["InstitutionCourse"][] | undefined = data?.results;
  assert.deepEqual([courses, error], [[], undefined]);
});

/** What must not compile: the compiler fails where a line below is no error. */
export async function mistakes(client: Client): Promise<void> {
  // @ts-expect-error the institution is missing
  await client.GET(COURSES, { params: { path: {} } });
  // @ts-expect-error its long name is gone
  await client.GET(COURSES, { params: { path: { parent_lookup_vle__institution_id: 1 } } });
  // @ts-expect-error it is a number
  await client.GET(COURSES, { params: { path: { institution_id: "1" } } });
  // @ts-expect-error the course is missing
  await client.GET(REPORTS, { params: { path: { institution_id: 1, parent_lookup_activity_id: 21 } } });
  // @ts-expect-error nobody creates courses here
  await client.POST(COURSES, { params: { path: { institution_id: 1 } } });
  // @ts-expect-error a VLE has a name
  await client.POST("/api/v2/institution/{parent_lookup_institution_id}/vle/", { params: { path: { institution_id: 1 } }, body: { type: 0 } });
}
