import { describe, expect, it } from "vitest";
import { RouteList } from "./route-list.ts";

function setup(): RouteList {
  const routes = new RouteList();
  const handler = (): void => undefined;
  routes.add({ method: "GET", url: "/things", handler });
  routes.add({ method: ["POST"], url: "/things", handler });
  routes.add({ method: "GET", url: "/things/:id", handler });
  return routes;
}

describe("RouteList", () => {
  it("knows which methods a path answers to", () => {
    const routes = setup();

    expect(routes.methodsOf("/things")).toEqual(["GET", "POST"]);
    expect(routes.methodsOf("/things/7")).toEqual(["GET"]);
    expect(routes.methodsOf("/things/7/parts")).toEqual([]);
  });
});
