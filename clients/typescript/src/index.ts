/** The TeSLA institution API: openapi-fetch with the types of its schema, and one name for the institution's id. */

import createFetchClient, { defaultPathSerializer, type Client as FetchClient, type Middleware } from "openapi-fetch";

import type { components, paths } from "./schema.js";

/** Bodies and answers by the names of the schema: `Schemas["InstitutionCourse"]`. */
export type Schemas = components["schemas"];
export type Client = FetchClient<Paths>;

type Names<Path> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
/** On each branch of the tree the same id has another name: parent_lookup_vle__institution_id and so on. */
type LongName = Extract<Names<keyof paths>, `parent_lookup_${string}institution_id`>;
const LONG_NAME = /\{(parent_lookup_(?:\w+__)?institution_id)\}/;

type Renamed<Ids> = { [Name in keyof Ids as Name extends LongName ? "institution_id" : Name]: Ids[Name] };
type RenamedIn<Parameters> = { [Kind in keyof Parameters]: Kind extends "path" ? Renamed<Parameters[Kind]> : Parameters[Kind] };
type Operation<Described> = {
  [Part in keyof Described]: Part extends "parameters" ? RenamedIn<Described[Part]> : Described[Part];
};
/** The paths of the schema, where the institution's id is `institution_id` in all of them. */
export type Paths = { [Path in keyof paths]: { [Method in keyof paths[Path]]: Operation<paths[Path][Method]> } };

export interface Options {
  /** Where the service is, without a path: https://trust.example.org */
  baseUrl: string;
  /** The access token, or what gives the present one: it is asked before each request. */
  token?: string | (() => string | undefined | Promise<string | undefined>);
  /** In place of the browser's, for tests. */
  fetch?: (request: Request) => Promise<Response>;
}

export function createClient({ baseUrl, token, fetch }: Options): Client {
  const client = createFetchClient<Paths>({ baseUrl, pathSerializer, ...(fetch && { fetch }) });
  if (token !== undefined) client.use(authorization(token));
  return client;
}

function pathSerializer(path: string, { institution_id: institution, ...ids }: Record<string, unknown>): string {
  const name = LONG_NAME.exec(path)?.[1] ?? "institution_id";
  return defaultPathSerializer(path, institution === undefined ? ids : { ...ids, [name]: institution });
}

function authorization(token: NonNullable<Options["token"]>): Middleware {
  return {
    async onRequest({ request }) {
      const present = typeof token === "string" ? token : await token();
      if (present !== undefined) request.headers.set("Authorization", `Bearer ${present}`);
      return request;
    },
  };
}
