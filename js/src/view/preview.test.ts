import { expect, test } from "vitest";
import { matrixOf } from "./matrix";
import { imageAddress, imageType, separated } from "./preview";

test("a CSV file's cells, quoted or not", () => {
  const text = 'a,"b ""c"", d"\r\n1,"two\nlines"\n';
  expect(separated(text, ",")).toEqual([
    ["a", 'b "c", d'],
    ["1", "two\nlines"],
  ]);
  expect(separated("a\tb\n1", "\t")).toEqual([["a", "b"], ["1"]]);
});

test("images are told by their names", () => {
  expect(imageType("outputs/A.PNG")).toBe("image/png");
  expect(imageType("outputs/model.pkl")).toBeUndefined();
});

test("an SVG opened in a tab of its own has no rights of the page", () => {
  const svg = new TextEncoder().encode("<svg><script>é</script></svg>");
  const address = imageAddress("image/svg+xml", svg);
  expect(address).toBe("data:image/svg+xml,%3Csvg%3E%3Cscript%3E%C3%A9%3C%2Fscript%3E%3C%2Fsvg%3E");
  expect(imageAddress("image/png", svg)).toMatch(/^blob:/);
});

test("a confusion matrix is known by its parts", () => {
  const data = {
    class_labels: ["cat", "dog"],
    matrix: [
      [1, 2],
      [3, 4],
    ],
  };
  expect(matrixOf({ schema_type: "confusion_matrix", data })?.labels).toEqual(["cat", "dog"]);
  expect(matrixOf({ data: { matrix: "no" } })).toBeNull();
  expect(matrixOf(null)).toBeNull();
});
